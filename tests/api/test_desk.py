"""Whose turn it is, who has read what, and who looks at the same operation."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from fastapi import FastAPI
from sqlalchemy import update

from api import presence
from api.services import Services
from db import desk, notes
from db.session import Sessions
from db.tables import Note, Session
from domain.operations import Actor, ActorKind
from domain.permissions import Role
from tests.api.conftest import Staff
from tests.api.records import create
from tests.people import add_client, add_rate


async def test_who_is_at_the_desk_comes_before_who_is_not_and_then_the_least_busy(staff: Staff, sessions: Sessions):
    away, here = await staff("ana", Role.OPERADOR), await staff("beto", Role.OPERADOR)
    async with sessions.begin() as session:
        assert await desk.next_operator(session) == away.id
        long_ago = datetime.now(UTC) - timedelta(minutes=11)
        await session.execute(update(Session).where(Session.user_id == away.id).values(last_seen_at=long_ago))
        assert await desk.next_operator(session) == here.id
        assert [(one.name, one.present) for one in await desk.seats(session)][-1][1] is False
        await session.execute(update(Session).values(last_seen_at=long_ago))
        assert await desk.next_operator(session) == away.id


async def test_a_note_says_who_else_has_read_it(staff: Staff, sessions: Sessions):
    master, operator = await staff("rosa", Role.MASTER), await staff("beto", Role.OPERADOR)
    async with sessions.begin() as session:
        await add_rate(session)
        client = await add_client(session, "40000001")
    code = (await create(sessions, client)).now.code
    async with sessions.begin() as session:
        note = Note(operation_code=code, key="uno", user_id=master.id, text="Llamó el cliente", at=datetime.now(UTC))
        session.add(note)
    assert "Leída por" not in (await master.http.get(f"/panel/operaciones/{code}")).text
    quiet = {"X-Partes": "1", "X-Fondo": "1"}
    await operator.http.get(f"/panel/operaciones/{code}", headers=quiet)
    async with sessions() as session:
        assert [one for one, _, _ in await notes.readings(session, code)] == [master.id]
    await operator.http.get(f"/panel/operaciones/{code}", headers={**quiet, "X-Visible": "1"})
    assert "Leída por" in (await master.http.get(f"/panel/operaciones/{code}")).text


async def test_only_who_may_read_an_operation_is_told_who_looks_at_it(staff: Staff, sessions: Sessions, app: FastAPI):
    """F165"""
    master, trader = await staff("rosa", Role.MASTER), await staff("carla", Role.TRADER)
    async with sessions.begin() as session:
        await add_rate(session)
        client = await add_client(session, "40000001")
    code = (await create(sessions, client)).now.code
    services: Services = app.state.services
    for person, expected in ((master, code), (trader, None)):
        actor = Actor(kind=ActorKind.STAFF, id=person.id, role=Role.MASTER if person is master else Role.TRADER)
        signed = type("Signed", (), {"id": person.id, "full_name": "X", "actor": actor})()
        assert await presence.look(services, signed, {"operation": code}) == expected
        assert await presence.look(services, signed, {"operation": "'; --"}) is None
