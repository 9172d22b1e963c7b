"""How often a stranger may call, and whose word about an address is believed."""

from __future__ import annotations

import httpx
import pytest
from fastapi import FastAPI
from starlette.datastructures import Headers

from api.address import client_address
from api.auth import start_client_session
from api.settings import ApiSettings
from db.session import Sessions
from domain.permissions import Role
from tests.api.conftest import HOUSE, Staff, client_of
from tests.people import add_client


@pytest.fixture
def api_settings() -> ApiSettings:
    return ApiSettings(public_url=HOUSE, rate_limit_anonymous="3/hour")


async def _calls(http: httpx.AsyncClient, times: int, path: str = "/api/staff/me") -> list[int]:
    return [(await http.get(path)).status_code for _ in range(times)]


async def test_a_stranger_is_told_to_wait_in_json_and_for_how_long(http: httpx.AsyncClient):
    assert await _calls(http, 4) == [401, 401, 401, 429]
    refused = await http.get("/api/staff/me")
    assert refused.json()["code"] == "TOO_MANY_REQUESTS"
    assert 0 < int(refused.headers["retry-after"]) <= 3600


async def test_the_public_contract_is_told_in_its_own_words(http: httpx.AsyncClient):
    await _calls(http, 3)
    refused = await http.post("/api/client/me", json={"dni": "12345678"})
    assert refused.status_code == 429
    assert refused.json()["success"] is False
    assert refused.json()["message"]


async def test_one_address_does_not_use_up_another(app: FastAPI):
    async with client_of(app, "198.51.100.1") as first, client_of(app, "198.51.100.2") as second:
        await _calls(first, 4)
        assert await _calls(second, 1) == [401]


async def test_the_signed_in_poll_as_often_as_they_need(app: FastAPI, staff: Staff, sessions: Sessions):
    person = await staff("marta", Role.MASTER)
    assert set(await _calls(person.http, 8)) == {200}
    async with sessions.begin() as session:
        client = await add_client(session, "40000001")
    token = await start_client_session(app.state.services, client.id)
    async with client_of(app, Authorization=f"Bearer {token}") as http:
        assert 429 not in await _calls(http, 8)


async def test_an_invented_token_does_not_exempt(app: FastAPI):
    async with client_of(app, Authorization="Bearer inventado") as http:
        assert await _calls(http, 4) == [401, 401, 401, 429]


async def test_health_pages_and_documentation_are_never_limited(http: httpx.AsyncClient):
    assert set(await _calls(http, 6, "/healthz")) == {200}
    assert set(await _calls(http, 6, "/api/openapi.json")) == {200}
    assert set(await _calls(http, 6, "/docs")) == {200}


PROXIES = ApiSettings(trusted_proxies="10.0.0.0/8,192.0.2.1").proxy_networks()


@pytest.mark.parametrize(
    ("peer", "forwarded", "real"),
    [
        ("203.0.113.9", "1.2.3.4", "203.0.113.9"),
        ("10.0.0.5", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.5", "6.6.6.6, 203.0.113.9", "203.0.113.9"),
        ("10.0.0.5", "6.6.6.6, 203.0.113.9, 192.0.2.1", "203.0.113.9"),
        ("10.0.0.5", "10.1.1.1", "10.1.1.1"),
        ("10.0.0.5", "", "10.0.0.5"),
        ("10.0.0.5", "basura", "desconocida"),
        ("2001:db8:1:2::9", "", "2001:db8:1:2::/64"),
    ],
)
def test_the_address_is_the_last_one_that_our_proxies_did_not_write(peer: str, forwarded: str, real: str):
    """F170."""
    headers = Headers({"x-forwarded-for": forwarded}).raw
    assert client_address({"type": "http", "client": (peer, 1), "headers": headers}, PROXIES) == real
