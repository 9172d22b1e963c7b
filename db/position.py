"""The dollar position as every screen shows it: what operations did to the position accounts, day by day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from db import incidents, ledger_days, parameters, treasury
from db.ledger_days import Exchanged
from db.notifications import notify_each
from db.tables import Operation
from domain import ledger as d
from domain.calendar import business_day
from domain.errors import Missing
from domain.money import Currency, dollars
from domain.notifications import Announcement, role_room
from domain.operations import OPEN, Kind
from domain.permissions import Role
from domain.position import CRITICAL, NORMAL, DaySums, Limits, Position, positions

ZERO = Decimal("0.00")
BEYOND, USD_PEN = "posición fuera de límite", "USD/PEN"


@dataclass(frozen=True, kw_only=True)
class OpenOperations:
    """What is still to be completed of a kind: it is shown beside the position and is no part of it."""

    kind: Kind
    count: int
    usd: Decimal
    pen: Decimal


@dataclass(frozen=True, kw_only=True)
class Standing:
    """The position of a Lima day with what it is compared with.

    `margin` is what operations of the day earned against the desk (operating margin); `position.realised` is what
    closing dollars earned at the average: two figures, never one for the other (F225).
    """

    position: Position
    limits: Limits
    margin: Decimal
    mark: Decimal | None
    pending: tuple[OpenOperations, ...]

    @property
    def level(self) -> str:
        """`normal`, `aviso` or `critica`."""
        return self.limits.level(self.position.open_usd)

    @property
    def unrealised(self) -> Decimal | None:
        """At the mark; None while no rate is published."""
        return None if self.mark is None else self.position.unrealised(self.mark)


async def standing(session: AsyncSession, *, day: date) -> Standing:
    """How the house stands at the end of a Lima day, or now if it is today."""
    days = await ledger_days.exchanged(session, until=day)
    figures = await parameters.values(session, ("position_warning_usd", "position_critical_usd"), day)
    try:
        mark = await treasury.valuation_rate(session)
    except Missing:
        mark = None
    return Standing(
        position=_last(days, day),
        limits=Limits(
            warning_usd=figures["position_warning_usd"],
            critical_usd=figures["position_critical_usd"],
        ),
        margin=days[-1].margin if days and days[-1].sums.day == day else ZERO,
        mark=mark,
        pending=await pending(session),
    )


async def history(session: AsyncSession, *, since: date, until: date) -> list[tuple[Position, Decimal]]:
    """The position after each day with operations between two days, and the day's margin; newest first."""
    days = await ledger_days.exchanged(session, until=until)
    walked = zip(positions(one.sums for one in days), days, strict=True)
    return [(position, one.margin) for position, one in reversed(list(walked)) if position.day >= since]


def _last(days: Sequence[Exchanged], day: date) -> Position:
    """The position of the day itself, carried from the last day with operations."""
    sums = [one.sums for one in days]
    if not sums or sums[-1].day != day:
        sums.append(DaySums(day=day))
    return list(positions(sums))[-1]


async def pending(session: AsyncSession) -> tuple[OpenOperations, ...]:
    """Operations that are open, by kind."""
    query = (
        select(Operation.kind, func.count(), func.sum(Operation.amount_usd), func.sum(Operation.amount_pen))
        .where(Operation.state.in_(OPEN))
        .group_by(Operation.kind)
    )
    found = {kind: (count, usd, pen) for kind, count, usd, pen in await session.execute(query)}
    nothing = (0, ZERO, ZERO)
    return tuple(_open(kind, *found.get(kind, nothing)) for kind in Kind)


def _open(kind: Kind, count: int, usd: Decimal, pen: Decimal) -> OpenOperations:
    return OpenOperations(kind=kind, count=count, usd=usd, pen=pen)


async def watch(session: AsyncSession, *, now: datetime) -> str:
    """Tell Master and the operators, once a day and level, that the position has passed a limit; the level.

    A critical one is an incident until it is back.
    """
    day = business_day(now)
    stands = await standing(session, day=day)
    if stands.level == CRITICAL:
        detail = f"Posición abierta de {dollars(stands.position.open_usd)}: pasa del límite crítico."
        await incidents.open_incident(session, kind=BEYOND, subject=USD_PEN, detail=detail)
    else:
        await incidents.close_incidents(session, kind=BEYOND, subject=USD_PEN, at=now)
    if stands.level != NORMAL:
        payload = {"level": stands.level, "open_usd": f"{stands.position.open_usd:.2f}", "day": day.isoformat()}
        rooms = [Announcement(event="posicion_limite", room=role_room(role)) for role in (Role.MASTER, Role.OPERADOR)]
        await notify_each(session, rooms, key=f"posicion:{day}:{stands.level}", payload=payload)
    return stands.level


async def ledger_position(session: AsyncSession, *, until: date) -> Decimal:
    """Open USD as the books have it: account 1038 with its sign turned. It must be the position's (control)."""
    sums = await ledger_days.balances(session, until=until)
    return -sums.where(lambda one: one.account == d.POSITION_USD and one.currency is Currency.USD).amount
