"""A sheet of the Libro de Reclamaciones rings before its term ends, and stops when it is answered."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from sqlalchemy import func, select

from db import complaints
from db.tables import Notification
from domain.complaints import ComplaintKind, Sheet
from tests.workflows.conftest import People
from tests.workflows.house import House, eventually
from workflows import client_messages as c
from workflows import names


async def test_who_attends_is_told_near_the_end_and_the_answer_goes_out_once(house: House, people: People):
    sheet = Sheet(
        document_type="DNI",
        document_number="40000099",
        names="ROSA",
        surnames="INVENTADA",
        company_name="",
        contact_person="",
        email="rosa@example.test",
        phone="",
        address="",
        kind=ComplaintKind.QUEJA,
        detail="Nadie contestó.",
    )
    now = datetime.now(UTC)
    async with house.sessions.begin() as session:
        row = await complaints.receive(session, sheet, now=now)
    start = c.ComplaintStart(
        complaint_id=row.id, code="2026-000001", due_on=row.due_on, remind_at=now + timedelta(days=12)
    )
    handle = await house.client.start_workflow(
        names.COMPLAINT, start, id=names.complaint_id(row.id), task_queue=names.OPERATIONS_QUEUE
    )

    async def rung() -> bool:
        async with house.sessions() as session:
            told = select(func.count()).where(Notification.event == complaints.DUE_SOON)
            return await session.scalar(told) == 2

    await house.pass_time(handle, 11 * 24 * 60)
    assert not await rung()
    await house.pass_time(handle, 2 * 24 * 60)
    await eventually(rung)
    command = c.ComplaintAnswer(actor=people.officer, text="Te pedimos disculpas; ya te llamamos.")
    for _ in range(2):
        await handle.execute_update(names.ANSWER_COMPLAINT, command, id="clic")
    assert await handle.result() == "Respondido"
    assert house.outside.done["reclamo_respuesta"] == 1
    assert "Nadie contest" not in (await handle.fetch_history()).to_json()


async def test_a_sheet_that_never_commits_mails_nobody_and_ends(house: House):
    """The process died between the start and the commit."""
    start = c.ComplaintStart(
        complaint_id=999_999,
        code="2026-000009",
        due_on=date(2026, 12, 20),
        remind_at=datetime(2026, 12, 15, tzinfo=UTC),
    )
    handle = await house.client.start_workflow(
        names.COMPLAINT, start, id=names.complaint_id(999_999), task_queue=names.OPERATIONS_QUEUE
    )
    await house.pass_time(handle, 2)
    assert await handle.result() == "Sin hoja"
    assert not house.outside.done
