"""Compliance's cases: the queue, one case with its story, and the decision that releases or cancels what was held.

To whom may not read compliance, every route here answers 404: that a case exists is secret. Every look is audited.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import Field

from api.auth import SignedUser, requires_unseen
from api.operations import command_operation
from api.services import Services, ServicesDep
from api.staff.shapes import MAX_ID, PAGE, Answer, Body, Cursor, Limit, after, example, page
from db import cases, screenings
from db.operation_reads import assessment_of, get_operation
from domain import commands as c
from domain.cases import CaseState, Decision, Severity, ros_deadline
from domain.errors import Conflict
from domain.operations import Assessment, State
from domain.permissions import Permission

router = APIRouter(prefix="/cases", tags=["Casos de cumplimiento"])

Reader = Annotated[SignedUser, requires_unseen(Permission.COMPLIANCE_READ)]
Officer = Annotated[SignedUser, requires_unseen(Permission.COMPLIANCE_RESOLVE)]
_ORDERS: dict[Decision, type[c.ReleaseHold | c.ConfirmHold]] = {
    Decision.LIBERAR: c.ReleaseHold,
    Decision.CONFIRMAR: c.ConfirmHold,
}
CaseId = Annotated[int, Path(ge=1, le=MAX_ID)]


class NoteBody(Body):
    """What to keep in the story."""

    model_config = example(text="Se pidió sustento del origen de los fondos")
    text: str = Field(min_length=1, max_length=2000)


class DecisionBody(Body):
    """What is decided, and why."""

    model_config = example(decision="liberar", resolution="Homónimo: la fecha de nacimiento no coincide")
    decision: Decision
    resolution: str = Field(min_length=1, max_length=500)


class CaseLine(Answer):
    """One case of the queue."""

    id: int
    kind: str
    client_id: int
    state: CaseState
    severity: Severity
    summary: str
    assigned_to: int | None
    opened_at: datetime
    closed_at: datetime | None


class CaseList(Answer):
    """A page of cases."""

    items: list[CaseLine]
    next_cursor: str | None


class AlertView(Answer):
    """One finding."""

    operation_code: str | None
    severity: Severity
    summary: str
    at: datetime


class StoryView(Answer):
    """One look or act."""

    user_id: int | None
    action: str
    detail: str
    at: datetime


class CaseView(CaseLine):
    """One case with everything. `ros_until` is the last instant to send the ROS, once it is called suspicious."""

    decision: Decision | None
    resolution: str
    told_at: datetime | None
    ros_until: datetime | None
    alerts: list[AlertView]
    story: list[StoryView]


@router.get("")
async def read_cases(
    *,
    _user: Reader,
    services: ServicesDep,
    state: CaseState | None = None,
    cursor: Cursor = None,
    limit: Limit = PAGE,
) -> CaseList:
    """Cases, newest first."""
    async with services.sessions() as session:
        rows = await cases.list_cases(session, state=state, before=after(cursor), limit=limit + 1)
    shown, following = page(rows, limit, lambda row: row.id)
    return CaseList(items=[CaseLine.model_validate(row) for row in shown], next_cursor=following)


@router.get("/{case_id}")
async def read_case(case_id: CaseId, user: Reader, services: ServicesDep) -> CaseView:
    """One case with its findings and its story. That it was looked at joins the story."""
    async with services.sessions.begin() as session:
        await cases.get_case(session, case_id)
        cases.audit(session, case_id, user_id=user.id, action="visto")
    return await _whole(services, case_id)


@router.post("/{case_id}/take")
async def take_case(case_id: CaseId, user: Officer, services: ServicesDep) -> CaseView:
    """Take it: it is in review and is yours."""
    async with services.sessions.begin() as session:
        await cases.take(session, case_id, user.id)
    return await _whole(services, case_id)


@router.post("/{case_id}/note")
async def note_case(case_id: CaseId, body: NoteBody, user: Officer, services: ServicesDep) -> CaseView:
    """Leave a note in the story."""
    async with services.sessions.begin() as session:
        await cases.get_case(session, case_id)
        cases.audit(session, case_id, user_id=user.id, action="nota", detail=body.text)
    return await _whole(services, case_id)


@router.post("/{case_id}/escalate")
async def escalate_case(case_id: CaseId, body: NoteBody, user: Officer, services: ServicesDep) -> CaseView:
    """Call it suspicious: 24 hours to send the ROS."""
    async with services.sessions.begin() as session:
        await cases.escalate(session, case_id, user.id, body.text)
    return await _whole(services, case_id)


@router.post("/{case_id}/decide")
async def decide_case(case_id: CaseId, body: DecisionBody, user: Officer, services: ServicesDep) -> CaseView:
    """Close it, and let go or cancel what it held. If the operation could not be told, send the same again."""
    await settle_case(services, user, case_id, body.decision, body.resolution)
    return await _whole(services, case_id)


async def settle_case(services: Services, user: SignedUser, case_id: int, decision: Decision, resolution: str) -> None:
    """Decide a case, the hits of it that nobody had decided, and what it held."""
    async with services.sessions.begin() as session:
        await cases.decide(session, case_id, user.id, decision, resolution)
        await screenings.follow_case(session, case_id, decision, user_id=user.id, reason=resolution)
        kept = (await cases.get_case(session, case_id)).resolution
        codes = {alert.operation_code for alert in await cases.alerts_of(session, case_id) if alert.operation_code}
    # The decision is committed before it is told: a process that dies here leaves `told_at` empty, not a lost decision.
    order = _ORDERS[decision](actor=user.actor, resolution=kept)
    for code in sorted(codes):
        await _tell(services, user, code, order, key=f"caso-{case_id}-{decision}")
    async with services.sessions.begin() as session:
        await cases.told(session, case_id)


async def _tell(
    services: Services, user: SignedUser, code: str, order: c.ReleaseHold | c.ConfirmHold, *, key: str
) -> None:
    """The operation hears it once. One that ended or was released meanwhile has nothing more to hear."""
    if not await _held(services, user, code):
        return
    try:
        await command_operation(services, code, order, key=key)
    except Conflict:
        if await _held(services, user, code):
            raise


async def _held(services: Services, user: SignedUser, code: str) -> bool:
    async with services.sessions() as session:
        detail = await get_operation(session, user.actor, code)
    # By what was assessed: the case is there a moment before the workflow has written the hold.
    return assessment_of(detail) is Assessment.HELD and detail.row.state in {State.PENDIENTE, State.EN_PROCESO}


async def _whole(services: Services, case_id: int) -> CaseView:
    async with services.sessions() as session:
        case = await cases.get_case(session, case_id)
        alerts = await cases.alerts_of(session, case_id)
        story = await cases.story_of(session, case_id)
    return CaseView(
        **CaseLine.model_validate(case).model_dump(),
        decision=case.decision,
        resolution=case.resolution,
        told_at=case.told_at,
        ros_until=ros_deadline(case.suspicious_at) if case.suspicious_at else None,
        alerts=[AlertView.model_validate(alert) for alert in alerts],
        story=[StoryView.model_validate(entry) for entry in story],
    )
