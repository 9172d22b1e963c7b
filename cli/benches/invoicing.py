"""`qoricash bench invoicing`: completed operations against the comprobantes that NubeFact holds.

Meanwhile NubeFact fails at random and the worker is killed. What counts is read at the stand-in: a document belongs to
the operation that it names in its own text, whatever the house believes.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import count
from typing import Any

import httpx
from rich.progress import Progress, TaskID
from sqlalchemy import select

from cli.benches.figures import Figures, show, show_figures
from cli.benches.journey import Journey, browser, kinds
from cli.benches.people import move_in
from cli.benches.stack import WORKERS, House, Stack, database, running_stack
from db.session import Sessions
from db.tables import Invoice, Operation
from domain.operations import State

Json = dict[str, Any]
Number = tuple[str, int]
NUBEFACT_TIMEOUT = "2"  # seconds; a time-out that the stand-in shows then costs the bench two and not eight
ISSUING = "generar_comprobante"
# Of the documents sent: 20 % time out, half of them after NubeFact has taken them, and 5 % meet its own fault.
CHANCES: Sequence[Json] = (
    {"failure": "timeout_before", "percent": 10, "seconds": 3},
    {"failure": "timeout_after", "percent": 10, "seconds": 3},
    {"failure": "500", "percent": 5},
)
MEANINGS = {
    "completed": "Operaciones completadas",
    "invoices": "Comprobantes en NubeFact",
    "duplicates": "Operaciones con más de un comprobante",
    "gaps": "Números saltados",
    "orphans": "Comprobantes sin operación, u operaciones sin comprobante",
}


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How much to do: `clients` at a time, and `kills` of the worker spread along the way."""

    operations: int
    clients: int
    kills: int
    seed: int

    def blows(self) -> frozenset[int]:
        """After how many completed operations the worker dies."""
        return frozenset(self.operations * blow // (self.kills + 1) for blow in range(1, self.kills + 1))


@dataclass(frozen=True, kw_only=True)
class Books:
    """Both sides: the house's completed operations with their comprobantes by number, and NubeFact's documents."""

    completed: frozenset[str]
    ours: Mapping[Number, str]
    documents: Sequence[Json]
    gaps: Sequence[Json]

    def figures(self) -> Figures:
        """What doesn't tie, as NubeFact sees it; a number that the house has for another operation is an orphan."""
        owners = Counter(named(document) for document in self.documents)
        strangers = [one for one in self.documents if named(one) not in self.completed or not self._is_known(one)]
        return {
            "completed": len(self.completed),
            "invoices": len(self.documents),
            "duplicates": sum(times > 1 for times in owners.values()),
            "gaps": sum(_length(hole) for series in self.gaps for hole in series["huecos"]),
            "orphans": len(strangers) + len(self.completed - owners.keys()),
        }

    def _is_known(self, document: Json) -> bool:
        return self.ours.get((document["serie"], document["numero"])) == named(document)


def named(document: Json) -> str:
    """The code of the operation that a document says to be about."""
    return str(document["request"]["observaciones"]).rpartition(" ")[2]


def impatient() -> AbstractContextManager[Stack]:
    """A house that does not wait long for NubeFact."""
    return running_stack(NUBEFACT_TIMEOUT=NUBEFACT_TIMEOUT)


def run(plan: Plan, progress: Progress, *, house: House = impatient) -> Figures:
    """Complete the operations while NubeFact fails and the worker dies, and compare the books."""
    waiting = progress.add_task("Levantando la casa", total=None)
    with house() as stack:
        progress.remove_task(waiting)
        return asyncio.run(_measure(stack, plan, progress))


async def _measure(stack: Stack, plan: Plan, progress: Progress) -> Figures:
    task = progress.add_task("Operaciones, con NubeFact fallando", total=plan.operations)
    nubefact = httpx.AsyncClient(base_url=stack.addresses["nubefact"], timeout=60, trust_env=False)
    async with database(stack) as sessions, browser(stack.api) as http, nubefact:
        people = await move_in(sessions, plan.clients, companies=True)
        luck = {"seed": plan.seed, "operacion": ISSUING, "chances": CHANCES}
        (await nubefact.post("/admin/luck", json=luck)).raise_for_status()
        journey = Journey(http=http, temporal=await stack.temporal(), people=people)
        await _complete(journey, stack, plan, progress, task)
        books = await _books(sessions, nubefact)
        suffered = await _suffered(nubefact, plan)
    figures = books.figures()
    show("Lo que pasó mientras tanto", suffered, columns=("Qué", "Veces"))
    show_figures("Comprobantes", figures, MEANINGS)
    return figures


async def _complete(journey: Journey, stack: Stack, plan: Plan, progress: Progress, task: TaskID) -> None:
    turns, done, kind, blows = iter(range(plan.operations)), count(1), kinds(), plan.blows()

    async def loop(place: int) -> None:
        for _ in turns:
            await journey.complete(journey.people.clients[place], kind=kind())
            progress.advance(task)
            if next(done) in blows:
                for worker in WORKERS:
                    stack.kill(worker)

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


async def _suffered(nubefact: httpx.AsyncClient, plan: Plan) -> list[tuple[str, str]]:
    calls = (await nubefact.get("/admin/calls")).json()
    failures = Counter(call["failure"] for call in calls if call["failure"])
    asked = Counter(call["operacion"] for call in calls)
    rows = [*asked.most_common(), *failures.most_common(), ("muertes del worker", len(plan.blows()))]
    return [(what, f"{times:,}") for what, times in rows]


def _length(hole: Sequence[int]) -> int:
    first, last = hole
    return last - first + 1
