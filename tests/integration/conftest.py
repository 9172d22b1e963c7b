"""One house for every test of this ring, as a person at home starts it: `qoricash up` with its demo data."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from http import HTTPStatus

import pytest
from temporalio.client import Client

from integrations.temporal import PLAIN_CONVERTER
from tests.integration.people import Customer, Desk, Town
from tests.integration.privacy import leaks, private_words
from tests.integration.running import Stack

Arrive = Callable[..., Awaitable[Customer]]


@pytest.fixture(scope="package")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The running house."""
    running = Stack(tmp_path_factory.mktemp("house") / "var").start()
    yield running
    running.stop()


@pytest.fixture(scope="package")
async def town(stack: Stack) -> AsyncIterator[Town]:
    """Everybody who comes to the house. When the last one has left, no log knows who they were (F186)."""
    made = Town(stack.api, stack.place["database_url"])
    yield made
    await made.close()
    assert leaks(stack, private_words(stack, made)) == []


@pytest.fixture(scope="package")
async def master(stack: Stack, town: Town) -> Desk:
    """Rosa, who may do everything."""
    known = stack.people["staff"][0]
    assert known["role"] == "Master"
    return await town.desk(known["username"], known["password"])


@pytest.fixture(scope="package")
async def temporal_client(stack: Stack) -> Client:
    return await Client.connect(stack.place["temporal_address"], data_converter=PLAIN_CONVERTER)


@pytest.fixture(autouse=True)
async def signed_in(stack: Stack, town: Town, master: Desk) -> None:
    """Rosa comes in again when generated requests, or ten quiet minutes, have ended her session."""
    if (await master.http.get("/api/staff/operations?limit=1")).status_code == HTTPStatus.UNAUTHORIZED:
        known = stack.people["staff"][0]
        again = await town.desk(known["username"], known["password"])
        master.http.headers["Authorization"] = again.http.headers["Authorization"]


@pytest.fixture(autouse=True)
def healthy(stack: Stack) -> Iterator[None]:
    """Whatever a test broke is mended after it."""
    yield
    stack.heal()
