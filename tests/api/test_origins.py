"""From which sites a browser may act."""

from __future__ import annotations

import pytest
from fastapi import FastAPI

from api.auth import COOKIE
from api.settings import SEED_ORIGINS
from domain.permissions import Role
from tests.api.conftest import HOUSE, Staff, client_of

FOREIGN = "https://malo.example"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": FOREIGN}, 403),
        ({"Origin": FOREIGN, "Sec-Fetch-Site": "cross-site"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": HOUSE}, 200),
        ({"Origin": "https://casa.test"}, 200),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Origin": SEED_ORIGINS[1], "Sec-Fetch-Site": "cross-site"}, 200),
        ({}, 200),
    ],
)
async def test_the_cookie_alone_acts_only_from_our_pages(
    app: FastAPI, staff: Staff, headers: dict[str, str], status: int
):
    person = await staff("marta", Role.MASTER)
    async with client_of(app) as http:
        http.cookies.set(COOKIE, person.token)
        answer = await http.post("/api/staff/logout", headers=headers)
        assert answer.status_code == status
        still_in = (await http.get("/api/staff/me")).status_code == 200
    assert still_in is (status == 403)


async def test_a_bearer_needs_no_origin(staff: Staff):
    person = await staff("marta", Role.MASTER)
    assert (await person.http.post("/api/staff/logout", headers={"Origin": FOREIGN})).status_code == 200


@pytest.mark.parametrize("origin", SEED_ORIGINS)
async def test_the_four_known_front_ends_get_credentialed_cors(app: FastAPI, origin: str):
    """F194: an origin missing from the list left the site without prices."""
    asked = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type, authorization",
    }
    async with client_of(app) as http:
        answer = await http.options("/api/client/login", headers=asked)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == origin
    assert answer.headers["access-control-allow-credentials"] == "true"
    assert "POST" in answer.headers["access-control-allow-methods"]


async def test_a_foreign_site_reads_nothing(app: FastAPI):
    async with client_of(app, Origin=FOREIGN) as http:
        answer = await http.get("/healthz")
    assert "access-control-allow-origin" not in answer.headers


async def test_an_error_also_carries_the_cors_headers(app: FastAPI):
    """Without them a browser shows a network failure in place of our sentence."""
    async with client_of(app, Origin=SEED_ORIGINS[0]) as http:
        answer = await http.get("/api/client/nada")
    assert answer.status_code == 404
    assert answer.headers["access-control-allow-origin"] == SEED_ORIGINS[0]
