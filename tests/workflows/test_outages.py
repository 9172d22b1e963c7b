"""The database away, and workers that come and go: every command is answered in the end, once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg
import pytest

from db.tables import OperationEvent
from domain import commands as c
from domain.operations import State
from tests.workflows.conftest import People
from tests.workflows.house import PROOF, House, client_of, eventually

# Longer than a local write is tried (workflows/effects.py), so that the normal activity takes over.
LONG = 9.0


@asynccontextmanager
async def database_away(postgres_url: str, database_url: str) -> AsyncIterator[None]:
    """As PostgreSQL restarting: open connections die and new ones are refused."""
    name = database_url.rpartition("/")[2]
    async with await psycopg.AsyncConnection.connect(postgres_url, autocommit=True) as admin:
        await admin.execute(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS false")
        await admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
        try:
            yield
        finally:
            await admin.execute(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS true")


@pytest.mark.parametrize("seconds", [0.5, LONG])
async def test_a_command_given_while_the_database_is_away_is_answered_when_it_returns(
    house: House, people: People, postgres_url: str, database_url: str, seconds: float
) -> None:
    handle = await house.create(people.client)
    await eventually(house.quiet, handle)
    async with database_away(postgres_url, database_url):
        asked = asyncio.create_task(
            house.do(handle, c.SubmitProof(actor=client_of(people.client), files=(PROOF,)), key="click")
        )
        await asyncio.sleep(seconds)
        assert not asked.done()
    answer = await asked
    assert (answer.state, answer.version) == ("En proceso", 2)
    assert await house.story(handle) == ["create", "submit_proof"]


async def test_a_completion_survives_the_database_going_away_with_every_effect_once(
    house: House, people: People, postgres_url: str, database_url: str
) -> None:
    handle = await house.ready(people.client, people.operator)
    async with database_away(postgres_url, database_url):
        asked = asyncio.create_task(house.do(handle, c.Complete(actor=people.operator)))
        await asyncio.sleep(0.5)
    assert (await asked).state == "Completada"
    assert await house.ended(handle) == "Completada"
    assert house.outside.done == {"creada": 1, "en_proceso": 1, "completada": 1, "comprobante": 1}


async def test_a_create_waits_for_the_database_and_is_recorded_once(
    house: House, people: People, postgres_url: str, database_url: str
) -> None:
    start = await house.quoted(people.client)
    async with database_away(postgres_url, database_url):
        asked = asyncio.create_task(house.start(start))
        await asyncio.sleep(0.5)
    assert (await asked).version == 1
    handle = house.client.get_workflow_handle(start.operation.code)
    assert len(await house.rows(OperationEvent, handle)) == 1


async def test_workers_that_say_goodbye_between_any_two_steps_lose_nothing(house: House, people: People) -> None:
    handle = await house.create(people.client)
    steps: tuple[c.Command, ...] = (
        c.SubmitProof(actor=client_of(people.client), files=(PROOF,)),
        c.AttachProof(actor=people.operator, files=(PROOF,)),
        c.Complete(actor=people.operator),
    )
    for step in steps:
        if isinstance(step, c.Complete):
            await eventually(house.assessed, handle)
        await house.stop_workers()
        asked = asyncio.create_task(house.do(handle, step))
        await house.start_workers()
        await asked
    await house.stop_workers()
    await house.start_workers()
    assert await house.ended(handle) == "Completada"
    assert await house.story(handle) == ["create", "submit_proof", "attach_proof", "complete"]
    assert house.outside.done == {"creada": 1, "en_proceso": 1, "completada": 1, "comprobante": 1}


async def test_what_fell_due_while_nobody_worked_expires_on_return(house: House, people: People) -> None:
    """F002, F008."""
    handle = await house.create(people.client)
    await eventually(house.quiet, handle)
    await house.stop_workers()
    passing = asyncio.create_task(house.pass_time(handle, 20))
    await asyncio.sleep(0.2)
    assert (await house.row(handle)).state is State.PENDIENTE
    await house.start_workers()
    assert await house.ended(handle) == "Expirada"
    passing.cancel()
    assert house.outside.done == {"creada": 1, "expirada": 1}
    assert (await house.create(people.client)).id != handle.id
