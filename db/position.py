"""The dollar position as every screen shows it: what operations did to the position accounts, day by day."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from db import ledger_days, parameters, treasury
from db.ledger_days import Sum
from db.tables import Operation
from domain import ledger as d
from domain.errors import Missing
from domain.money import Currency
from domain.operations import OPEN, Kind
from domain.position import DaySums, Limits, Position, positions

ZERO = Decimal("0.00")


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
    sums = await ledger_days.exchanged(session, until=day)
    figures = await parameters.values(session, ("position_warning_usd", "position_critical_usd"), day)
    try:
        mark = await treasury.valuation_rate(session)
    except Missing:
        mark = None
    return Standing(
        position=_last(sums, day),
        limits=Limits(
            warning_usd=figures["position_warning_usd"],
            critical_usd=figures["position_critical_usd"],
        ),
        margin=margins(sums).get(day, ZERO),
        mark=mark,
        pending=await pending(session),
    )


async def history(session: AsyncSession, *, since: date, until: date) -> list[tuple[Position, Decimal]]:
    """The position after each day with operations between two days, and the day's margin; newest first."""
    sums = await ledger_days.exchanged(session, until=until)
    earned = margins(sums)
    walked = [one for one in positions(day_sums(sums)) if one.day >= since]
    return [(one, earned.get(one.day, ZERO)) for one in reversed(walked)]


def day_sums(sums: Iterable[Sum]) -> list[DaySums]:
    """Bought and sold by day, from the position accounts; an annulled operation takes away what it had added."""
    found: dict[date, dict[str, Decimal]] = {}
    counted: dict[date, int] = {}
    for one in sums:
        if one.account not in _SIDES:
            continue
        # A mirror of a Compra stands on the side of Ventas: it is a Compra less, not a Venta.
        debit, credit = (-one.credit, -one.debit) if one.mirrored else (one.debit, one.credit)
        of_day = found.setdefault(one.day, dict.fromkeys(_FIELDS, ZERO))
        on_debit, on_credit = _SIDES[one.account]
        of_day[on_debit] += debit
        of_day[on_credit] += credit
        if one.account == d.POSITION_USD:
            counted[one.day] = counted.get(one.day, 0) + (-one.lines if one.mirrored else one.lines)
    return [DaySums(day=day, operations=counted.get(day, 0), **found[day]) for day in sorted(found)]


_FIELDS = ("bought_usd", "bought_pen", "sold_usd", "sold_pen")
# Account of the position → what its debe and its haber are.
_SIDES = {d.POSITION_USD: ("sold_usd", "bought_usd"), d.POSITION_PEN: ("bought_pen", "sold_pen")}


def margins(sums: Iterable[Sum]) -> dict[date, Decimal]:
    """What operations earned against the desk, by day."""
    earned: dict[date, Decimal] = {}
    for one in sums:
        if one.account == d.POSITION_MARGIN:
            earned[one.day] = earned.get(one.day, ZERO) + one.pen
    return earned


def _last(sums: Iterable[Sum], day: date) -> Position:
    """The position of the day itself, carried from the last day with operations."""
    days = day_sums(sums)
    if not days or days[-1].day != day:
        days.append(DaySums(day=day))
    return list(positions(days))[-1]


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


async def ledger_position(session: AsyncSession, *, until: date) -> Decimal:
    """Open USD as the books have it: account 1038 with its sign turned. It must be the position's (control)."""
    sums = await ledger_days.balances(session, until=until)
    return -sums.where(lambda one: one.account == d.POSITION_USD and one.currency is Currency.USD).amount
