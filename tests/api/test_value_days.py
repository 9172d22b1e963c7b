"""Completing with the date of an earlier day, from the page to the books (F038)."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select

from db import settlement
from db.session import Sessions
from db.tables import LedgerEntry, LedgerPeriod
from domain import commands as c
from domain.calendar import business_day
from domain.permissions import Role
from tests.api.records import Written, staff_actor
from tests.api.test_panel import PICTURE, House, house, processing
from tests.books import signed
from tests.clock import now, today

__all__ = ["house"]


async def paid_yesterday(sessions: Sessions, house: House) -> Written:
    """En proceso since the day before yesterday, with the Operador's proof; nobody has completed it."""
    written = await processing(sessions, house)
    operator = staff_actor(house.people[Role.OPERADOR].id, Role.OPERADOR)
    written.now = replace(written.now, operator_id=operator.id, in_process_since=now() - timedelta(days=2))
    await written.does(c.AttachProof(actor=operator, files=(PICTURE,)))
    return written


async def test_the_books_count_it_on_the_day_that_a_master_says(house: House, sessions: Sessions):
    written = await paid_yesterday(sessions, house)
    master = house.people[Role.MASTER]
    said = c.Complete(
        actor=staff_actor(master.id, Role.MASTER), value_day=yesterday(), reason="la constancia llegó hoy"
    )
    await written.does(said)
    async with sessions.begin() as session:
        await settlement.settle(session, written.now.code, at=now())
        day = await session.scalar(select(LedgerEntry.day).where(LedgerEntry.operation_code == written.now.code))
    assert day == yesterday()
    page = (await master.http.get(f"/panel/operaciones/{written.now.code}")).text
    assert "la constancia llegó hoy" in page
    listed = (await master.http.get("/api/staff/operations", params={"code": written.now.code})).json()["items"][0]
    assert business_day(datetime.fromisoformat(listed["finished_at"])) == yesterday()


async def test_only_a_master_is_asked_for_the_day(house: House, sessions: Sessions):
    written = await paid_yesterday(sessions, house)
    for role, asked in ((Role.MASTER, True), (Role.OPERADOR, False)):
        dialog = (await house.people[role].http.get(f"/panel/operaciones/{written.now.code}/complete")).text
        assert ('name="fecha"' in dialog) is asked, role


@pytest.mark.parametrize("closed", ["day", "month"])
async def test_a_signed_day_and_a_closed_month_take_nothing_more(closed: str, house: House, sessions: Sessions):
    """Refused at the door, under the date, and the operation stays as it was."""
    written = await paid_yesterday(sessions, house)
    master = house.people[Role.MASTER]
    async with sessions.begin() as session:
        session.add(signed(yesterday()) if closed == "day" else month_of(yesterday(), master.id))
    path = f"/panel/operaciones/{written.now.code}/complete"
    token = re.search(r'name="csrf" content="([0-9a-f]+)"', (await master.http.get("/panel/tablero")).text)
    assert token
    form = {"fecha": yesterday().isoformat(), "motivo": "la constancia llegó hoy", "clave_unica": "k"}
    headers = {"X-CSRF-Token": token.group(1), "HX-Request": "true"}
    answer = await master.http.post(path, data=form, headers=headers)
    assert answer.status_code == 409
    assert "pide su reapertura" in answer.text
    told = (await master.http.get(f"/api/staff/operations/{written.now.code}")).json()
    assert told["state"] == "En proceso"


def yesterday() -> date:
    return today() - timedelta(days=1)


def month_of(day: date, user_id: int) -> LedgerPeriod:
    return LedgerPeriod(year=day.year, month=day.month, closed=True, user_id=user_id, at=now())
