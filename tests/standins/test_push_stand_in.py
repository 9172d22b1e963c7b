"""The stand-in of the push services answers Expo's tickets and a browser's web push, and delivers nothing."""

from __future__ import annotations

import base64
import os
import signal
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from py_vapid import Vapid
from pywebpush import WebPushException, webpush

from tests.standins.programs import HTTP, StandIn, Starter

DEVICE = "ExponentPushToken[prueba-0001]"


@pytest.fixture(scope="module")
def process(start: Starter) -> StandIn:
    return start("push")


@pytest.fixture
def push(process: StandIn) -> StandIn:
    return process.empty()


def expo(push: StandIn, body: Any, *, call: str = "send") -> httpx.Response:
    return HTTP.post(f"{push.url}/--/api/v2/push/{call}", json=body)


def subscription(push: StandIn) -> dict[str, Any]:
    """What a browser would give the house."""
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    point = key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    keys = {
        "p256dh": base64.urlsafe_b64encode(point).decode(),
        "auth": base64.urlsafe_b64encode(os.urandom(16)).decode(),
    }
    return {"endpoint": f"{push.url}/webpush/navegador-1", "keys": keys}


def web(push: StandIn) -> Any:
    vapid = Vapid()
    vapid.generate_keys()
    return webpush(
        subscription(push),
        "Tu operación está lista",
        vapid_private_key=vapid,
        vapid_claims={"sub": "mailto:a@example.test"},
    )


def test_every_message_gets_a_ticket_in_its_order(push: StandIn):
    messages = [{"to": DEVICE, "title": "Operación EXP-1001"}, {"to": "desconocido", "title": "x"}]
    good, bad = expo(push, messages).json()["data"]
    assert good["status"] == "ok"
    assert (bad["status"], bad["details"]["error"]) == ("error", "DeviceNotRegistered")
    assert expo(push, messages[0]).json()["data"]["status"] == "ok"
    assert [received["message"]["title"] for received in push.received()] == ["Operación EXP-1001"] * 2
    receipts = expo(push, {"ids": [good["id"], "otro"]}, call="getReceipts").json()["data"]
    assert receipts == {good["id"]: {"status": "ok"}}


def test_more_than_a_hundred_messages_are_refused(push: StandIn):
    answer = expo(push, [{"to": DEVICE}] * 101)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["code"] == "PUSH_TOO_MANY_NOTIFICATIONS"
    assert push.received() == []


def test_the_real_web_push_library_delivers(push: StandIn):
    assert web(push).status_code == 201
    (received,) = push.received()
    assert (received["service"], received["to"]) == ("webpush", "navegador-1")
    assert received["headers"]["content-encoding"] == "aes128gcm"
    assert received["size"] > 0


def test_a_web_push_without_ttl_or_signature_is_refused(push: StandIn):
    url = f"{push.url}/webpush/navegador-1"
    assert HTTP.post(url, content=b"x").status_code == 400
    assert HTTP.post(url, content=b"x", headers={"TTL": "60"}).status_code == 401
    assert push.received() == []


def test_a_device_that_is_gone_says_so(push: StandIn):
    push.inject("gone", times=2)
    with pytest.raises(WebPushException) as refusal:
        web(push)
    assert refusal.value.response.status_code == 410
    assert expo(push, {"to": DEVICE}).json()["data"]["details"]["error"] == "DeviceNotRegistered"
    assert expo(push, {"to": DEVICE}).json()["data"]["status"] == "ok"


def test_a_failing_service_records_nothing(push: StandIn):
    """F200."""
    push.inject("500", operacion="expo")
    assert expo(push, {"to": DEVICE}).status_code == 500
    push.inject("down")
    assert expo(push, {"to": DEVICE}).status_code == 503
    assert push.received() == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_messages_survive_a_stop_and_a_kill(push: StandIn, number: int):
    expo(push, {"to": DEVICE, "title": "Hola"})
    assert push.stop(number) == (0 if number == signal.SIGTERM else -signal.SIGKILL)
    push.start()
    assert [received["message"]["title"] for received in push.received()] == ["Hola"]
