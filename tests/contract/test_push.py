"""Web push and business hours, as the pages ask for them."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pydantic import SecretStr
from sqlalchemy import select

from api.auth import start_client_session
from api.public.hours import described
from db import parameters
from db.tables import PushSubscription
from domain.calendar import LIMA, OPENING_HOURS, business_day
from domain.operations import SYSTEM
from tests.contract.conftest import browser

PUSH = "/api/web/push"
ENDPOINT = "https://fcm.googleapis.com/fcm/send/abc"


def url_safe(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def point(private: ec.EllipticCurvePrivateKey) -> bytes:
    return private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


KEYS = {"p256dh": url_safe(point(ec.generate_private_key(ec.SECP256R1()))), "auth": url_safe(b"0123456789abcdef")}
SUBSCRIPTION = {"endpoint": ENDPOINT, "expirationTime": None, "keys": KEYS}


async def another_session(app, client_id):
    return browser(app, Authorization=f"Bearer {await start_client_session(app.state.services, client_id)}")


async def devices(sessions):
    async with sessions() as session:
        rows = await session.scalars(select(PushSubscription).order_by(PushSubscription.id))
        return [(row.client_id, row.endpoint) for row in rows]


async def test_a_browser_subscribes_with_the_houses_public_key(app, http):
    private = ec.generate_private_key(ec.SECP256R1())
    number = private.private_numbers().private_value.to_bytes(32, "big")
    settings = app.state.services.settings
    assert (await http.get(f"{PUSH}/key")).status_code == 404
    settings.vapid_private_key = SecretStr(url_safe(number))
    try:
        assert (await http.get(f"{PUSH}/key")).json() == {"success": True, "key": url_safe(point(private))}
    finally:
        settings.vapid_private_key = SecretStr("")


async def test_a_browser_belongs_to_the_last_client_that_subscribed_on_it(client, arrive, sessions):
    other = await arrive("40000002")
    for who in (client, client, other):
        answer = await who.http.post(f"{PUSH}/subscribe", json=SUBSCRIPTION)
        assert answer.json()["success"] is True, answer.text
    assert await devices(sessions) == [(other.id, ENDPOINT)]
    assert (await client.http.post(f"{PUSH}/unsubscribe", json={"endpoint": ENDPOINT})).status_code == 200
    assert await devices(sessions) == [(other.id, ENDPOINT)]
    await other.http.post(f"{PUSH}/unsubscribe", json={"endpoint": ENDPOINT})
    assert await devices(sessions) == []


async def test_a_browser_that_stayed_subscribed_goes_on_only_for_the_same_client(app, client, arrive, sessions):
    """After a session lapsed by itself its client comes in again; or another does, on the same machine."""
    other, again = await arrive("40000002"), await another_session(app, client.id)
    device = {"endpoint": ENDPOINT}
    await client.http.post(f"{PUSH}/subscribe", json=SUBSCRIPTION)
    assert (await again.post(f"{PUSH}/resume", json=device)).json() == {"success": True, "active": True}
    await client.http.post("/auth/logout")
    assert await devices(sessions) == [(client.id, ENDPOINT)]
    assert (await other.http.post(f"{PUSH}/resume", json=device)).json()["active"] is False
    assert await devices(sessions) == []
    assert (await again.post(f"{PUSH}/resume", json=device)).json()["active"] is False
    await again.aclose()


async def test_ten_devices_are_the_most_and_the_oldest_goes(client, sessions):
    for n in range(11):
        await client.http.post(f"{PUSH}/subscribe", json={**SUBSCRIPTION, "endpoint": f"{ENDPOINT}{n:02d}"})
    assert [endpoint for _, endpoint in await devices(sessions)] == [f"{ENDPOINT}{n:02d}" for n in range(1, 11)]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"endpoint": "https://intranet.example.test/x"}, "PUSH_ENDPOINT"),
        ({"endpoint": "http://169.254.169.254/latest"}, "PUSH_ENDPOINT"),
        ({"endpoint": "https://[::1/fcm.googleapis.com"}, "PUSH_ENDPOINT"),
        ({"keys": {**KEYS, "auth": "YQ"}}, "PUSH_KEYS"),
        ({"keys": {**KEYS, "p256dh": "ñ"}}, "PUSH_KEYS"),
        # Its length is right, but it is no point of the curve.
        ({"keys": {**KEYS, "p256dh": "B" + "A" * 86}}, "PUSH_KEYS"),
        ({"keys": {}}, "INVALID"),
    ],
)
async def test_what_is_no_browsers_subscription_is_refused(client, sessions, change, code):
    """It comes from outside: it must not point our servers at another machine."""
    answer = await client.http.post(f"{PUSH}/subscribe", json={**SUBSCRIPTION, **change})
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert await devices(sessions) == []


async def test_a_stranger_subscribes_to_nothing(http):
    assert (await http.post(f"{PUSH}/subscribe", json=SUBSCRIPTION)).status_code == 401


@pytest.mark.parametrize(
    ("moment", "attending", "said"),
    [
        ("2026-11-25T10:00", True, "Atendemos hoy hasta las 18:00."),
        ("2026-11-25T08:00", False, "Ahora no atendemos. Tu operación se atenderá hoy desde las 09:00."),
        (
            "2026-11-28T13:00",
            False,
            "Ahora no atendemos. Tu operación se atenderá el lunes 30/11/2026 desde las 09:00.",
        ),
        # 8 and 9 December are holidays: Inmaculada Concepción and Batalla de Ayacucho.
        (
            "2026-12-07T18:00",
            False,
            "Ahora no atendemos. Tu operación se atenderá el jueves 10/12/2026 desde las 09:00.",
        ),
    ],
)
def test_outside_hours_the_page_says_when_it_will_be_attended(moment, attending, said):
    now = datetime.fromisoformat(moment).replace(tzinfo=LIMA)
    shown = described(now, OPENING_HOURS)
    assert (shown["abierto"], shown["mensaje"]) == (attending, said)


async def test_anybody_reads_the_hours_and_the_next_holidays(http):
    data = (await http.get("/api/web/business-hours")).json()["data"]
    assert [day["dia"] for day in data["horario"]] == ["lunes", "martes", "miércoles", "jueves", "viernes", "sábado"]
    assert len(data["feriados"]) == 5
    assert data["abre"].endswith("-05:00")
    assert data["cierra"] > data["abre"]


async def test_master_changes_the_hours_from_a_day_on(http, sessions):
    """F084: the week is data."""
    today = business_day(datetime.now(UTC))
    figures = {"saturday_opens": Decimal("9.5"), "weekday_opens": Decimal(18)}
    async with sessions.begin() as session:
        for name, figure in figures.items():
            told = {"name": name, "figure": figure, "valid_from": today, "source": "acuerdo", "actor": SYSTEM}
            await parameters.set_value(session, **told)
    data = (await http.get("/api/web/business-hours")).json()["data"]
    assert data["horario"] == [{"dia": "sábado", "abre": "09:30", "cierra": "13:00"}]
    async with sessions.begin() as session:
        told = {"name": "saturday_opens", "figure": Decimal(13), "valid_from": today, "source": "x", "actor": SYSTEM}
        await parameters.set_value(session, **told)
    data = (await http.get("/api/web/business-hours")).json()["data"]
    assert (data["abierto"], data["abre"], data["horario"]) == (False, None, [])
