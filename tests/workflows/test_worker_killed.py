"""`kill -9` of the worker before and after every step of an operation: all of them end, and nothing is doubled."""

from __future__ import annotations

import asyncio
import multiprocessing
import signal
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import pytest
from sqlalchemy import func, select
from temporalio.client import WorkflowUpdateRPCTimeoutOrCancelledError
from temporalio.service import RPCError

from db.tables import Incident, ReferralEntry, Settlement, TransactionMonitoring
from domain import commands as c
from tests.people import add_client
from tests.workflows.conftest import People
from tests.workflows.house import PROOF, House, Said
from tests.workflows.worker_process import work
from workflows import messages as m

# In the order of an operation's life.
STEPS = (
    "record_creation",
    "deliver_notice.creada",
    "assess_operation.creacion",
    "record_transition.submit_proof",
    "record_transition.attach_proof",
    "record_transition.complete",
    "settle",
    "issue_invoice",
    "assess_operation.cierre",
    "deliver_notice.completada",
)
POINTS = [f"{step}:{moment}" for step in STEPS for moment in ("before", "after")]
TOLD = ("creada", "en_proceso 2", "completada", "comprobante")


@pytest.mark.timeout(300)
async def test_a_worker_killed_at_every_step_loses_nothing_and_doubles_nothing(
    house: House, people: People, database_url: str, tmp_path: Path
) -> None:
    """One life of the worker a point; each brings a new operation, and continues those that the last one left."""
    await house.stop_workers()
    done = tmp_path / "done"
    lives = Lives(*house.place, database_url, str(done))
    async with house.sessions.begin() as session:
        clients = [
            await add_client(session, f"430{number:05}", referred_by=people.other_client.id)
            for number in range(100, 100 + len(POINTS))
        ]
    journeys = []
    for client, point in zip(clients, POINTS, strict=True):
        start = await house.quoted(client)
        journeys.append(asyncio.create_task(journey(house, people, start)))
        await lives.one(point)
    last = lives.start("")
    try:
        codes = await asyncio.gather(*journeys)
    finally:
        last.kill()
        last.join()
    assert len(codes) == len(set(codes)) == len(POINTS)
    check_files(done, codes)
    await check_rows(house, codes)


class Lives:
    """The lives of one worker, each a process."""

    def __init__(self, *where: str) -> None:
        self._where = where
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload([work.__module__])

    def start(self, point: str) -> ForkServerProcess:
        process = self._context.Process(target=work, args=(*self._where, point), daemon=True)
        process.start()
        return process

    async def one(self, point: str) -> None:
        """A whole life: it must end by its own SIGKILL at the point."""
        process = self.start(point)
        await asyncio.to_thread(process.join, 60)
        if process.exitcode is None:
            process.kill()
        assert process.exitcode == -signal.SIGKILL, f"{point}: {process.exitcode}"


async def journey(house: House, people: People, start: m.OperationStart) -> str:
    """An operation by people who insist with the same key until they get an answer, as every face does."""
    handle = house.client.get_workflow_handle(start.operation.code)
    await insist(lambda: house.start(start))
    proof = c.SubmitProof(actor=start.operation.created_by, transfer_code="00123", files=(PROOF,))
    await insist(lambda: house.do(handle, proof, key="proof"))
    await insist(lambda: house.do(handle, c.AttachProof(actor=people.master, files=(PROOF,)), key="picture"))
    for attempt in range(200):
        try:
            await insist(lambda key=f"complete {attempt}": house.do(handle, c.Complete(actor=people.master), key=key))
            break
        except Said as said:
            assert said.code == "ASSESSMENT_PENDING"  # noqa: PT017 - the only refusal that may be met
            await asyncio.sleep(0.3)
    outcome = await handle.result()
    assert outcome["outcome"] == "Completada"
    return handle.id


async def insist(ask) -> m.OperationAnswer:
    while True:
        try:
            return await ask()
        except (RPCError, WorkflowUpdateRPCTimeoutOrCancelledError):
            await asyncio.sleep(0.2)


def check_files(done: Path, codes: list[str]) -> None:
    """Everything was told, under one key each, though some of it was tried twice."""
    assert sorted(done.read_text().splitlines()) == sorted(f"{code} {what}" for code in codes for what in TOLD)


async def check_rows(house: House, codes: list[str]) -> None:
    for code in codes:
        handle = house.client.get_workflow_handle(code)
        assert await house.story(handle) == ["create", "submit_proof", "attach_proof", "complete"]
        assert (await house.row(handle)).version == 4
        assert sorted(row.kind for row in await house.rows(Settlement, handle)) == ["contadores", "pips"]
        assert [row.pips for row in await house.rows(ReferralEntry, handle)] == [30]
        assert len(await house.rows(TransactionMonitoring, handle)) == 2
    async with house.sessions() as session:
        assert await session.scalar(select(func.count()).select_from(Incident)) == 0
