"""Compliance's cases: the queue, one case with its story, and the decision that releases or cancels what was held.

To whom may not read compliance, every route here answers 404: that a case exists is secret. Every look is audited.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, File, Form, Path, Query, UploadFile
from pydantic import Field

from api.auth import SignedUser, requires_unseen
from api.files import link, store
from api.operations import command_operation
from api.services import Services, ServicesDep
from api.staff.shapes import MAX_ID, PAGE, Answer, Body, Cursor, Limit, after, example, page
from db import case_watch, cases, screenings
from domain import commands as c
from domain.cases import CaseState, Decision, Severity, ros_deadline
from domain.errors import Conflict, Unavailable
from domain.permissions import Permission

logger = logging.getLogger(__name__)
router = APIRouter(prefix="/api/staff/cases", tags=["Casos de cumplimiento"])

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


class AssignBody(Body):
    """Whose it is from now on."""

    model_config = example(user_id=7)
    user_id: int = Field(ge=1, le=MAX_ID)


class RuleBody(Body):
    """Which rule."""

    model_config = example(rule="frecuencia-diaria")
    rule: str = Field(min_length=1, max_length=60)


class SnoozeBody(RuleBody):
    """For how long, and why."""

    model_config = example(rule="frecuencia-diaria", days=30, reason="Paga planillas cada semana; hay sustento")
    days: int = Field(ge=1, le=366)
    reason: str = Field(min_length=1, max_length=500)


class RosSentBody(Body):
    """The number of the UIF's portal."""

    model_config = example(number="ROS-2026-000123")
    number: str = Field(min_length=1, max_length=60)


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
    """One finding. `rule_key` is empty where no rule raised it."""

    rule_key: str
    holds: bool
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


class FileView(Answer):
    """A file that supports it; the link is good for 15 minutes."""

    title: str
    url: str
    at: datetime


class SnoozeView(Answer):
    """A rule that leaves the client in peace."""

    rule_key: str
    until: datetime
    reason: str


class CaseView(CaseLine):
    """One case with everything. `ros_until` is the last instant to send the ROS, once it is called suspicious."""

    decision: Decision | None
    resolution: str
    told_at: datetime | None
    ros_until: datetime | None
    ros_sent_at: datetime | None
    ros_number: str
    alerts: list[AlertView]
    files: list[FileView]
    snoozes: list[SnoozeView]
    story: list[StoryView]


@router.get("")
async def read_cases(
    *,
    user: Reader,
    services: ServicesDep,
    state: CaseState | None = None,
    assigned_to: Annotated[int | None, Query(ge=1, le=MAX_ID)] = None,
    client_id: Annotated[int | None, Query(ge=1, le=MAX_ID)] = None,
    cursor: Cursor = None,
    limit: Limit = PAGE,
) -> CaseList:
    """Cases, newest first."""
    async with services.sessions.begin() as session:
        rows = await cases.list_cases(
            session, state=state, assigned_to=assigned_to, client_id=client_id, before=after(cursor), limit=limit + 1
        )
        cases.audit_subject(session, "casos", user_id=user.id, action="visto")
    shown, following = page(rows, limit, lambda row: row.id)
    return CaseList(items=[CaseLine.model_validate(row) for row in shown], next_cursor=following)


@router.get("/{case_id}")
async def read_case(case_id: CaseId, user: Reader, services: ServicesDep) -> CaseView:
    """One case with its findings and its story. That it was looked at joins the story."""
    async with services.sessions.begin() as session:
        await cases.get_case(session, case_id)
        cases.audit(session, case_id, user_id=user.id, action="visto")
    return await whole_case(services, case_id)


@router.post("/{case_id}/take")
async def take_case(case_id: CaseId, user: Officer, services: ServicesDep) -> CaseView:
    """Take it: it is in review and is yours."""
    async with services.sessions.begin() as session:
        await cases.take(session, case_id, user.id)
    return await whole_case(services, case_id)


@router.post("/{case_id}/note")
async def note_case(case_id: CaseId, body: NoteBody, user: Officer, services: ServicesDep) -> CaseView:
    """Leave a note in the story."""
    async with services.sessions.begin() as session:
        await cases.get_case(session, case_id)
        cases.audit(session, case_id, user_id=user.id, action="nota", detail=body.text)
    return await whole_case(services, case_id)


@router.post("/{case_id}/escalate")
async def escalate_case(case_id: CaseId, body: NoteBody, user: Officer, services: ServicesDep) -> CaseView:
    """Call it suspicious: 24 hours to send the ROS."""
    async with services.sessions.begin() as session:
        await cases.escalate(session, case_id, user.id, body.text)
    return await whole_case(services, case_id)


@router.post("/{case_id}/assign")
async def assign_case(case_id: CaseId, body: AssignBody, user: Officer, services: ServicesDep) -> CaseView:
    """Give it to a person of compliance."""
    async with services.sessions.begin() as session:
        await cases.assign(session, case_id, by=user.id, to=body.user_id)
    return await whole_case(services, case_id)


@router.post("/{case_id}/attach")
async def attach_to_case(
    *,
    case_id: CaseId,
    user: Officer,
    services: ServicesDep,
    file: Annotated[UploadFile, File()],
    title: Annotated[str, Form(min_length=1, max_length=120)],
) -> CaseView:
    """Keep a file with it: PNG, JPG, WEBP, HEIC or PDF, up to 10 MB. It is never removed."""
    async with services.sessions() as session:
        await cases.get_case(session, case_id)
    stored = await store(services, file, folder="compliance")
    async with services.sessions.begin() as session:
        await cases.attach(session, case_id, by=user.id, file=stored, title=title)
    return await whole_case(services, case_id)


@router.post("/{case_id}/snooze")
async def snooze_rule(case_id: CaseId, body: SnoozeBody, user: Officer, services: ServicesDep) -> CaseView:
    """Silence a rule that rang here, for this client only and until a day."""
    async with services.sessions.begin() as session:
        await case_watch.snooze(
            session,
            case_id,
            by=user.id,
            rule_key=body.rule,
            days=body.days,
            reason=body.reason,
            now=datetime.now(UTC),
        )
    return await whole_case(services, case_id)


@router.post("/{case_id}/end-snooze")
async def end_snooze(case_id: CaseId, body: RuleBody, user: Officer, services: ServicesDep) -> CaseView:
    """Let the rule ring for this client again."""
    async with services.sessions.begin() as session:
        await case_watch.wake(session, case_id, by=user.id, rule_key=body.rule, now=datetime.now(UTC))
    return await whole_case(services, case_id)


@router.post("/{case_id}/ros-sent")
async def note_ros(case_id: CaseId, body: RosSentBody, user: Officer, services: ServicesDep) -> CaseView:
    """Write down the number that the UIF's portal gave to its ROS; the alarm stops."""
    async with services.sessions.begin() as session:
        await case_watch.ros_sent(session, case_id, by=user.id, number=body.number, at=datetime.now(UTC))
    return await whole_case(services, case_id)


@router.post("/{case_id}/decide")
async def decide_case(case_id: CaseId, body: DecisionBody, user: Officer, services: ServicesDep) -> CaseView:
    """Close it, and let go or cancel what it held. An operation that can't be told now is told within minutes."""
    await settle_case(services, user, case_id, body.decision, body.resolution)
    return await whole_case(services, case_id)


async def settle_case(services: Services, user: SignedUser, case_id: int, decision: Decision, resolution: str) -> None:
    """Decide a case, the hits of it that nobody had decided, and what it held."""
    async with services.sessions.begin() as session:
        await cases.decide(session, case_id, user.id, decision, resolution)
        await screenings.follow_case(session, case_id, decision, user_id=user.id, reason=resolution)
        kept = (await cases.get_case(session, case_id)).resolution
    # The decision is committed before it is told: a process that dies here leaves `told_at` empty for the clock.
    order = _ORDERS[decision](actor=user.actor, resolution=kept)
    for code in await _waiting(services, case_id):
        await _tell(services, code, order, key=f"caso-{case_id}-{decision}")
    if not await _waiting(services, case_id):
        async with services.sessions.begin() as session:
            await cases.told(session, case_id)


async def _waiting(services: Services, case_id: int) -> Sequence[str]:
    async with services.sessions() as session:
        return await cases.waiting_for(session, case_id)


async def _tell(services: Services, code: str, order: c.ReleaseHold | c.ConfirmHold, *, key: str) -> None:
    """The operation hears it once. One that can't hear it now still waits, and the schedule tells it again."""
    try:
        await command_operation(services, code, order, key=key)
    except (Conflict, Unavailable) as refused:
        logger.info("%s aún no recibe la decisión de su caso (%s).", code, refused.code)


async def whole_case(services: Services, case_id: int) -> CaseView:
    """One case as it is read; the look at it is audited by whoever shows it."""
    async with services.sessions() as session:
        case = await cases.get_case(session, case_id)
        alerts = await cases.alerts_of(session, case_id)
        story = await cases.story_of(session, case_id)
        files = await cases.files_of(session, case_id)
        snoozes = await case_watch.snoozes_of(session, case.client_id, now=datetime.now(UTC))
    return CaseView(
        **CaseLine.model_validate(case).model_dump(),
        decision=case.decision,
        resolution=case.resolution,
        told_at=case.told_at,
        ros_until=ros_deadline(case.suspicious_at) if case.suspicious_at else None,
        alerts=[AlertView.model_validate(alert) for alert in alerts],
        ros_sent_at=case.ros_sent_at,
        ros_number=case.ros_number,
        files=[
            FileView(title=one.title, url=link(services, one.file_key, one.content_type), at=one.at) for one in files
        ],
        snoozes=[SnoozeView.model_validate(one) for one in snoozes],
        story=[StoryView.model_validate(entry) for entry in story],
    )
