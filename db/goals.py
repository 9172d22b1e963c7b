"""What Traders should earn and what they earned: always from operations and matches, never typed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import Select, case, func, select, union_all
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from db import audit
from db.tables import LedgerEntry, LedgerLine, Match, Operation, TraderGoal, User
from domain import ledger as d
from domain.calendar import first_and_last
from domain.errors import Invalid
from domain.ledger import Source
from domain.operations import Actor, FieldChange
from domain.permissions import Role

ZERO = Decimal("0.00")


@dataclass(frozen=True, kw_only=True)
class TraderDay:
    """A Trader's day in PEN.

    `margin`: what completed operations earned against the desk, on the day that they were completed. `matched`: the
    trader's part of the matches of the day. Two views of one profit, both labelled (F225).
    """

    trader_id: int
    day: date
    margin: Decimal
    matched: Decimal
    operations: int


@dataclass(frozen=True, kw_only=True)
class TraderMonth:
    """A Trader's month against its goal, in PEN, with the place among all."""

    trader_id: int
    name: str
    goal: Decimal
    margin: Decimal
    matched: Decimal
    operations: int
    place: int

    @property
    def reached(self) -> Decimal | None:
        """Percent of the goal; None without a goal."""
        return None if not self.goal else (self.margin * 100 / self.goal).quantize(Decimal("0.1"))


async def set_goal(
    session: AsyncSession, trader_id: int, *, year: int, month: int, goal: Decimal, actor: Actor, at: datetime
) -> None:
    """What a Trader should earn in a month (PEN). Raises Invalid for who is no Trader."""
    user = await session.get(User, trader_id)
    if user is None or user.role is not Role.TRADER:
        raise Invalid("NOT_A_TRADER", "Elige un Trader.", field="trader_id")
    before = await session.get(TraderGoal, (trader_id, year, month))
    change = FieldChange(field="goal", before=f"{before.goal_pen:.2f}" if before else "", after=f"{goal:.2f}")
    values = {"goal_pen": goal, "set_by": actor.id or None, "at": at}
    made = insert(TraderGoal).values(user_id=trader_id, year=year, month=month, **values)
    keys = [TraderGoal.user_id, TraderGoal.year, TraderGoal.month]
    await session.execute(made.on_conflict_do_update(index_elements=keys, set_=values))
    name = f"{trader_id}:{year}-{month:02}"
    audit.record(session, actor=actor, action="goals.set", entity="goal", entity_id=name, changes=[change])


async def days(session: AsyncSession, *, since: date, until: date, trader_id: int | None = None) -> list[TraderDay]:
    """What each Trader earned each day, both days included; one Trader only, when named (F225)."""
    found: dict[tuple[int, date], TraderDay] = {}
    for trader, day, margin, operations in await session.execute(_margins(since, until)):
        found[trader, day] = TraderDay(trader_id=trader, day=day, margin=margin, matched=ZERO, operations=operations)
    for trader, day, matched in await session.execute(_matched(since, until)):
        known = found.get((trader, day))
        margin, operations = (known.margin, known.operations) if known else (ZERO, 0)
        found[trader, day] = TraderDay(trader_id=trader, day=day, margin=margin, matched=matched, operations=operations)
    rows = sorted(found.values(), key=lambda one: (one.day, one.trader_id))
    return [one for one in rows if trader_id is None or one.trader_id == trader_id]


def _margins(since: date, until: date) -> Select[int, date, Decimal, int]:
    """From the books: the margin lines of each operation, mirrors included, by the trader of its creation (F033)."""
    mirrored = LedgerEntry.reverses_id.is_not(None)
    is_position = LedgerLine.account == d.POSITION_USD
    return (
        select(
            Operation.trader_id,
            LedgerEntry.day,
            func.coalesce(func.sum(case((LedgerLine.account == d.POSITION_MARGIN, LedgerLine.pen))), ZERO),
            func.sum(case((is_position & mirrored, -1), (is_position, 1), else_=0)),
        )
        .join(LedgerEntry, LedgerEntry.operation_code == Operation.code)
        .join(LedgerLine, LedgerLine.entry_id == LedgerEntry.id)
        .where(LedgerEntry.source == Source.OPERACION, LedgerEntry.day.between(since, until))
        .where(LedgerLine.account.in_((d.POSITION_MARGIN, d.POSITION_USD)), Operation.trader_id.is_not(None))
        .group_by(Operation.trader_id, LedgerEntry.day)
    )


def _matched(since: date, until: date) -> Select[int, date, Decimal]:
    sides = union_all(
        *(
            select(trader.label("trader"), Match.day.label("day"), part.label("part")).where(
                Match.annulled_at.is_(None), trader.is_not(None), Match.day.between(since, until)
            )
            for trader, part in ((Match.buy_trader_id, Match.trader_buy), (Match.sell_trader_id, Match.trader_sell))
        )
    ).subquery()
    parts = select(sides.c.trader, sides.c.day, func.sum(sides.c.part))
    return parts.group_by(sides.c.trader, sides.c.day)


async def month(session: AsyncSession, *, year: int, month: int, trader_id: int | None = None) -> list[TraderMonth]:
    """Every active Trader's month, the best first; only its own for a Trader, with its place among all."""
    since, until = first_and_last(year, month)
    earned = await days(session, since=since, until=until)
    users = (await session.scalars(select(User).where(User.role == Role.TRADER).order_by(User.id))).all()
    goals = select(TraderGoal).where(TraderGoal.year == year, TraderGoal.month == month)
    by_user = {goal.user_id: goal.goal_pen for goal in await session.scalars(goals)}
    with_days = {one.trader_id for one in earned}
    shown = [user for user in users if user.status == "Activo" or user.id in with_days]
    totals = sorted(
        ((user, [one for one in earned if one.trader_id == user.id]) for user in shown),
        key=lambda pair: -sum((one.margin for one in pair[1]), ZERO),
    )
    ranked = [_month(user, own, by_user.get(user.id, ZERO), place) for place, (user, own) in enumerate(totals, start=1)]
    return [one for one in ranked if trader_id is None or one.trader_id == trader_id]


def _month(user: User, own: Sequence[TraderDay], goal: Decimal, place: int) -> TraderMonth:
    return TraderMonth(
        trader_id=user.id,
        name=user.full_name,
        goal=goal,
        margin=sum((one.margin for one in own), ZERO),
        matched=sum((one.matched for one in own), ZERO),
        operations=sum(one.operations for one in own),
        place=place,
    )


async def roll_over(session: AsyncSession, *, year: int, month: int, at: datetime) -> int:
    """Give every Trader without a goal for this month that of the month before; how many were given."""
    before = (year - 1, 12) if month == 1 else (year, month - 1)
    wanted = select(TraderGoal).where(TraderGoal.year == before[0], TraderGoal.month == before[1])
    given = 0
    for goal in (await session.scalars(wanted)).all():
        values = {"user_id": goal.user_id, "year": year, "month": month, "goal_pen": goal.goal_pen, "at": at}
        made = insert(TraderGoal).values(values).on_conflict_do_nothing().returning(TraderGoal.user_id)
        given += (await session.scalar(made)) is not None
    return given
