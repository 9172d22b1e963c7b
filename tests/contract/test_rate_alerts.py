"""Rate alerts: asked by a client, fired with the rate that reaches them, told once by screen, mail and push."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select, update

from api.auth import start_user_session
from db import client_changes
from db.tables import Notification, RateAlert, RateAlertFiring
from db.treasury import current_rate, set_rate
from domain.calendar import business_day
from domain.notifications import RATE_REACHED
from domain.operations import SYSTEM
from domain.permissions import Role
from tests.contract.conftest import browser
from tests.people import add_user
from workflows import names

ALERTS = "/api/web/rate-alerts"
ABOVE = {"tipo": "sobre", "moneda": "compra", "valor": 3.45}

pytestmark = pytest.mark.usefixtures("rates")  # 3.4010 and 3.4120


async def publish(sessions, buy: str, sell: str = "3.9000") -> None:
    async with sessions.begin() as session:
        await set_rate(session, buy=Decimal(buy), sell=Decimal(sell), actor=SYSTEM)


async def firings(sessions) -> int:
    async with sessions() as session:
        return await session.scalar(select(func.count()).select_from(RateAlertFiring)) or 0


async def live(client) -> list[int]:
    return [alert["id"] for alert in (await client.http.get(ALERTS)).json()["data"]]


async def test_an_alert_fires_once_and_is_over(client, sessions):
    made = (await client.http.post(ALERTS, json=ABOVE)).json()["data"]
    assert made["hasta"] == (business_day(datetime.now(UTC)) + timedelta(days=30)).isoformat()
    assert made["ultimo_aviso"] is None
    await publish(sessions, "3.4499")
    assert (await firings(sessions), await live(client)) == (0, [made["id"]])
    await publish(sessions, "3.4500")
    assert (await firings(sessions), await live(client)) == (1, [])
    await publish(sessions, "3.4600")
    assert await firings(sessions) == 1
    async with sessions() as session:
        told = (await session.scalars(select(Notification).where(Notification.event == RATE_REACHED))).all()
        assert [one.room for one in told] == [f"client_{client.id}"]


async def test_a_repeating_alert_tells_each_crossing_and_not_each_rate(client, sessions):
    body = {"tipo": "bajo", "moneda": "venta", "valor": 3.40, "repetir": True}
    assert (await client.http.post(ALERTS, json=body)).status_code == 201
    for sell, so_far in (("3.4100", 0), ("3.3990", 1), ("3.3900", 1), ("3.4050", 1), ("3.4000", 2)):
        await publish(sessions, "3.3800", sell)
        assert await firings(sessions) == so_far, sell
    (shown,) = (await client.http.get(ALERTS)).json()["data"]
    assert shown["ultimo_aviso"].endswith("-05:00")


async def test_a_day_that_has_passed_and_a_closed_account_hear_nothing(client, arrive, sessions):
    gone = await arrive("40000002")
    for who in (client, gone):
        assert (await who.http.post(ALERTS, json=ABOVE)).status_code == 201
    yesterday = business_day(datetime.now(UTC)) - timedelta(days=1)
    async with sessions.begin() as session:
        await session.execute(update(RateAlert).where(RateAlert.client_id == client.id).values(until=yesterday))
        await client_changes.close(session, gone.id, actor=SYSTEM, reason="x", now=datetime.now(UTC))
    await publish(sessions, "3.5000")
    assert await firings(sessions) == 0
    assert await live(client) == []


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"tipo": "arriba"}, "tipo"),
        ({"moneda": "euro"}, "moneda"),
        ({"valor": 0}, "valor"),
        ({"valor": 3.40}, "valor"),
        ({"hasta": "2020-01-01"}, "hasta"),
        ({"hasta": "mañana"}, "hasta"),
    ],
)
async def test_what_cannot_be_watched_is_refused_by_its_field(client, change, field):
    answer = await client.http.post(ALERTS, json={**ABOVE, **change})
    assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert await live(client) == []


async def test_ten_are_the_most_and_the_same_one_is_one(client):
    for cent in range(10):
        body = {**ABOVE, "valor": round(3.5 + cent / 100, 2), "hasta": (date.today() + timedelta(days=9)).isoformat()}  # noqa: DTZ011 - any day ahead
        assert (await client.http.post(ALERTS, json=body)).status_code == 201
    assert (await client.http.post(ALERTS, json={**ABOVE, "valor": 4})).json()["code"] == "ALERT_LIMIT"
    ids = await live(client)
    assert (await client.http.delete(f"{ALERTS}/{ids[0]}")).json()["success"] is True
    assert len(await live(client)) == 9
    assert (await client.http.post(ALERTS, json={**ABOVE, "valor": 3.5})).json()["code"] == "ALERT_EXISTS"


async def test_an_alert_is_its_clients_alone(client, arrive, http):
    made = (await client.http.post(ALERTS, json=ABOVE)).json()["data"]["id"]
    other = await arrive("40000002")
    assert await live(other) == []
    assert (await other.http.delete(f"{ALERTS}/{made}")).status_code == 404
    assert (await http.get(ALERTS)).status_code == 401
    assert await live(client) == [made]


async def test_a_jump_that_a_second_person_agrees_to_is_told_at_once_too(
    app, client, promises, empty_namespace, sessions
):
    """It is when the rate jumps that people wait for it."""
    assert (await client.http.post(ALERTS, json=ABOVE)).status_code == 201
    async with sessions.begin() as session:
        masters = [await add_user(session, name, Role.MASTER) for name in ("marta", "mario")]
    tokens = [await start_user_session(app.state.services, master) for master in masters]
    async with (
        browser(app, Authorization=f"Bearer {tokens[0]}") as one,
        browser(app, Authorization=f"Bearer {tokens[1]}") as two,
    ):
        asked = (await one.post("/api/staff/rates", json={"buy": "3.7000", "sell": "3.7200"})).json()
        assert await firings(sessions) == 0
        agreed = await two.post(
            f"/api/staff/approvals/{asked['approval_id']}/decide", json={"approve": True, "reason": "Es correcto"}
        )
        assert agreed.status_code == 200, agreed.text
    async with sessions() as session:
        newest = await current_rate(session)
    assert await firings(sessions) == 1
    round_of_it = empty_namespace.client.get_workflow_handle(names.rate_alerts_id(newest.id))
    assert (await round_of_it.describe()).workflow_type == names.RATE_ALERTS
