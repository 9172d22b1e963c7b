"""The Libro de Reclamaciones as the house attends it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import Field

from api import onboarding
from api.auth import SignedUser, requires
from api.complaints import start_of
from api.files import link
from api.services import Services, ServicesDep
from api.staff.shapes import (
    MAX_ID,
    PAGE,
    Answer,
    Body,
    Cursor,
    IdempotencyKey,
    Limit,
    after,
    example,
    key_or_new,
    page,
)
from db import complaints
from db.tables import Complaint
from domain.complaints import ComplaintKind, ComplaintStatus, code
from domain.permissions import Permission
from workflows.client_messages import ComplaintAnswer

router = APIRouter(prefix="/api/staff/complaints", tags=["Libro de Reclamaciones"])

SheetId = Annotated[int, Path(ge=1, le=MAX_ID)]
Reader = Annotated[SignedUser, requires(Permission.COMPLAINTS_READ)]
Attendant = Annotated[SignedUser, requires(Permission.COMPLAINTS_ANSWER)]


class AnswerBody(Body):
    """What the person will read."""

    model_config = example(answer="Revisamos tu caso y devolvimos la diferencia a tu cuenta.")
    answer: str = Field(min_length=1, max_length=4000)


class SheetLine(Answer):
    """One sheet of the list."""

    id: int
    code: str
    kind: ComplaintKind
    status: ComplaintStatus
    received_at: datetime
    due_on: date
    answered_at: datetime | None


class SheetList(Answer):
    """A page of sheets."""

    items: list[SheetLine]
    next_cursor: str | None


class SheetView(SheetLine):
    """A sheet, whole."""

    document_type: str
    document_number: str
    names: str
    surnames: str
    company_name: str
    contact_person: str
    email: str
    phone: str
    address: str
    detail: str
    request: str
    answer: str
    evidence_url: str


@router.get("")
async def read_complaints(
    *,
    _user: Reader,
    services: ServicesDep,
    status: ComplaintStatus | None = None,
    cursor: Cursor = None,
    limit: Limit = PAGE,
) -> SheetList:
    """Sheets, newest first."""
    async with services.sessions() as session:
        rows = await complaints.listed(session, status=status, before=after(cursor), limit=limit + 1)
    shown, following = page(rows, limit, lambda row: row.id)
    return SheetList(items=[SheetLine(**_line(row)) for row in shown], next_cursor=following)


@router.get("/{complaint_id}")
async def read_complaint(complaint_id: SheetId, _user: Reader, services: ServicesDep) -> SheetView:
    """One sheet."""
    async with services.sessions() as session:
        return _whole(services, await complaints.one(session, complaint_id))


@router.post("/{complaint_id}/take")
async def take_complaint(complaint_id: SheetId, user: Attendant, services: ServicesDep) -> SheetView:
    """Somebody looks into it: En revisión."""
    async with services.sessions.begin() as session:
        return _whole(services, await complaints.take(session, complaint_id, actor=user.actor))


@router.post("/{complaint_id}/answer")
async def answer_complaint(
    complaint_id: SheetId, body: AnswerBody, user: Attendant, services: ServicesDep, key: IdempotencyKey = None
) -> SheetView:
    """Answer, once: it goes to the person by mail and closes the sheet."""
    async with services.sessions() as session:
        start = await start_of(session, await complaints.one(session, complaint_id))
    command = ComplaintAnswer(actor=user.actor, text=body.answer)
    await onboarding.answer_complaint(services, start, command, key=f"{complaint_id}:{key_or_new(key)}")
    async with services.sessions() as session:
        return _whole(services, await complaints.one(session, complaint_id))


def _line(row: Complaint) -> dict[str, object]:
    own = {name: getattr(row, name) for name in SheetLine.model_fields if name != "code"}
    return {**own, "code": code(row.year, row.number)}


def _whole(services: Services, row: Complaint) -> SheetView:
    own = set(SheetView.model_fields) - set(SheetLine.model_fields) - {"evidence_url"}
    return SheetView(
        **_line(row),
        **{name: getattr(row, name) for name in own},
        evidence_url=link(services, row.evidence_key, row.evidence_type) if row.evidence_key else "",
    )
