"""A look at everybody goes on after a kill from the piece that was under way, and counts nobody twice."""

from __future__ import annotations

import asyncio
import multiprocessing
import signal
from datetime import UTC, datetime

from sqlalchemy import func, select

from db import lists
from db.tables import Client, ClientHit, ListCheck, ScreeningRun
from integrations.sanction_lists import ofac, un
from tests.people import add_client
from tests.standins.programs import PROGRAMS
from tests.workflows.house import House
from tests.workflows.lists_process import work
from workflows import names
from workflows import screening_messages as s

CLIENTS = 25


async def test_a_worker_killed_between_writing_a_piece_and_saying_so_repeats_only_that_piece(
    house: House, database_url: str
) -> None:
    await move_in(house)
    where = (*house.place, database_url)
    handle = await house.client.start_workflow(
        names.RESCREENING,
        s.RescreeningStart(),
        id=names.RESCREENING_ID,
        task_queue=names.OPERATIONS_QUEUE,
        start_signal=names.LOOK_AT_ALL,
        start_signal_args=[s.RunOrder(cause="Prueba")],
    )
    context = multiprocessing.get_context("forkserver")
    first = context.Process(target=work, args=(*where, 2), daemon=True)
    first.start()
    await asyncio.to_thread(first.join, 60)
    assert first.exitcode == -signal.SIGKILL
    assert (await run_of(house)).screened == 20, "the second piece is written, and nobody has been told"
    second = context.Process(target=work, args=(*where, 0), daemon=True)
    second.start()
    try:
        report = await asyncio.wait_for(handle.result(), 60)
    finally:
        second.kill()
        second.join()
    assert report == {"runs": 1, "screened": CLIENTS, "new_hits": 1}
    run = await run_of(house)
    assert (run.clients, run.screened, run.new_hits, run.finished_at is None) == (CLIENTS, CLIENTS, 1, False)
    async with house.sessions() as session:
        assert await session.scalar(select(func.count()).select_from(ClientHit)) == 1
        assert await session.scalar(select(func.count()).select_from(ListCheck)) == CLIENTS


async def move_in(house: House) -> None:
    """Both lists, and clients of whom the last piece but one holds the one who is listed."""
    folder = PROGRAMS / "lists"
    files = [(folder / name).read_bytes() for name in ("SDN.CSV", "ALT.CSV", "ADD.CSV", "consolidated.xml")]
    now = datetime.now(UTC)
    async with house.sessions.begin() as session:
        for snapshot in (ofac.read(*files[:3]), un.read(files[3])):
            await lists.swap(session, snapshot, origin="prueba", now=now)
        for number in range(CLIENTS):
            made = await add_client(session, f"420{number:05}")
            if number == 15:
                client = await session.get_one(Client, made.id)
                client.given_names, client.paternal_surname = "Arkadiy Semyonovich", "Volkov"


async def run_of(house: House) -> ScreeningRun:
    async with house.sessions() as session:
        return (await session.scalars(select(ScreeningRun))).one()
