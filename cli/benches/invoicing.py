"""`qoricash bench invoicing`: completed operations against the comprobantes that NubeFact holds, while it fails."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import Any

import httpx
from rich.progress import Progress, TaskID
from sqlalchemy import select

from cli.benches.figures import Figures, show, show_figures
from cli.benches.journey import Journey, browser, kinds
from cli.benches.people import move_in
from cli.benches.stack import Stack, database, running_stack
from db.session import Sessions
from db.tables import Invoice, Operation
from domain.operations import State

Json = dict[str, Any]
NUBEFACT_TIMEOUT = "2"  # seconds; a time-out that the stand-in shows then costs the bench two and not eight
# Each one happens to one call in FAULT_EVERY: answers lost after it took the document, and before.
FAULTS: Sequence[Json] = (
    {"failure": "timeout_after", "seconds": 3},
    {"failure": "500"},
    {"failure": "wrong_json"},
    {"failure": "500_after"},
    {"failure": "html"},
    {"failure": "timeout_before", "seconds": 3},
    {"failure": "slow", "seconds": 3},
)
FAULT_EVERY = 2
MEANINGS = {
    "completed": "Operaciones completadas",
    "invoices": "Comprobantes en NubeFact",
    "duplicates": "Operaciones con más de un comprobante",
    "gaps": "Números saltados",
    "orphans": "Comprobantes sin operación, u operaciones sin comprobante",
}


@dataclass(frozen=True, kw_only=True)
class Books:
    """Both sides: the house's completed operations with their comprobantes by number, and NubeFact's documents."""

    completed: frozenset[str]
    ours: Mapping[tuple[str, int], str]
    documents: Sequence[Json]
    gaps: Sequence[Json]

    def figures(self) -> Figures:
        """What doesn't tie."""
        numbers = [(document["serie"], document["numero"]) for document in self.documents]
        owners = Counter(self.ours.get(number, "") for number in numbers)
        unpaired = self.completed - owners.keys()
        strangers = sum(times for owner, times in owners.items() if owner not in self.completed)
        return {
            "completed": len(self.completed),
            "invoices": len(numbers),
            "duplicates": sum(owners[code] > 1 for code in self.completed),
            "gaps": sum(_length(hole) for series in self.gaps for hole in series["huecos"]),
            "orphans": strangers + len(unpaired),
        }


def run(operations: int, clients: int, progress: Progress) -> Figures:
    """Complete `operations` while NubeFact fails, and compare the books."""
    waiting = progress.add_task("Levantando la casa", total=None)
    with running_stack(NUBEFACT_TIMEOUT=NUBEFACT_TIMEOUT) as stack:
        progress.remove_task(waiting)
        return asyncio.run(_measure(stack, operations, clients, progress))


async def _measure(stack: Stack, operations: int, clients: int, progress: Progress) -> Figures:
    task = progress.add_task("Operaciones, con NubeFact fallando", total=operations)
    nubefact = httpx.AsyncClient(base_url=stack.addresses["nubefact"], timeout=30, trust_env=False)
    async with database(stack) as sessions, browser(stack.api) as http, nubefact:
        people = await move_in(sessions, clients)
        journey = Journey(http=http, temporal=await stack.temporal(), people=people)
        await _complete(journey, nubefact, operations, progress, task)
        books = await _books(sessions, nubefact)
        failures = await _failures(nubefact)
    figures = books.figures()
    show("Fallas que NubeFact mostró", sorted(failures.items()), columns=("Falla", "Veces"))
    show_figures("Comprobantes", figures, MEANINGS)
    return figures


async def _complete(
    journey: Journey, nubefact: httpx.AsyncClient, operations: int, progress: Progress, task: TaskID
) -> None:
    turns, faults, kind = iter(range(operations)), cycle(FAULTS), kinds()

    async def loop(place: int) -> None:
        for turn in turns:
            if turn % FAULT_EVERY == 0:
                fault = {"operacion": "generar_comprobante", **next(faults)}
                (await nubefact.post("/admin/inject", json=fault)).raise_for_status()
            await journey.complete(journey.people.clients[place], kind=kind())
            progress.advance(task)

    async with asyncio.TaskGroup() as group:
        for place in range(len(journey.people.clients)):
            group.create_task(loop(place))


async def _books(sessions: Sessions, nubefact: httpx.AsyncClient) -> Books:
    async with sessions() as session:
        completed = await session.scalars(select(Operation.code).where(Operation.state == State.COMPLETADA))
        rows = await session.execute(select(Invoice.series, Invoice.number, Invoice.operation_code))
        return Books(
            completed=frozenset(completed),
            ours={(series, number): code for series, number, code in rows},
            documents=(await nubefact.get("/received")).json(),
            gaps=(await nubefact.get("/admin/gaps")).json(),
        )


async def _failures(nubefact: httpx.AsyncClient) -> dict[str, str]:
    calls = (await nubefact.get("/admin/calls")).json()
    return {
        failure: str(times) for failure, times in Counter(call["failure"] for call in calls if call["failure"]).items()
    }


def _length(hole: Sequence[int]) -> int:
    first, last = hole
    return last - first + 1
