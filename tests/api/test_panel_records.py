"""Pips by hand, the history of what left, and many clients given at once: on the page as in the JSON."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from db.session import Sessions
from db.tables import AuditEntry, Client, Delivery
from domain.permissions import Role
from tests.api.records import create
from tests.api.test_panel import House, csrf, house

__all__ = ["house"]
pytestmark = pytest.mark.usefixtures("house")


async def test_pips_by_hand_have_a_reason_and_never_more_are_taken_than_there_are(house: House, sessions: Sessions):
    """F125: a balance is the sum of its entries, whoever writes one."""
    master = house.people[Role.MASTER]
    token, path = await csrf(master), f"/panel/referidos/{house.mine.id}/acreditar"
    assert (await house.people[Role.TRADER].http.get("/panel/referidos")).status_code == 403
    given = await master.http.post(path, data={"pips": "45", "reason": "Campaña de apertura"}, headers=token)
    assert given.headers["hx-redirect"] == f"/panel/referidos?cliente={house.mine.id}"
    too_many = await master.http.post(path, data={"pips": "−46", "reason": "Se anotó dos veces"}, headers=token)
    assert (too_many.status_code, "Solo tiene 45 pips" in too_many.text) == (409, True)
    silent = await master.http.post(path, data={"pips": "5", "reason": ""}, headers=token)
    assert (silent.status_code, 'aria-invalid="true"' in silent.text) == (422, True)
    page = (await master.http.get(f"/panel/referidos?cliente={house.mine.id}")).text
    assert "+45" in page
    assert "Campaña de apertura" in page
    balance = (await master.http.get(f"/api/staff/referrals/{house.mine.id}")).json()
    assert balance == {"earned": 45, "spent": 0, "available": 45, "referred": 0}
    async with sessions() as session:
        assert await session.scalar(select(AuditEntry.reason).where(AuditEntry.action == "referrals.credit"))


async def test_what_left_is_shown_to_who_may_see_its_operation_and_a_waiting_secret_to_nobody(
    house: House, sessions: Sessions
):
    mine, other = (await create(sessions, house.mine)).now.code, (await create(sessions, house.other)).now.code
    now = datetime.now(UTC)
    common = {"notice": "creada", "channel": "correo", "recipient": "rosa.larga@correo.example", "message_id": "<a>"}
    async with sessions.begin() as session:
        session.add(Delivery(**common, subject_key=mine, status="rechazado", detail="El buzón no existe"))
        session.add(Delivery(**common, subject_key=other, status="enviado", sent_at=now))
        session.add(Delivery(**common, subject_key="cliente-1", status="pendiente", detail="sellado-y-secreto"))
    trader = (await house.people[Role.TRADER].http.get("/panel/avisos")).text
    everything = (await house.people[Role.MASTER].http.get("/panel/avisos")).text
    assert [(mine in page, other in page) for page in (trader, everything)] == [(True, False), (True, True)]
    assert "El buzón no existe" in trader
    assert "sellado-y-secreto" not in everything
    assert "rosa.larga@" not in everything
    refused = (await house.people[Role.MASTER].http.get("/panel/avisos?rechazados=si")).text
    assert (mine in refused, other in refused) == (True, False)
    asked = await house.people[Role.TRADER].http.get("/panel/avisos/1/reenviar")
    assert (asked.status_code, "Sale a c4***@example.test" in asked.text) == (200, True)
    assert (await house.people[Role.TRADER].http.get("/panel/avisos/2/reenviar")).status_code == 404
    assert "/panel/avisos/1/reenviar" in (await house.people[Role.TRADER].http.get(f"/panel/operaciones/{mine}")).text
    told = (await house.people[Role.MASTER].http.get("/panel/avisos/mios")).text
    assert "Nueva operación" in told


async def test_many_clients_are_given_to_a_trader_at_once_by_a_master_only(house: House, sessions: Sessions):
    master, path = house.people[Role.MASTER], "/panel/clientes/reasignar"
    chosen = f"{path}?n={house.mine.id}&n={house.other.id}"
    token = await csrf(master)
    assert "Reasignar 2 clientes" in (await master.http.get(chosen)).text
    assert (await master.http.get(path)).status_code == 422
    form = {"trader_id": str(house.people[Role.TRADER].id), "reason": "Vacaciones de la titular"}
    assert (await house.people[Role.TRADER].http.get(chosen)).status_code == 403
    assert 'name="n"' not in (await house.people[Role.TRADER].http.get("/panel/clientes")).text
    assert (await master.http.post(chosen, data=form, headers=token)).status_code == 200
    async with sessions() as session:
        owners = (await session.scalars(select(Client.trader_id))).all()
    assert set(owners) == {house.people[Role.TRADER].id}
