"""Contract #14: the Libro de Reclamaciones of the web, and how the house attends it."""

from __future__ import annotations

import asyncio
from datetime import date

from sqlalchemy import select

from db.tables import Complaint, Notification
from domain.calendar import business_day
from domain.complaints import ComplaintStatus, due_on
from tests.contract.conftest import PNG

BOOK = "/api/web/complaints"
SHEET = {
    "tipoDocumento": "DNI",
    "numeroDocumento": "40000099",
    "nombres": "Rosa",
    "apellidos": "Inventada",
    "email": "rosa@example.test",
    "telefono": "987654321",
    "direccion": "Av. Inventada 1",
    "tipoSolicitud": "Queja",
    "detalle": "Nadie contestó el teléfono.",
}


async def sheets(sessions):
    async with sessions() as session:
        return (await session.scalars(select(Complaint).order_by(Complaint.number))).all()


async def test_anybody_writes_with_an_image_and_gets_a_number_and_the_day_of_the_answer(http, promises, sessions):
    answer = await http.post(BOOK, data=SHEET, files={"evidenceImage": ("foto.png", PNG, "image/png")})
    assert answer.json()["success"], answer.text
    (row,) = await sessions_rows(sessions)
    assert answer.json()["numero"] == f"{row.year}-000001"
    assert row.due_on == due_on(business_day(row.received_at), 15)
    assert row.evidence_type == "image/png"
    async with sessions() as session:
        told = (await session.scalars(select(Notification))).all()
    assert {note.room for note in told} == {"role_Master", "role_Middle Office"}
    assert "40000099" not in str([note.payload for note in told])


async def sessions_rows(sessions):
    return await sheets(sessions)


async def test_numbers_follow_each_other_without_gaps_also_at_the_same_instant(http, promises, sessions):
    bad = {**SHEET, "detalle": "…"}
    await asyncio.gather(*(http.post(BOOK, data=sheet) for sheet in (SHEET, bad, SHEET, SHEET)))
    assert [row.number for row in await sheets(sessions)] == [1, 2, 3]


async def test_what_is_missing_is_said_by_its_field(http, sessions):
    for change, field in (
        ({"tipoSolicitud": "Saludo"}, "tipoSolicitud"),
        ({"email": "x"}, "email"),
        ({"numeroDocumento": "1"}, "numeroDocumento"),
        ({"nombres": ""}, "nombres"),
    ):
        answer = await http.post(BOOK, data={**SHEET, **change})
        assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert await sheets(sessions) == []


async def test_with_temporal_away_nothing_is_written_without_its_clock(http, sessions):
    assert (await http.post(BOOK, data=SHEET)).status_code == 503
    assert await sheets(sessions) == []


def test_fifteen_business_days_skip_weekends_and_holidays():
    """Ley 29571: 23 and 24 December 2026 count, the 25th and 1 January do not (nor 8 and 9 December)."""
    assert due_on(date(2026, 12, 4), 15) == date(2026, 12, 30)
    assert ComplaintStatus.RECIBIDO == "Recibido"
