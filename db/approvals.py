"""Four eyes: one person asks, another decides. What is asked is kept as it will be carried out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import cast, func, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from db import audit
from db.tables import Approval
from domain.approvals import ApprovalKind, ApprovalState
from domain.errors import Conflict, Forbidden, Missing
from domain.operations import Actor, FieldChange

# One asks at a time what may be asked once.
ONCE_LOCK = 7_307


async def ask(
    session: AsyncSession, kind: ApprovalKind, asked: dict[str, Any], *, words: str, reason: str, actor: Actor
) -> Approval:
    """Keep what a person wants, for another one to decide. `words` tell it in a line."""
    return await _keep(session, kind, asked, words=words, reason=reason, actor=actor)


async def ask_once(
    session: AsyncSession, kind: ApprovalKind, asked: dict[str, Any], *, words: str, reason: str, actor: Actor
) -> Approval:
    """The same for what makes sense once. Raises Conflict while it waits already, whoever asked it."""
    await session.execute(select(func.pg_advisory_xact_lock(ONCE_LOCK)))
    if await waiting(session, kind, [asked]):
        raise Conflict("APPROVAL_WAITING", "Ya está pedido: falta que otra persona lo decida.")
    return await _keep(session, kind, asked, words=words, reason=reason, actor=actor)


async def waiting(session: AsyncSession, kind: ApprovalKind, asked: Sequence[dict[str, Any]]) -> Sequence[Approval]:
    """What waits for a second person of these very things."""
    of_them = Approval.asked.in_([cast(one, JSONB) for one in asked])
    wanted = select(Approval).where(Approval.kind == kind, Approval.state == ApprovalState.PENDIENTE, of_them)
    return (await session.scalars(wanted)).all()


async def _keep(
    session: AsyncSession, kind: ApprovalKind, asked: dict[str, Any], *, words: str, reason: str, actor: Actor
) -> Approval:
    row = Approval(
        kind=kind,
        state=ApprovalState.PENDIENTE,
        words=words,
        reason=reason,
        asked=asked,
        requested_by=actor.id,
    )
    session.add(row)
    await session.flush()
    await session.refresh(row)
    audit.record(session, actor=actor, action="approvals.ask", entity="approval", entity_id=row.id, reason=words)
    return row


async def decide(
    session: AsyncSession, approval_id: int, *, approve: bool, words: str, actor: Actor, at: datetime
) -> Approval:
    """Say yes or no, once; whoever calls carries out a yes in the same transaction.

    Raises:
        Missing: there is no such request.
        Conflict: it was decided before.
        Forbidden: the same person asked it.
    """
    row = await by_id(session, approval_id, lock=True)
    if row.state is not ApprovalState.PENDIENTE:
        raise Conflict("APPROVAL_DECIDED", f"Esta solicitud ya está {row.state.lower()}.")
    if row.requested_by == actor.id:
        raise Forbidden("SAME_PERSON", "Decide otra persona: tú la pediste.")
    row.state = ApprovalState.APROBADA if approve else ApprovalState.NEGADA
    row.decided_by, row.decided_at, row.decision = actor.id, at, words
    change = FieldChange(field="state", before=ApprovalState.PENDIENTE, after=row.state)
    audit.record(
        session,
        actor=actor,
        action="approvals.decide",
        entity="approval",
        entity_id=row.id,
        changes=[change],
        reason=words,
    )
    return row


async def by_id(session: AsyncSession, approval_id: int, *, lock: bool = False) -> Approval:
    """One request. Raises Missing."""
    row = await session.get(Approval, approval_id, with_for_update=lock)
    if row is None:
        raise Missing("APPROVAL_UNKNOWN", "No existe esa solicitud.")
    return row


async def listed(session: AsyncSession, *, waiting: bool, before: int | None, limit: int) -> Sequence[Approval]:
    """Requests newest first: those that wait, or those that were decided; `before` is the id to go on from."""
    still = Approval.state == ApprovalState.PENDIENTE
    wanted = select(Approval).where(still if waiting else ~still)
    if before is not None:
        wanted = wanted.where(Approval.id < before)
    return (await session.scalars(wanted.order_by(Approval.id.desc()).limit(limit))).all()
