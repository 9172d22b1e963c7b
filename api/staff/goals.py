"""Traders' goals and what they earned: derived from operations and matches, never typed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import Field

from api.auth import SignedUser, requires
from api.services import ServicesDep
from api.staff.shapes import MAX_ID, Answer, Body, Day, Done, Money, example
from db import goals
from domain.calendar import business_day
from domain.permissions import Permission, Scope, scope

router = APIRouter(prefix="/api/staff/goals", tags=["Metas"])

Reader = Annotated[SignedUser, requires(Permission.GOALS_READ)]
Manager = Annotated[SignedUser, requires(Permission.GOALS_MANAGE)]
Year = Annotated[int, Query(ge=2000, le=2999)]
Month = Annotated[int, Query(ge=1, le=12)]
TraderId = Annotated[int, Path(ge=1, le=MAX_ID)]
LONGEST = timedelta(days=92)


class GoalBody(Body):
    """What a Trader should earn in the month, in PEN."""

    model_config = example(year=2026, month=12, goal="5000.00")
    year: int = Field(ge=2000, le=2999)
    month: int = Field(ge=1, le=12)
    goal: Money = Field(ge=0, le=99_999_999, decimal_places=2)


class TraderMonthView(Answer):
    """A Trader's month in PEN, with its place among all.

    `margin` is what its operations earned against the desk, by the day that they were completed; `matched` its part of
    the matches, by the day of the match. `reached` is the margin in percent of the goal.
    """

    trader_id: int
    name: str
    goal: Money
    margin: Money
    matched: Money
    operations: int
    place: int
    reached: Decimal | None


class MonthView(Answer):
    """The month, the best first. A Trader sees only its own line."""

    year: int
    month: int
    items: list[TraderMonthView]


class TraderDayView(Answer):
    """A Trader's day in PEN."""

    trader_id: int
    day: date
    margin: Money
    matched: Money
    operations: int


class DaysView(Answer):
    """Days, oldest first."""

    items: list[TraderDayView]


@router.get("")
async def read_month(
    user: Reader, services: ServicesDep, year: Year | None = None, month: Month | None = None
) -> MonthView:
    """The ranking of a month against its goals; this month unless it is told."""
    today = business_day(datetime.now(UTC))
    year, month = year or today.year, month or today.month
    async with services.sessions() as session:
        rows = await goals.month(session, year=year, month=month, trader_id=_own(user))
    items = [TraderMonthView.model_validate(row) for row in rows]
    return MonthView(year=year, month=month, items=items)


@router.get("/days")
async def read_days(
    user: Reader,
    services: ServicesDep,
    since: Day | None = None,
    until: Day | None = None,
    trader_id: Annotated[int | None, Query(ge=1, le=MAX_ID)] = None,
) -> DaysView:
    """What each Trader earned each day; the last month unless it is told, three at most."""
    last = until or business_day(datetime.now(UTC))
    first = max(since or last - timedelta(days=30), last - LONGEST)
    async with services.sessions() as session:
        rows = await goals.days(session, since=first, until=last, trader_id=_own(user) or trader_id)
    return DaysView(items=[TraderDayView.model_validate(row) for row in rows])


@router.post("/{trader_id}")
async def set_goal(trader_id: TraderId, body: GoalBody, user: Manager, services: ServicesDep) -> Done:
    """Give a Trader its goal of a month."""
    async with services.sessions.begin() as session:
        await goals.set_goal(
            session,
            trader_id,
            year=body.year,
            month=body.month,
            goal=body.goal,
            actor=user.actor,
            at=datetime.now(UTC),
        )
    return Done()


def _own(user: SignedUser) -> int | None:
    """A Trader sees itself, and Master everybody: one figure for both (F225)."""
    return user.id if scope(user.role, "goals") is Scope.PORTFOLIO else None
