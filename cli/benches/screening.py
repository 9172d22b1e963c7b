"""`qoricash bench screening`: how well the matcher tells people apart, and how fast on the whole lists.

One name is asked in this process, every word of it for the first time. Everybody is looked at by the house's own worker
and database, as when a new list comes: the figure is of the run that the house writes down.
"""

from __future__ import annotations

import asyncio
import gc
import math
import os
import random
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.progress import Progress, TaskID
from sqlalchemy import insert, select

from cli.benches.figures import Figures, percentile, show_figures
from cli.benches.screening_pairs import held_out, judge, labelled, show_pairs, spanish
from cli.benches.stack import BenchError, House, Stack, database, running_stack
from db import lists
from db.session import Sessions
from db.tables import Client, ScreeningRun
from domain.clients import ClientStatus, DocumentType, KycStatus
from domain.lists import EntryKind, ListCode, Snapshot
from domain.name_tables import GIVEN_NAMES, SURNAMES
from domain.screening import Screener, Subject
from integrations.sanction_lists import ofac, un
from workflows import names as n
from workflows import screening_messages as s

ROOT = Path(__file__).resolve().parents[2]
INVENTED = ROOT / "temporal-dev" / "lists"
# Where the real lists may be, from the project's own folder.
KNOWN = (ROOT / "data", ROOT.parent / "shared" / "data")
SEED, AT_ONCE, FIRST = 7, 1000, 10_000_000
SYLLABLES = ("chu", "qui", "ma", "ri", "llu", "pa", "ca", "to", "ya", "hua", "so", "ne", "ti", "lla", "mo", "ve")
MEANINGS = {
    "pairs_precision": "Precisión, pares rotulados (mitad no usada)",
    "pairs_recall": "Recuerdo, pares rotulados (mitad no usada)",
    "spanish_precision": "Precisión, 300 pares en español",
    "spanish_recall": "Recuerdo, 300 pares en español",
    "entries": "Entradas de las listas",
    "names": "Nombres y alias comparados",
    "one_name_p50_ms": "Un nombre contra todo, p50 (ms de procesador)",
    "one_name_p95_ms": "Un nombre contra todo, p95 (ms de procesador)",
    "one_name_wall_p95_ms": "Un nombre contra todo, p95 (ms de reloj, con lo que la máquina haga además)",
    "clients": "Clientes revisados",
    "first_screening_seconds": "Primera revisión de todos (s)",
    "rescreen_100k_seconds": "Revisión de nuevo, llevada a 100,000 clientes (s)",
    "new_hits": "Coincidencias que levantó la primera",
    "hits_again": "Coincidencias que levantó la segunda",
    "rss_mb": "Memoria del worker, lo más que tuvo (MB)",
}


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How many clients to look at, how many names to ask, and where the real lists are (None: where they may be)."""

    clients: int
    names: int
    lists: Path | None


@dataclass(frozen=True, kw_only=True)
class Looked:
    """A run over everybody: seconds by the house's clock, new hits, and the worker's memory at its most (MB)."""

    seconds: float
    new_hits: int
    rss_mb: float


def run(plan: Plan, progress: Progress, *, house: House = running_stack) -> Figures:
    """Measure everything."""
    folder = plan.lists or _known()
    snapshots = _snapshots(folder)
    trade = labelled(folder) if folder else []
    figures: Figures = {**_quality(trade), **_one_name(snapshots, plan.names, progress)}
    with house() as stack:
        figures |= asyncio.run(_everybody(stack, snapshots, plan.clients, progress))
    show_pairs(trade)
    if folder is None:
        progress.console.print("No hay listas de verdad en esta máquina: las cifras son con las inventadas (--lists).")
    show_figures("Revisión en listas", figures, MEANINGS)
    return figures


def _known() -> Path | None:
    named = [Path(os.environ["QORICASH_LISTS"])] if "QORICASH_LISTS" in os.environ else []
    return next((folder for folder in (*named, *KNOWN) if (folder / "ofac" / "sdn.csv").exists()), None)


def _snapshots(folder: Path | None) -> Sequence[Snapshot]:
    if folder is None:
        files, world = [INVENTED / name for name in ("SDN.CSV", "ALT.CSV", "ADD.CSV")], INVENTED / "consolidated.xml"
    else:
        files = [folder / "ofac" / name for name in ("sdn.csv", "alt.csv", "add.csv")]
        world = folder / "un" / "consolidated.xml"
    return ofac.read(*(file.read_bytes() for file in files)), un.read(world.read_bytes())


def _quality(trade: Sequence[object]) -> Figures:
    unseen = held_out(trade) if trade else None  # type: ignore[arg-type]
    ours = judge(spanish())
    return {
        "pairs_precision": unseen.precision if unseen else math.nan,
        "pairs_recall": unseen.recall if unseen else math.nan,
        "spanish_precision": ours.precision,
        "spanish_recall": ours.recall,
    }


def _one_name(snapshots: Sequence[Snapshot], wanted: int, progress: Progress) -> Figures:
    """Listed names as they are written: the hardest to tell apart, since half a list shares their words."""
    screener = Screener([entry for snapshot in snapshots for entry in snapshot.entries])
    gc.collect()
    gc.freeze()  # as the worker does (activities/lists_in_memory.py)
    compared = [entry for entry in screener.entries if entry.kind in {EntryKind.PERSONA, EntryKind.ENTIDAD}]
    known = [Subject(kind=entry.kind, name=one.text) for entry in compared for one in entry.names]
    asked = random.Random(SEED).sample(known, min(wanted, len(known)))  # noqa: S311 - a sample, not a secret
    task = progress.add_task("Un nombre contra las listas", total=len(asked))
    taken, waited = [], []
    for subject in asked:
        began, worked = time.perf_counter(), time.thread_time()
        screener.screen(subject)
        taken.append((time.thread_time() - worked) * 1000)
        waited.append((time.perf_counter() - began) * 1000)
        progress.advance(task)
    gc.unfreeze()
    return {
        "entries": sum(len(snapshot.entries) for snapshot in snapshots),
        "names": len(known),
        "one_name_p50_ms": round(percentile(taken, 50), 2),
        "one_name_p95_ms": round(percentile(taken, 95), 2),
        "one_name_wall_p95_ms": round(percentile(waited, 95), 2),
    }


async def _everybody(stack: Stack, snapshots: Sequence[Snapshot], clients: int, progress: Progress) -> Figures:
    async with database(stack) as sessions:
        await _settled(sessions)
        await _move_in(sessions, clients, progress)
        for snapshot in snapshots:
            async with sessions.begin() as session:
                await lists.swap(session, snapshot, origin="banco", now=datetime.now(UTC), trusted=True)
        first = await _look(stack, sessions, progress, "Primera revisión de todos")
        again = await _look(stack, sessions, progress, "Revisión de nuevo")
    return {
        "clients": clients,
        "first_screening_seconds": round(first.seconds, 1),
        "rescreen_100k_seconds": round(again.seconds * 100_000 / clients, 1),
        "new_hits": first.new_hits,
        "hits_again": again.new_hits,
        "rss_mb": max(first.rss_mb, again.rss_mb),
    }


async def _settled(sessions: Sessions) -> None:
    """The lists that a new house brings by itself have come, so that nothing else looks at anybody meanwhile."""
    limit = time.monotonic() + 60
    while time.monotonic() < limit:
        async with sessions() as session:
            runs = (await session.scalars(select(ScreeningRun.finished_at))).all()
        if runs and all(runs):
            return
        await asyncio.sleep(0.2)
    raise BenchError("La casa no trajo sus listas.")


async def _move_in(sessions: Sessions, clients: int, progress: Progress) -> None:
    """Invented Peruvians: frequent names mixed with made-up surnames, as in a real portfolio."""
    task = progress.add_task("Registra clientes inventados", total=clients)
    chance = random.Random(SEED)  # noqa: S311 - people of a bench, not a secret
    given, surnames = sorted(GIVEN_NAMES), sorted(SURNAMES)
    for start in range(0, clients, AT_ONCE):
        some = range(start, min(start + AT_ONCE, clients))
        rows = [_somebody(chance, given, surnames, FIRST + place) for place in some]
        async with sessions.begin() as session:
            await session.execute(insert(Client), rows)
        progress.advance(task, len(rows))


def _somebody(chance: random.Random, given: Sequence[str], surnames: Sequence[str], number: int) -> dict[str, object]:
    def surname() -> str:
        made_up = chance.random() < 0.3  # noqa: PLR2004 - three of ten surnames are rare
        return "".join(chance.choices(SYLLABLES, k=3)) if made_up else chance.choice(surnames)

    return {
        "document_type": DocumentType.DNI,
        "document_number": str(number),
        "given_names": " ".join(chance.sample(given, 2)).title(),
        "paternal_surname": surname().title(),
        "maternal_surname": surname().title(),
        "email": f"c{number}@example.test",
        "status": ClientStatus.ACTIVO,
        "kyc_status": KycStatus.APROBADO,
        "has_complete_documents": True,
        "password_hash": "!",
        "referral_code": f"B{number}",
    }


async def _look(stack: Stack, sessions: Sessions, progress: Progress, title: str) -> Looked:
    """One run over everybody, from its order to its last piece."""
    async with sessions() as session:
        before = max((await session.scalars(select(ScreeningRun.id))).all(), default=0)
        numbers = await lists.active_numbers(session)
    assert ListCode.OFAC in numbers
    temporal = await stack.temporal()
    task = progress.add_task(title, total=None)
    async with _watched(stack) as peak:
        await temporal.start_workflow(
            n.RESCREENING,
            s.RescreeningStart(),
            id=n.RESCREENING_ID,
            task_queue=n.OPERATIONS_QUEUE,
            start_signal=n.LOOK_AT_ALL,
            start_signal_args=[s.RunOrder(cause=title)],
        )
        done = await _finished(sessions, before, progress, task)
    assert done.finished_at is not None
    return Looked(
        seconds=(done.finished_at - done.started_at).total_seconds(), new_hits=done.new_hits, rss_mb=max(peak)
    )


async def _finished(sessions: Sessions, before: int, progress: Progress, task: TaskID) -> ScreeningRun:
    while True:
        async with sessions() as session:
            run = await session.scalar(select(ScreeningRun).where(ScreeningRun.id > before))
        if run is not None:
            progress.update(task, total=run.clients, completed=run.screened)
            if run.finished_at is not None:
                return run
        await asyncio.sleep(0.5)


@asynccontextmanager
async def _watched(stack: Stack) -> AsyncIterator[list[float]]:
    """The worker's memory every second while the block runs."""
    seen = [stack.memory_mb("worker")]

    async def watch() -> None:
        while True:
            await asyncio.sleep(1)
            seen.append(stack.memory_mb("worker"))

    watching = asyncio.create_task(watch())
    try:
        yield seen
    finally:
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching
