"""Headers come from anybody, before any sign-in: whatever they hold, no answer is a fault of ours."""

from __future__ import annotations

import random

from fastapi import FastAPI

from tests.api.conftest import client_of

NAMES = (
    *("Origin", "Host", "Referer", "Cookie", "Authorization", "X-API-Key", "X-CSRF-Token", "Idempotency-Key"),
    *("Content-Type", "Content-Encoding", "Accept", "Accept-Encoding", "Accept-Language", "Range"),
    *("If-None-Match", "If-Modified-Since", "HX-Request", "HX-Current-URL", "HX-Target", "User-Agent"),
    *("X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "Forwarded", "Sec-Fetch-Site"),
    *("Access-Control-Request-Method", "Access-Control-Request-Headers"),
)
ODD = (
    *("", "null", "http://[x", "http://[::1/x", "//", "http://a:99999", "javascript:", "%00", "{", "=;=;", '"', "\xff"),
    *(
        "Bearer",
        "Bearer ",
        "Basic x",
        "-1",
        "1e5",
        "bytes=0-",
        'W/"x',
        "Wed, 99 Foo",
        "text/html; charset=x",
        "unknown",
    ),
    *("multipart/form-data", "multipart/form-data; boundary=", "application/json; charset=utf-99"),
    "a" * 9000,
)
ASKED = (
    *(("GET", "/"), ("GET", "/panel/ingresar"), ("GET", "/api/web/rates"), ("GET", "/api/platform/health")),
    *(("POST", "/api/client/login"), ("POST", "/panel/ingresar"), ("POST", "/portal/ingresar")),
    *(("POST", "/api/web/create-operation"), ("OPTIONS", "/api/client/login")),
    ("GET", "/socket.io/?EIO=4&transport=polling"),
)


async def test_no_header_makes_the_house_fault(app: FastAPI):
    """An Origin that is no address was a 500, at every door."""
    dice, broken = random.Random(7), []
    async with client_of(app) as http:
        for verb, path in ASKED:
            for name in NAMES:
                others = {dice.choice(NAMES): dice.choice(ODD) for _ in range(2)}
                for odd in dice.sample(ODD, 6) if name != "Origin" else ODD:
                    headers = {key: value.encode("latin-1") for key, value in (others | {name: odd}).items()}
                    answer = await http.request(verb, path, headers=headers, content=b"{}" if verb == "POST" else None)
                    if answer.status_code >= 500 and answer.status_code != 503:
                        broken.append((verb, path, headers))
    assert broken == []
