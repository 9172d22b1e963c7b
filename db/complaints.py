"""The Libro de Reclamaciones in the database: numbered by year without gaps, answered once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from db import audit, parameters
from db.notifications import notify
from db.tables import Complaint, ComplaintYear, User
from domain.calendar import business_day
from domain.complaints import ComplaintStatus, Sheet, due_on
from domain.errors import Conflict, Invalid, Missing
from domain.notifications import role_room
from domain.operations import SYSTEM, Actor
from domain.permissions import Role

# Who of the house attends the book.
ATTEND = (Role.MASTER, Role.MIDDLE_OFFICE)
RECEIVED, DUE_SOON = "reclamo_recibido", "reclamo_por_vencer"
MIN_ANSWER = 10


async def receive(session: AsyncSession, sheet: Sheet, *, now: datetime) -> Complaint:
    """Write a sheet with the next number of the year, and tell who attends."""
    day = business_day(now)
    row = Complaint(
        **asdict(sheet),
        year=day.year,
        number=await _next_number(session, day.year),
        status=ComplaintStatus.RECIBIDO,
        due_on=due_on(day, int(await parameters.value(session, "complaint_business_days", day))),
        received_at=now,
    )
    session.add(row)
    await session.flush()
    audit.record(session, actor=SYSTEM, action="complaints.receive", entity="complaint", entity_id=row.id)
    await _tell(session, row, RECEIVED)
    return row


async def exists(session: AsyncSession, complaint_id: int) -> bool:
    """Whether the sheet has been committed."""
    return await session.get(Complaint, complaint_id) is not None


async def one(session: AsyncSession, complaint_id: int) -> Complaint:
    """A sheet. Raises Missing."""
    row = await session.get(Complaint, complaint_id)
    if row is None:
        raise Missing("COMPLAINT_NOT_FOUND", "No encontramos esa hoja del libro.", field="complaint_id")
    return row


async def listed(
    session: AsyncSession, *, status: ComplaintStatus | None, before: int | None, limit: int
) -> Sequence[Complaint]:
    """Sheets, newest first."""
    wanted = select(Complaint).order_by(Complaint.id.desc()).limit(limit)
    if status is not None:
        wanted = wanted.where(Complaint.status == status)
    if before is not None:
        wanted = wanted.where(Complaint.id < before)
    return (await session.scalars(wanted)).all()


async def take(session: AsyncSession, complaint_id: int, *, actor: Actor) -> Complaint:
    """Somebody is looking into it. Raises Conflict once it is answered."""
    row = await _held(session, complaint_id)
    if row.status is ComplaintStatus.RESPONDIDO:
        raise Conflict("COMPLAINT_ANSWERED", "Esta hoja ya fue respondida.")
    row.status = ComplaintStatus.EN_REVISION
    audit.record(session, actor=actor, action="complaints.take", entity="complaint", entity_id=complaint_id)
    return row


async def answer(
    session: AsyncSession, complaint_id: int, *, actor: Actor, text: str, key: str, at: datetime
) -> Complaint:
    """The house's answer, once; the same key again changes nothing. Raises Invalid, Conflict, Missing."""
    row = await _held(session, complaint_id)
    if row.status is ComplaintStatus.RESPONDIDO:
        if row.answer_key == key:
            return row
        raise Conflict("COMPLAINT_ANSWERED", "Esta hoja ya fue respondida.")
    if len(text.strip()) < MIN_ANSWER:
        raise Invalid("ANSWER_SHORT", "Escribe una respuesta completa para la persona.", field="answer")
    row.status, row.answer, row.answer_key = ComplaintStatus.RESPONDIDO, text.strip(), key
    row.answered_by, row.answered_at = actor.id, at
    audit.record(session, actor=actor, action="complaints.answer", entity="complaint", entity_id=complaint_id)
    await session.flush()
    return row


async def remind(session: AsyncSession, complaint_id: int) -> bool:
    """Tell who attends that the term is near, once; False when it has been answered."""
    row = await _held(session, complaint_id)
    if row.status is ComplaintStatus.RESPONDIDO:
        return False
    await _tell(session, row, DUE_SOON)
    return True


async def house_addresses(session: AsyncSession) -> Sequence[str]:
    """Who of the house gets a copy of each sheet."""
    wanted = select(User.email).where(User.status == "Activo", User.role.in_(ATTEND)).order_by(User.id)
    return (await session.scalars(wanted)).all()


async def _next_number(session: AsyncSession, year: int) -> int:
    row = insert(ComplaintYear).values(year=year, last=1)
    counted = row.on_conflict_do_update(index_elements=["year"], set_={"last": ComplaintYear.last + 1})
    number: int = (await session.scalars(counted.returning(ComplaintYear.last))).one()
    return number


async def _held(session: AsyncSession, complaint_id: int) -> Complaint:
    row = await session.get(Complaint, complaint_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise Missing("COMPLAINT_NOT_FOUND", "No encontramos esa hoja del libro.", field="complaint_id")
    return row


async def _tell(session: AsyncSession, row: Complaint, event: str) -> None:
    payload = {"complaint_id": row.id, "due_on": row.due_on.isoformat()}
    for role in ATTEND:
        await notify(session, key=f"complaint:{row.id}", room=role_room(role), event=event, payload=payload)
