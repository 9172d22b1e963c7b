"""Whose turn it is: the Operador at the desk with the fewest operations En proceso, and how busy everybody is.

At the desk is who has a session in use within the house's ten minutes of inactivity. When nobody is, anybody is chosen:
an operation never waits for somebody to sign in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.tables import Operation, Session, User
from domain.operations import State
from domain.permissions import Role

IN_USE = timedelta(minutes=10)
_PRESENT = (
    select(Session.id)
    .where(Session.user_id == User.id, Session.ended_at.is_(None), Session.last_seen_at > func.now() - IN_USE)
    .exists()
)
_TURN = (
    select(User.id, User.full_name, _PRESENT, func.count(Operation.id))
    .outerjoin(Operation, (Operation.operator_id == User.id) & (Operation.state == State.EN_PROCESO))
    .where(User.role == Role.OPERADOR, User.status == "Activo")
    .group_by(User.id)
    .order_by(_PRESENT.desc(), func.count(Operation.id), User.id)
)
_NEXT = _TURN.limit(1)


@dataclass(frozen=True, kw_only=True)
class Seat:
    """One Operador: whether it is at the desk, and how many operations it has En proceso."""

    user_id: int
    name: str
    present: bool
    load: int


async def next_operator(session: AsyncSession) -> int | None:
    """The id of whose turn it is. The caller takes turns one at a time (F266)."""
    turn: int | None = await session.scalar(_NEXT)
    return turn


async def seats(session: AsyncSession) -> Sequence[Seat]:
    """Every active Operador, in the order of their turns."""
    found = await session.execute(_TURN)
    return [Seat(user_id=one, name=name, present=present, load=load) for one, name, present, load in found]
