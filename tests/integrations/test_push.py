"""Pushes to browsers, as RFC 8030 and VAPID want them; Expo is tested where notices are."""

from __future__ import annotations

import base64
import secrets
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from integrations.push import Device, Push, PushDown, Pusher, PushRefused
from integrations.settings import PushSettings
from tests.standins.programs import StandIn

PUSH = Push(title="QoriCash", body="Te pagamos US$ 1,500.00.", data={"operation_id": "EXP-1001"})


def url_safe(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def browser(program: StandIn, name: str) -> Device:
    """A subscription as a browser makes it."""
    public = ec.generate_private_key(ec.SECP256R1()).public_key()
    point = public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    keys = {"p256dh": url_safe(point), "auth": url_safe(secrets.token_bytes(16))}
    return Device(kind="web", endpoint=f"{program.url}/webpush/{name}", keys=keys)


@pytest.fixture
async def pusher(push_program: StandIn):
    push_program.empty()
    number = ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value
    made = Pusher(
        PushSettings(
            expo_push_url=f"{push_program.url}/--/api/v2/push/send",
            vapid_private_key=url_safe(number.to_bytes(32, "big")),
            vapid_subject="mailto:sistemas@qoricash.test",
        )
    )
    yield made
    await made.aclose()


async def test_a_browser_gets_it_encrypted(pusher: Pusher, push_program: StandIn):
    await pusher.send(browser(push_program, "uno"), PUSH)
    (sent,) = push_program.received()
    assert (sent["to"], sent["headers"]["content-encoding"]) == ("uno", "aes128gcm")
    assert b"Te pagamos" not in base64.b64decode(sent["body"])


@pytest.mark.parametrize("point", ["", "x", "B" + "A" * 86, "ñ"])
async def test_a_browser_whose_key_is_none_is_gone(pusher: Pusher, push_program: StandIn, point: str):
    """One that was kept before keys were checked would have held up every notice of its client."""
    device = browser(push_program, "cero")
    with pytest.raises(PushRefused) as refused:
        await pusher.send(replace(device, keys={**device.keys, "p256dh": point}), PUSH)
    assert refused.value.gone


async def test_a_browser_that_has_unsubscribed_is_gone(pusher: Pusher, push_program: StandIn):
    push_program.inject("gone", operacion="webpush")
    with pytest.raises(PushRefused) as refused:
        await pusher.send(browser(push_program, "dos"), PUSH)
    assert refused.value.gone


async def test_a_service_that_fails_may_take_it_later(pusher: Pusher, push_program: StandIn):
    push_program.inject("500", operacion="webpush")
    with pytest.raises(PushDown):
        await pusher.send(browser(push_program, "tres"), PUSH)


@pytest.mark.parametrize(
    "endpoint", ["https://intranet.example.test/x", "http://169.254.169.254/latest", "file:///etc"]
)
async def test_no_address_but_a_browser_service_is_ever_called(pusher: Pusher, endpoint: str):
    """A subscription comes from outside: it must not point this server at another machine."""
    with pytest.raises(PushRefused, match="navegador conocido"):
        await pusher.send(Device(kind="web", endpoint=endpoint), PUSH)


async def test_an_expo_token_of_another_shape_is_refused_without_a_call(pusher: Pusher, push_program: StandIn):
    with pytest.raises(PushRefused):
        await pusher.send(Device(kind="expo", endpoint="cualquiera"), PUSH)
    assert push_program.received() == []
