"""The API as its callers meet it: the real application on a real PostgreSQL, called over ASGI."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

import httpx
import pytest
from fastapi import FastAPI

from api.auth import start_user_session
from api.settings import ApiSettings
from db.session import Sessions
from db.settings import DatabaseSettings
from db.tables import User
from demo_records import CHEAP
from domain.permissions import Role
from tests.applications import running_app
from tests.free_ports import free_port
from tests.people import add_user

PASSWORD = "clave-de-prueba-1"
HOUSE = "http://casa.test"


@pytest.fixture(scope="session")
def password_hash() -> str:
    """One hash for every invented person, cheap to look at."""
    return CHEAP.hash(PASSWORD)


@pytest.fixture
def api_settings() -> ApiSettings:
    """As on a developer's machine; tests of limits and of production override it."""
    return ApiSettings(public_url=HOUSE, rate_limit_anonymous="")


@pytest.fixture
async def app(database_url: str, api_settings: ApiSettings, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FastAPI]:
    """The application with its lifespan running, and Temporal away: what needs it is in the integration ring."""
    monkeypatch.setenv("TEMPORAL_ADDRESS", f"127.0.0.1:{free_port()}")
    async with running_app(api_settings, DatabaseSettings(url=database_url)) as made:
        yield made


@pytest.fixture
async def http(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A stranger's HTTP client."""
    async with client_of(app) as made:
        yield made


def client_of(app: FastAPI, address: str = "203.0.113.7", **headers: str) -> httpx.AsyncClient:
    """An HTTP client that calls from `address`."""
    transport = httpx.ASGITransport(app, client=(address, 50_000))
    return httpx.AsyncClient(transport=transport, base_url=HOUSE, headers=headers)


@dataclass(frozen=True, kw_only=True)
class Person:
    """A person of the house with a signed-in client."""

    id: int
    username: str
    token: str
    http: httpx.AsyncClient


Staff = Callable[[str, Role], Awaitable[Person]]


@pytest.fixture
async def staff(app: FastAPI, sessions: Sessions, password_hash: str) -> AsyncIterator[Staff]:
    """Adds a person with a live session."""
    opened: list[httpx.AsyncClient] = []

    async def signed_in(username: str, role: Role) -> Person:
        async with sessions.begin() as session:
            user_id = await add_user(session, username, role)
            (await session.get_one(User, user_id)).password_hash = password_hash
        token = await start_user_session(app.state.services, user_id)
        client = client_of(app, Authorization=f"Bearer {token}")
        opened.append(client)
        return Person(id=user_id, username=username, token=token, http=client)

    yield signed_in
    for client in opened:
        await client.aclose()
