"""The floor: a bare workflow with the steps of an operation and nothing of the house in it.

As many updates, local activities, activities, timers and search-attribute writes as a completed web operation, in the
same order and with the same waits between them, driven straight through Temporal's client: no HTTP, no rules, no files,
no mails. Every activity does the least that a real one does: one committed INSERT in the same PostgreSQL.

    python -m cli.benches.floor TEMPORAL_ADDRESS DATABASE_URL     (its worker; the bench starts and stops it)
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Iterator
from datetime import timedelta

from temporalio import activity, workflow
from temporalio.client import Client, WithStartWorkflowOperation
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.worker import PollerBehaviorAutoscaling, Worker

with workflow.unsafe.imports_passed_through():
    from psycopg_pool import AsyncConnectionPool

    from domain.operations import State
    from integrations.temporal import PLAIN_CONVERTER
    from workflows.names import OP_ESTADO

QUEUE = "piso"
TABLE = "CREATE TABLE IF NOT EXISTS bench_steps (code text, step text, at timestamptz DEFAULT now())"
INSERT = "INSERT INTO bench_steps (code, step) VALUES (%s, %s)"
STEPS = ("prove", "attach", "complete")
EXPIRY, ALERT, INVOICE_WAIT = timedelta(minutes=15), timedelta(minutes=10), timedelta(minutes=2)
ATTEMPT = timedelta(seconds=10)


@workflow.defn(name="Piso")
class FloorWorkflow:
    """The skeleton of `workflows/operation.py`."""

    @workflow.init
    def __init__(self, code: str) -> None:
        """Nothing has happened."""
        self._code = code
        self._lock = asyncio.Lock()
        self._done: set[str] = set()
        self._notice: asyncio.Task[None] | None = None

    @workflow.run
    async def run(self, code: str) -> str:
        """Record, wait for the people under a timer, pay what is owed."""
        async with self._lock:
            await self._write("create")
        owed = [self._owe("assessment"), self._owe("created_notice")]
        await self._within("prove", EXPIRY)
        await self._within("complete", ALERT)
        invoice = self._owe("invoice")
        owed += [self._owe("settlement"), invoice, self._owe("final_assessment")]
        await workflow.wait_condition(invoice.done, timeout=INVOICE_WAIT)
        owed.append(self._owe("closing_notice"))
        await asyncio.gather(*owed, *([self._notice] if self._notice else []))
        await workflow.wait_condition(workflow.all_handlers_finished)
        return code

    @workflow.update
    async def create(self) -> str:
        """Answer when it is recorded."""
        await workflow.wait_condition(lambda: "create" in self._done)
        return self._code

    @workflow.update
    async def prove(self) -> str:
        """A local write, and a notice."""
        async with self._lock:
            await self._write("prove")
            workflow.upsert_search_attributes([OP_ESTADO.value_set(State.EN_PROCESO.value)])
            self._notice = self._owe("process_notice")
        return self._code

    @workflow.update
    async def attach(self) -> str:
        """A local write."""
        async with self._lock:
            await self._write("attach")
        return self._code

    @workflow.update
    async def complete(self) -> str:
        """A normal write."""
        async with self._lock:
            await self._effect("complete")
            workflow.upsert_search_attributes([OP_ESTADO.value_set(State.COMPLETADA.value)])
            self._done.add("complete")
        return self._code

    @prove.validator
    def _may_prove(self) -> None:
        self._must("create")

    @attach.validator
    def _may_attach(self) -> None:
        self._must("prove")

    @complete.validator
    def _may_complete(self) -> None:
        self._must("attach")

    def _must(self, step: str) -> None:
        if step not in self._done:
            raise ValueError(f"{self._code}: {step} is missing")

    async def _within(self, step: str, limit: timedelta) -> None:
        await workflow.wait_condition(lambda: step in self._done, timeout=limit)

    async def _write(self, step: str) -> None:
        await workflow.execute_local_activity("commit", args=[self._code, step], start_to_close_timeout=ATTEMPT)
        self._done.add(step)

    async def _effect(self, step: str) -> None:
        await workflow.execute_activity("commit", args=[self._code, step], start_to_close_timeout=ATTEMPT)

    def _owe(self, step: str) -> asyncio.Task[None]:
        return asyncio.create_task(self._effect(step))


class Commits:
    """The one activity."""

    def __init__(self, pool: AsyncConnectionPool) -> None:
        """Write through this pool."""
        self._pool = pool

    @activity.defn
    async def commit(self, code: str, step: str) -> None:
        """The least durable write: one row, one commit."""
        async with self._pool.connection() as connection:
            await connection.execute(INSERT, (code, step))


async def live(client: Client, code: str) -> None:
    """One bare operation, from its start to its end."""
    opening: WithStartWorkflowOperation[FloorWorkflow, str] = WithStartWorkflowOperation(
        FloorWorkflow.run, code, id=code, task_queue=QUEUE, id_conflict_policy=WorkflowIDConflictPolicy.FAIL
    )
    await client.execute_update_with_start_workflow(FloorWorkflow.create, start_workflow_operation=opening)
    handle = client.get_workflow_handle(code)
    for step in STEPS:
        await handle.execute_update(step)
    await handle.result()


@contextlib.contextmanager
def floor_worker(temporal_address: str, database_url: str) -> Iterator[int]:
    """Its worker, a process of its own as the house's is; yields its number."""
    command = [sys.executable, "-m", "cli.benches.floor", temporal_address, database_url]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, start_new_session=True)  # noqa: S603 - this file
    try:
        yield process.pid
    finally:
        process.terminate()
        process.wait(30)


@contextlib.asynccontextmanager
async def _pool(database_url: str) -> AsyncIterator[AsyncConnectionPool]:
    async with AsyncConnectionPool(database_url, min_size=5, max_size=10, open=False) as pool:
        async with pool.connection() as connection:
            await connection.execute(TABLE)
        yield pool


def _asked_to_stop() -> Awaitable[bool]:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop.wait()


async def _work(temporal_address: str, database_url: str) -> None:
    stopped = _asked_to_stop()
    client = await Client.connect(temporal_address, data_converter=PLAIN_CONVERTER)
    async with _pool(database_url) as pool:
        worker = Worker(
            client,
            task_queue=QUEUE,
            workflows=[FloorWorkflow],
            activities=[Commits(pool).commit],
            build_id=QUEUE,
            workflow_task_poller_behavior=PollerBehaviorAutoscaling(),
            activity_task_poller_behavior=PollerBehaviorAutoscaling(),
        )
        async with worker:
            await stopped


if __name__ == "__main__":
    asyncio.run(_work(*sys.argv[1:]))
