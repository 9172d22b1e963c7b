"""`qoricash bench operations`: how many operations the house completes, how fast it answers, and what each one costs.

Everything runs on this machine: servers, stand-ins, worker, API and the people who press the buttons. So throughput
is what this machine bears, and the floor (the same steps, bare) is measured beside it, on the same servers.
"""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections import Counter
from collections.abc import Awaitable, Iterable, Sequence
from dataclasses import dataclass

from rich.progress import Progress, TaskID
from temporalio.client import Client

from cli.benches import floor
from cli.benches.expiry import lateness
from cli.benches.figures import Figures, percentile, show, show_figures
from cli.benches.journey import Journey, Timings, browser, kinds
from cli.benches.people import Person, move_in
from cli.benches.stack import Stack, database, running_stack
from cli.temporal_actions import Bill, bill

Effort = Counter[str]  # milliseconds by piece
ROUNDS = 2  # house and floor take turns, so that a busy moment of the machine does not fall on one of them alone
BILLED = 20  # histories that are read for what an operation costs
MEANINGS = {
    "completed_per_second": "Operaciones completadas por segundo, saturada",
    "floor_per_second": "Piso: el mismo flujo vacío, por segundo",
    "create_p50_ms": "Crear, mediana (ms)",
    "create_p95_ms": "Crear, p95 (ms)",
    "complete_p50_ms": "Completar, mediana (ms)",
    "complete_p95_ms": "Completar, p95 (ms)",
    "actions_per_operation": "Acciones de Temporal por operación (tope 22)",
    "events_per_operation": "Eventos de historia por operación (tope 85)",
    "api_rss_mb": "Memoria de la API (MB)",
    "worker_rss_mb": "Memoria del worker (MB)",
    "expiry_late_p99_ms": "Vencimiento: retraso del registro, p99 (ms)",
}


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How much to do. `rate` is offered operations per second for `seconds`; `clients` loop at saturation."""

    operations: int
    clients: int
    rate: float
    seconds: float
    expiries: int

    @property
    def people(self) -> int:
        """Clients that must exist: one with an operation under way asks for no other."""
        return max(self.clients, self.expiries, math.ceil(self.rate * self.seconds))


def run(plan: Plan, progress: Progress) -> Figures:
    """Bring up a house, measure it, take it down."""
    waiting = progress.add_task("Levantando la casa", total=None)
    with running_stack() as stack:
        progress.remove_task(waiting)
        return asyncio.run(_measure(stack, plan, progress))


async def _measure(stack: Stack, plan: Plan, progress: Progress) -> Figures:
    async with database(stack) as sessions:
        people = await move_in(sessions, plan.people)
    temporal = await stack.temporal()
    async with browser(stack.api) as http:
        journey = Journey(http=http, temporal=temporal, people=people)
        await _warm_up(journey, plan, progress)
        house, bare, effort = await _throughput(stack, journey, plan, progress)
        offered = Journey(http=http, temporal=temporal, people=people)
        codes = await _offer(offered, plan, progress)
    memory = {f"{piece}_rss_mb": stack.memory_mb(piece) for piece in ("api", "worker")}
    cost = await _bill(temporal, codes[-BILLED:])
    late = await lateness(stack, people, count=plan.expiries, progress=progress)
    figures = {
        "completed_per_second": round(house, 2),
        "floor_per_second": round(bare, 2),
        **_latencies(offered.timings),
        **_cost(cost, len(codes[-BILLED:])),
        **memory,
        "expiry_late_p99_ms": round(percentile(late, 99), 1),
    }
    show("Procesador por operación saturada (ms)", _efforts(effort), columns=("Pieza", "ms"))
    _tables(figures, offered.timings, cost, len(codes[-BILLED:]))
    return figures


async def _warm_up(journey: Journey, plan: Plan, progress: Progress) -> None:
    """The first requests open connections and fill caches; nobody counts them."""
    task = progress.add_task("Calentando", total=plan.clients)
    people = journey.people.clients[: plan.clients]
    await _closed_loop(journey, people, plan.clients, progress, task)


async def _throughput(stack: Stack, journey: Journey, plan: Plan, progress: Progress) -> tuple[float, float, Effort]:
    """Completed per second of the house and of the floor, each client starting another as soon as one owes nothing.

    And the milliseconds of processor that a completed operation takes from each piece.
    """
    each = math.ceil(plan.operations / ROUNDS)
    house_task = progress.add_task("Operaciones, saturada", total=each * ROUNDS)
    floor_task = progress.add_task("Piso, saturado", total=each * ROUNDS)
    house, bare, effort = 0.0, 0.0, Effort()
    with floor.floor_worker(stack.addresses["temporal_address"], stack.addresses["database_url"]):
        await floor.live(journey.temporal, "PISO-CALIENTA")  # its worker is up
        for turn in range(ROUNDS):
            people = journey.people.clients[: plan.clients]
            before = stack.cpu_seconds()
            house += await _timed(_closed_loop(journey, people, each, progress, house_task))
            effort.update({piece: spent - before[piece] for piece, spent in stack.cpu_seconds().items()})
            codes = [f"PISO-{turn}-{number}" for number in range(each)]
            bare += await _timed(_bare_loop(journey.temporal, codes, plan.clients, progress, floor_task))
    spent = Effort({piece: seconds * 1000 / (each * ROUNDS) for piece, seconds in effort.items()})
    return each * ROUNDS / house, each * ROUNDS / bare, spent


async def _timed(work: Awaitable[None]) -> float:
    began = time.perf_counter()
    await work
    return time.perf_counter() - began


async def _closed_loop(
    journey: Journey, people: Sequence[Person], total: int, progress: Progress, task: TaskID
) -> None:
    """`total` operations, each begun by whichever client is free."""
    turns, kind = iter(range(total)), kinds()

    async def loop(person: Person) -> None:
        for _ in turns:
            await journey.complete(person, kind=kind())
            progress.advance(task)

    async with asyncio.TaskGroup() as group:
        for person in people:
            group.create_task(loop(person))


async def _bare_loop(temporal: Client, codes: Iterable[str], clients: int, progress: Progress, task: TaskID) -> None:
    """The same, of bare workflows with these codes."""
    turns = iter(codes)

    async def loop() -> None:
        for code in turns:
            await floor.live(temporal, code)
            progress.advance(task)

    async with asyncio.TaskGroup() as group:
        for _ in range(clients):
            group.create_task(loop())


async def _offer(journey: Journey, plan: Plan, progress: Progress) -> list[str]:
    """Operations that arrive at random at `rate` a second, however slow the house is; answers their codes."""
    arrivals = max(1, round(plan.rate * plan.seconds))
    task = progress.add_task(f"A {plan.rate:g} por segundo", total=arrivals)
    chance, kind, codes = random.Random(1), kinds(), list[str]()  # noqa: S311 - arrivals, the same ones each time
    due = time.perf_counter()

    async def one(person: Person) -> None:
        codes.append(await journey.complete(person, kind=kind()))
        progress.advance(task)

    async with asyncio.TaskGroup() as group:
        for place in range(arrivals):
            due += chance.expovariate(plan.rate)
            await asyncio.sleep(due - time.perf_counter())
            group.create_task(one(journey.people.clients[place]))
    return codes


async def _bill(temporal: Client, codes: Sequence[str]) -> Bill:
    total = Bill()
    for code in codes:
        total.add(bill(await temporal.get_workflow_handle(code).fetch_history()))
    return total


def _efforts(effort: Effort) -> list[tuple[str, str]]:
    return [(piece, f"{spent:.0f}") for piece, spent in (*effort.most_common(), ("en total", effort.total()))]


def _latencies(timings: Timings) -> Figures:
    return {
        f"{step}_p{percent}_ms": round(percentile(timings.steps[step], percent), 1)
        for step in ("create", "complete")
        for percent in (50, 95)
    }


def _cost(cost: Bill, operations: int) -> Figures:
    return {
        "actions_per_operation": round(cost.actions.total() / operations, 1),
        "events_per_operation": round(cost.events.total() / operations, 1),
    }


def _tables(figures: Figures, timings: Timings, cost: Bill, operations: int) -> None:
    waits = [
        (step, *(f"{percentile(values, percent):.0f}" for percent in (50, 95, 100)))
        for step, values in timings.steps.items()
    ]
    show("Respuestas a carga ofrecida (ms)", waits, columns=("Paso", "p50", "p95", "máx"))
    parts = [
        (what, f"{cost.actions[what] / operations:.2f}", f"{events / operations:.2f}")
        for what, events in cost.events.most_common()
    ]
    show("En qué se va cada operación", parts, columns=("Parte", "Acciones", "Eventos"))
    show_figures("Operaciones", figures, MEANINGS)
