"""How late an operation that nobody paid for expires: from its deadline to the commit that says so.

PostgreSQL does not tell when a transaction committed, but it delivers a NOTIFY at that moment: a listener of the same
channel as the API's sockets takes the time. So the figure is what an open screen sees, a millisecond after the commit.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import psycopg
from rich.progress import Progress, TaskID

from cli.benches.journey import Journey, browser, kinds
from cli.benches.people import People, Person
from cli.benches.stack import BenchError, Stack, second_api
from db.notifications import CHANNEL

LIFE = timedelta(seconds=30)
SPREAD_SECONDS = 20  # the deadlines fall over this time
PATIENCE_SECONDS = 60
EXPIRED = (
    "SELECT n.id, o.created_at FROM notifications n JOIN operations o ON o.code = n.operation_code "
    "WHERE n.event = 'operacion_expirada' AND n.room = 'role_Master'"
)


async def lateness(stack: Stack, people: People, *, count: int, progress: Progress) -> list[float]:
    """Milliseconds late of `count` operations that are left alone, with a deadline half a minute away."""
    task = progress.add_task("Vencimientos", total=count)
    if not count:
        return []
    connection = await psycopg.AsyncConnection.connect(stack.addresses["database_url"], autocommit=True)
    async with connection:
        await connection.execute(f"LISTEN {CHANNEL}")
        heard: dict[int, datetime] = {}
        listening = asyncio.create_task(_listen(connection, heard))
        try:
            await _abandon(stack, people, count, progress, task)
            return await _all_expired(stack, heard, count)
        finally:
            listening.cancel()


async def _listen(connection: psycopg.AsyncConnection, heard: dict[int, datetime]) -> None:
    async for notice in connection.notifies():
        heard[int(notice.payload)] = datetime.now(UTC)


async def _abandon(stack: Stack, people: People, count: int, progress: Progress, task: TaskID) -> None:
    """Create operations and leave them, through an API whose house gives half a minute."""
    temporal, kind = await stack.temporal(), kinds()
    with second_api(stack.data, OPERATION_EXPIRY=str(LIFE / timedelta(minutes=1))) as address:
        async with browser(address) as http, asyncio.TaskGroup() as group:
            journey = Journey(http=http, temporal=temporal, people=people)

            async def one(person: Person) -> None:
                await journey.create(person, kind=kind())
                progress.advance(task)

            for person in people.clients[:count]:
                group.create_task(one(person))
                await asyncio.sleep(SPREAD_SECONDS / count)


async def _all_expired(stack: Stack, heard: Mapping[int, datetime], count: int) -> list[float]:
    """Of those that expired within the limit."""
    limit = LIFE.total_seconds() + PATIENCE_SECONDS
    until, late = time.monotonic() + limit, list[float]()
    async with await psycopg.AsyncConnection.connect(stack.addresses["database_url"]) as reader:
        while len(late) < count and time.monotonic() < until:
            rows = await (await reader.execute(EXPIRED)).fetchall()
            await reader.commit()
            late = [(heard[number] - made - LIFE).total_seconds() * 1000 for number, made in rows if number in heard]
            await asyncio.sleep(1)
    if not late:
        raise BenchError("Ninguna operación venció a tiempo.")
    return late
