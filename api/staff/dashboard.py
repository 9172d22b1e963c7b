"""What the house did today, this week or this month, and what waits: the figures of the first page."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Query
from sqlalchemy.ext.asyncio import AsyncSession

from api.auth import SignedUser, requires
from api.services import ServicesDep
from api.staff.shapes import Answer, Money
from db import desk, ledger_days, parameters
from db.attention import read_attention
from db.dashboard import Dashboard, read_dashboard
from domain.calendar import business_day, day_bounds
from domain.operations import Kind, State
from domain.permissions import Permission, Role, Scope, scope

router = APIRouter(prefix="/api/staff/dashboard", tags=["Resumen"])
Reader = Annotated[SignedUser, requires(Permission.OPERATIONS_READ)]
WEEK = 7


class Stretch(StrEnum):
    """How far back the figures go, all up to now: the Lima day, its last seven days, or its month."""

    TODAY = "hoy"
    WEEK = "semana"
    MONTH = "mes"


class SideView(Answer):
    """What was completed on one side. `rate` is weighted by dollars; null without any."""

    kind: Kind
    count: int
    usd: Money
    pen: Money
    rate: Decimal | None


class EndedView(Answer):
    """How many ended so."""

    state: State
    count: int


class SlotView(Answer):
    """An hour (today) or a day: dollars bought and sold."""

    at: datetime
    bought_usd: Money
    sold_usd: Money


class StayView(Answer):
    """Seconds that completed operations stayed in a state: the median, and what nine of ten stayed less than."""

    state: State
    median_seconds: int | None
    slow_seconds: int | None


class ReasonView(Answer):
    """Why operations were cancelled or expired."""

    state: State
    reason: str
    count: int


class FunnelView(Answer):
    """Clients registered in the stretch, and how many of them went on."""

    registered: int
    with_documents: int
    with_operation: int
    completed: int
    completed_twice: int


class WorkerView(Answer):
    """What a Trader's clients completed, or an Operador paid."""

    user_id: int
    name: str
    role: Role
    count: int
    usd: Money


class LateView(Answer):
    """An operation En proceso beyond the house's alert."""

    code: str
    since: datetime
    operator: str


class AttentionView(Answer):
    """What waits now; null where the role does not see it."""

    late: list[LateView]
    marked: int
    invoices: int | None
    deliveries: int
    incidents: int | None
    kyc: int | None
    cases: int | None


class SeatView(Answer):
    """An Operador, in the order of their turns: at the desk or not, and how many operations it has En proceso."""

    user_id: int
    name: str
    present: bool
    load: int


class DashboardView(Answer):
    """The figures of a stretch. `workers` only for a Master; `margin` (PEN) is null for who may not see it."""

    stretch: Stretch
    since: date
    until: date
    net_usd: Money
    margin: Money | None
    sides: list[SideView]
    ended: list[EndedView]
    slots: list[SlotView]
    stays: list[StayView]
    reasons: list[ReasonView]
    funnel: FunnelView
    workers: list[WorkerView]
    attention: AttentionView
    desk: list[SeatView]


@router.get("")
async def read_figures(
    *,
    user: Reader,
    services: ServicesDep,
    stretch: Annotated[Stretch, Query(description="hoy, semana (los últimos 7 días) o mes.")] = Stretch.TODAY,
) -> DashboardView:
    """The figures, within what this person may see: a Trader those of its portfolio."""
    now = datetime.now(UTC)
    today = business_day(now)
    first = {
        Stretch.TODAY: today,
        Stretch.WEEK: today - timedelta(days=WEEK - 1),
        Stretch.MONTH: today.replace(day=1),
    }[stretch]
    since, until = day_bounds(first)[0], day_bounds(today)[1]
    async with services.sessions() as session:
        minutes = await parameters.value(session, "operator_alert_minutes", today)
        found = await read_dashboard(session, user.actor, since=since, until=until, by_hour=stretch is Stretch.TODAY)
        waits = await read_attention(session, user.actor, now=now, late_after=timedelta(minutes=float(minutes)))
        seats = await desk.seats(session)
        margin = await _margin(session, user, first, today)
    return DashboardView(
        stretch=stretch,
        since=first,
        until=today,
        margin=margin,
        attention=AttentionView.model_validate(waits),
        desk=[SeatView.model_validate(one) for one in seats],
        **_figures(found),
    )


async def _margin(session: AsyncSession, user: SignedUser, since: date, until: date) -> Decimal | None:
    """What operations earned against the desk, from the books, as the position and the goals have it."""
    if not user.may(Permission.GOALS_READ) or scope(user.role, "goals") is not Scope.ALL:
        return None
    days = await ledger_days.exchanged(session, since=since, until=until)
    return sum((one.margin for one in days), Decimal("0.00"))


def _figures(found: Dashboard) -> dict[str, object]:
    return {
        "net_usd": found.net_usd,
        "sides": [
            SideView(kind=kind, count=one.count, usd=one.usd, pen=one.pen, rate=one.rate)
            for kind, one in found.sides.items()
        ],
        "ended": [
            EndedView(state=state, count=count)
            for state, count in found.ended.items()
            if state not in {State.PENDIENTE, State.EN_PROCESO}
        ],
        "slots": [SlotView(at=one.at, bought_usd=one.bought, sold_usd=one.sold) for one in found.slots],
        "stays": [
            StayView(state=one.state, median_seconds=_seconds(one.median), slow_seconds=_seconds(one.slow))
            for one in found.stays
        ],
        "reasons": [ReasonView(state=state, reason=why, count=count) for state, why, count in found.reasons],
        "funnel": FunnelView.model_validate(found.funnel),
        "workers": [WorkerView.model_validate(one) for one in found.workers],
    }


def _seconds(stretch: timedelta | None) -> int | None:
    return None if stretch is None else int(stretch.total_seconds())
