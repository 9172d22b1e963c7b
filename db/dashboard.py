"""What the house did in a stretch of time, within what a reader may see: the figures of the first page and of its API.

A stretch is of Lima's business days. Money is summed by the database, rates are weighted by dollars.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Text, cast, func, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from db.operation_reads import seen_by
from db.reversals import undone
from db.tables import Client, User
from db.tables import Operation as OperationRow
from domain.money import pips, round_half_up
from domain.operations import Actor, Kind, State
from domain.permissions import Role, Scope, scope

LIMA = "America/Lima"
MOST_REASONS = 6
MOST_PEOPLE = 12


@dataclass(frozen=True, kw_only=True)
class Side:
    """What was completed on one side: how many, dollars, soles, and the rate weighted by dollars (None without any)."""

    count: int = 0
    usd: Decimal = Decimal(0)
    pen: Decimal = Decimal(0)
    rate: Decimal | None = None


@dataclass(frozen=True, kw_only=True)
class Slot:
    """An hour or a day of the stretch: dollars bought and sold."""

    at: datetime
    bought: Decimal
    sold: Decimal


@dataclass(frozen=True, kw_only=True)
class Stay:
    """How long operations completed in the stretch stayed in a state; None when there were none."""

    state: State
    median: timedelta | None
    slow: timedelta | None


@dataclass(frozen=True, kw_only=True)
class Worker:
    """What one person of the house brought to its end."""

    user_id: int
    name: str
    role: Role
    count: int
    usd: Decimal


@dataclass(frozen=True, kw_only=True)
class Funnel:
    """Clients who registered in the stretch, and how far they went since."""

    registered: int
    with_documents: int
    with_operation: int
    completed: int
    completed_twice: int


@dataclass(frozen=True, kw_only=True)
class Dashboard:
    """All of it."""

    sides: dict[Kind, Side]
    ended: dict[State, int]
    slots: Sequence[Slot]
    stays: Sequence[Stay]
    reasons: Sequence[tuple[State, str, int]]
    funnel: Funnel
    workers: Sequence[Worker] = field(default_factory=tuple)

    @property
    def net_usd(self) -> Decimal:
        """Dollars bought less dollars sold."""
        return self.sides[Kind.COMPRA].usd - self.sides[Kind.VENTA].usd


async def read_dashboard(
    session: AsyncSession, reader: Actor, *, since: datetime, until: datetime, by_hour: bool
) -> Dashboard:
    """The figures of `since` (included) to `until` (not), by hour or by day of Lima."""
    within = (OperationRow.finished_at >= since, OperationRow.finished_at < until)
    ended = (seen_by(reader), *within, ~undone())
    rows = await _by_slot(session, ended, by_hour=by_hour)
    return Dashboard(
        sides={kind: _side(rows, kind) for kind in Kind},
        ended={state: sum(row.count for row in rows if row.state is state) for state in State},
        slots=_slots(rows),
        stays=await _stays(session, ended),
        reasons=await _reasons(session, ended),
        funnel=await _funnel(session, reader, since, until),
        workers=await _workers(session, ended) if reader.role is Role.MASTER else (),
    )


async def _by_slot(session: AsyncSession, ended: tuple[ColumnElement[bool], ...], *, by_hour: bool) -> Sequence[Any]:
    at = func.date_trunc("hour" if by_hour else "day", OperationRow.finished_at, LIMA).label("at")
    counted = (
        select(
            at,
            OperationRow.kind,
            OperationRow.state,
            func.count().label("count"),
            func.sum(OperationRow.amount_usd).label("usd"),
            func.sum(OperationRow.amount_pen).label("pen"),
            func.sum(OperationRow.amount_usd * OperationRow.rate).label("weighted"),
        )
        .where(*ended)
        .group_by(at, OperationRow.kind, OperationRow.state)
        .order_by(at)
    )
    return (await session.execute(counted)).all()


def _side(rows: Sequence[Any], kind: Kind) -> Side:
    own = [row for row in rows if row.kind is kind and row.state is State.COMPLETADA]

    def total(name: str) -> Decimal:
        return sum((getattr(row, name) for row in own), Decimal(0))

    usd = total("usd")
    rate = round_half_up(total("weighted") / usd, pips(1)) if usd else None
    return Side(count=sum(row.count for row in own), usd=usd, pen=total("pen"), rate=rate)


def _slots(rows: Sequence[Any]) -> Sequence[Slot]:
    done = [row for row in rows if row.state is State.COMPLETADA]
    instants = sorted({row.at for row in done})

    def dollars(at: datetime, kind: Kind) -> Decimal:
        return sum((row.usd for row in done if row.at == at and row.kind is kind), Decimal(0))

    return [Slot(at=at, bought=dollars(at, Kind.COMPRA), sold=dollars(at, Kind.VENTA)) for at in instants]


async def _stays(session: AsyncSession, ended: tuple[ColumnElement[bool], ...]) -> Sequence[Stay]:
    waited = OperationRow.in_process_since - OperationRow.created_at
    worked = OperationRow.finished_at - OperationRow.in_process_since
    asked = [
        func.percentile_cont(part).within_group(stretch.asc()) for stretch in (waited, worked) for part in (0.5, 0.9)
    ]
    query = select(*asked).select_from(OperationRow)
    found = (await session.execute(query.where(*ended, OperationRow.state == State.COMPLETADA))).one()
    return (
        Stay(state=State.PENDIENTE, median=found[0], slow=found[1]),
        Stay(state=State.EN_PROCESO, median=found[2], slow=found[3]),
    )


async def _reasons(session: AsyncSession, ended: tuple[ColumnElement[bool], ...]) -> Sequence[tuple[State, str, int]]:
    lost = OperationRow.state.in_([State.CANCELADO, State.EXPIRADA])
    counted = (
        select(OperationRow.state, OperationRow.reason, func.count())
        .where(*ended, lost)
        .group_by(OperationRow.state, OperationRow.reason)
        .order_by(func.count().desc(), OperationRow.reason)
        .limit(MOST_REASONS)
    )
    return [(state, reason, count) for state, reason, count in await session.execute(counted)]


async def _funnel(session: AsyncSession, reader: Actor, since: datetime, until: datetime) -> Funnel:
    all_of_it = reader.role is not None and scope(Role(reader.role), "clients") is Scope.ALL
    operated = select(OperationRow.id).where(OperationRow.client_id == Client.id).exists()
    query = select(
        func.count(),
        func.count().filter(Client.has_complete_documents),
        func.count().filter(operated),
        func.count().filter(Client.completed_operations > 0),
        func.count().filter(Client.completed_operations > 1),
    ).where(
        Client.created_at >= since,
        Client.created_at < until,
        true() if all_of_it else Client.trader_id == reader.id,
    )
    found = (await session.execute(query)).one()
    return Funnel(
        registered=found[0],
        with_documents=found[1],
        with_operation=found[2],
        completed=found[3],
        completed_twice=found[4],
    )


async def _workers(session: AsyncSession, ended: tuple[ColumnElement[bool], ...]) -> Sequence[Worker]:
    found: list[Worker] = []
    for whose in (OperationRow.trader_id, OperationRow.operator_id):
        counted = (
            select(User.id, User.full_name, cast(User.role, Text), func.count(), func.sum(OperationRow.amount_usd))
            .join(User, User.id == whose)
            .where(*ended, OperationRow.state == State.COMPLETADA)
            .group_by(User.id)
            .order_by(func.sum(OperationRow.amount_usd).desc())
            .limit(MOST_PEOPLE)
        )
        found += [
            Worker(user_id=one, name=name, role=Role(role), count=count, usd=usd)
            for one, name, role, count, usd in await session.execute(counted)
        ]
    return found
