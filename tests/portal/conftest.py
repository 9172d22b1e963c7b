"""The portal over HTTP: the clients and the application of the contract's ring, and what a page of theirs carries."""

from __future__ import annotations

import re
from typing import Any

import httpx

from tests.contract.conftest import (
    api_settings,
    app,
    arrive,
    client,
    empty_namespace,
    http,
    password_hash,
    promises,
    rates,
    shelf,
    shelf_of_session,
)

__all__ = [
    "act",
    "api_settings",
    "app",
    "arrive",
    "client",
    "empty_namespace",
    "http",
    "password_hash",
    "promises",
    "rates",
    "shelf",
    "shelf_of_session",
    "token_of",
]

_TOKEN = re.compile(r'<meta name="csrf" content="(\w+)">')


async def token_of(person: httpx.AsyncClient) -> str:
    """What this session's pages send with every act."""
    found = _TOKEN.search((await person.get("/cuenta")).text)
    assert found is not None
    return found[1]


async def act(person: httpx.AsyncClient, path: str, *, token: str | None = None, **more: Any) -> httpx.Response:
    """A form of a page, sent as the page sends it."""
    given = await token_of(person) if token is None else token
    return await person.post(path, headers={"X-CSRF-Token": given, "HX-Request": "true"}, **more)
