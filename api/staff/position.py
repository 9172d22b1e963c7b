"""The dollar position, the control screen and the requests that wait for a second person."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import Field

from api import rate_alerts
from api.auth import SignedUser, requires
from api.services import ServicesDep
from api.staff.shapes import MAX_ID, PAGE, Answer, Body, Cursor, Day, Limit, Money, Rate, after, example, page
from db import approvals, control, position, second_person
from db.control import Finding
from db.position import OpenOperations, Standing
from db.tables import Approval
from domain.approvals import ApprovalKind, ApprovalState
from domain.calendar import business_day
from domain.operations import Kind
from domain.permissions import Permission
from domain.position import Position, average_rate

router = APIRouter(prefix="/api/staff", tags=["Tesorería"])

Reader = Annotated[SignedUser, requires(Permission.TREASURY_READ)]
Approver = Annotated[SignedUser, requires(Permission.TREASURY_APPROVE)]
ApprovalId = Annotated[int, Path(ge=1, le=MAX_ID)]
LONGEST = timedelta(days=366)


class DayView(Answer):
    """A day's position.

    `open_usd` is positive when the house is long, negative when short; `average` is the weighted average rate that it
    carries. `realised` is what closing dollars earned at that average; `margin` what operations earned against the
    desk's base. They are two views and are never added up.
    """

    day: date
    carried_usd: Money
    bought_usd: Money
    bought_pen: Money
    bought_average: Rate
    sold_usd: Money
    sold_pen: Money
    sold_average: Rate
    open_usd: Money
    cost_pen: Money
    average: Rate
    realised: Money
    margin: Money
    operations: int


class PendingView(Answer):
    """Open operations of a kind: beside the position, no part of it."""

    kind: Kind
    count: int
    usd: Money
    pen: Money


class PositionView(Answer):
    """The position of a day, valued at the desk's middle rate, against its limits."""

    position: DayView
    mark: Rate | None
    unrealised: Money | None
    level: str
    warning_usd: Money
    critical_usd: Money
    pending: list[PendingView]


class PositionHistory(Answer):
    """Days with operations, newest first."""

    items: list[DayView]


class FindingView(Answer):
    """A kind of thing that does not tie: how many, some of them, and what to do. `serious`: something is wrong."""

    key: str
    title: str
    count: int
    which: list[str]
    action: str
    serious: bool


class ControlView(Answer):
    """What does not tie now. Nothing listed: everything ties."""

    at: datetime
    items: list[FindingView]


class DecisionBody(Body):
    """Yes or no, and why."""

    model_config = example(approve=True, reason="Revisado con el extracto del banco")
    approve: bool
    reason: str = Field(min_length=3, max_length=300)


class ApprovalView(Answer):
    """What one person asked and another decides."""

    id: int
    kind: ApprovalKind
    state: ApprovalState
    words: str
    reason: str
    requested_by: int
    requested_at: datetime
    decided_by: int | None
    decided_at: datetime | None
    decision: str


class ApprovalList(Answer):
    """A page of requests."""

    items: list[ApprovalView]
    next_cursor: str | None


@router.get("/position")
async def read_position(
    _user: Reader,
    services: ServicesDep,
    day: Annotated[Day | None, Query(description="Día de Lima; hoy si no se dice.")] = None,
) -> PositionView:
    """How much the house is long or short in dollars, what that cost, and what it earned."""
    async with services.sessions() as session:
        stands = await position.standing(session, day=day or business_day(datetime.now(UTC)))
    return _standing(stands)


@router.get("/position/history")
async def read_history(
    _user: Reader, services: ServicesDep, since: Day | None = None, until: Day | None = None
) -> PositionHistory:
    """The position of each day with operations; the last month unless it is told, a year at most."""
    last = until or business_day(datetime.now(UTC))
    first = max(since or last - timedelta(days=30), last - LONGEST)
    async with services.sessions() as session:
        rows = await position.history(session, since=first, until=last)
    return PositionHistory(items=[_day(one, margin) for one, margin in rows])


@router.get("/control")
async def read_control(_user: Reader, services: ServicesDep) -> ControlView:
    """What does not tie in the last week, each with its action; the nightly check looks at everything."""
    now = datetime.now(UTC)
    async with services.sessions() as session:
        found = await control.findings(session, now=now)
    return ControlView(at=now, items=[_finding(one) for one in found])


@router.get("/approvals")
async def list_approvals(
    *,
    _user: Reader,
    services: ServicesDep,
    waiting: Annotated[bool, Query(description="Las que esperan; con `false`, las decididas.")] = True,
    cursor: Cursor = None,
    limit: Limit = PAGE,
) -> ApprovalList:
    """What waits for a second person, newest first."""
    async with services.sessions() as session:
        rows = await approvals.listed(session, waiting=waiting, before=after(cursor), limit=limit + 1)
    shown, following = page(rows, limit, lambda row: row.id)
    return ApprovalList(items=[ApprovalView.model_validate(row) for row in shown], next_cursor=following)


@router.get("/approvals/{approval_id}")
async def read_approval(approval_id: ApprovalId, _user: Reader, services: ServicesDep) -> ApprovalView:
    """One request."""
    async with services.sessions() as session:
        return ApprovalView.model_validate(await approvals.by_id(session, approval_id))


@router.post("/approvals/{approval_id}/decide")
async def decide_approval(
    approval_id: ApprovalId, body: DecisionBody, user: Approver, services: ServicesDep
) -> ApprovalView:
    """Agree, and it is done at once; or not. Whoever asked can not decide."""
    async with services.sessions.begin() as session:
        row: Approval = await second_person.decide(
            session,
            approval_id,
            approve=body.approve,
            words=body.reason,
            actor=user.actor,
            at=datetime.now(UTC),
        )
        told = ApprovalView.model_validate(row)
    if row.kind is ApprovalKind.TIPO_DE_CAMBIO and row.state is ApprovalState.APROBADA:
        await rate_alerts.tell_newest(services)
    return told


def _standing(stands: Standing) -> PositionView:
    return PositionView(
        position=_day(stands.position, stands.margin),
        mark=stands.mark,
        unrealised=stands.unrealised,
        level=stands.level,
        warning_usd=stands.limits.warning_usd,
        critical_usd=stands.limits.critical_usd,
        pending=[_pending(one) for one in stands.pending],
    )


def _day(one: Position, margin: Money) -> DayView:
    sums = one.sums
    return DayView(
        day=one.day,
        carried_usd=one.carried_usd,
        bought_usd=sums.bought_usd,
        bought_pen=sums.bought_pen,
        bought_average=average_rate(sums.bought_usd, sums.bought_pen),
        sold_usd=sums.sold_usd,
        sold_pen=sums.sold_pen,
        sold_average=average_rate(sums.sold_usd, sums.sold_pen),
        open_usd=one.open_usd,
        cost_pen=one.cost_pen,
        average=one.average,
        realised=one.realised,
        margin=margin,
        operations=sums.operations,
    )


def _pending(one: OpenOperations) -> PendingView:
    return PendingView(kind=one.kind, count=one.count, usd=one.usd, pen=one.pen)


def _finding(one: Finding) -> FindingView:
    return FindingView(
        key=one.key,
        title=one.title,
        count=one.count,
        which=list(one.which),
        action=one.action,
        serious=one.serious,
    )
