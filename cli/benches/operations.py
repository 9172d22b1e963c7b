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
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial

from rich.progress import Progress, TaskID
from temporalio.client import Client

from cli.benches import floor
from cli.benches.expiry import lateness
from cli.benches.figures import Figures, percentile, show, show_figures
from cli.benches.journey import GaveUp, Journey, Timings, browser, kinds
from cli.benches.people import Person, looked_at, move_in
from cli.benches.stack import WORKERS, Stack, database, running_stack
from cli.temporal_actions import Bill, bill

ROUNDS = 2  # house and floor take turns, so that a busy moment of the machine does not fall on one of them alone
BILLED = 20  # histories that are read for what an operation costs
MEANINGS = {
    "completed_per_second": "Operaciones completadas por segundo, saturada",
    "floor_per_second": "Piso: el mismo flujo vacío, por segundo",
    "create_p50_ms": "Crear, mediana (ms)",
    "create_p95_ms": "Crear, p95 (ms)",
    "complete_p50_ms": "Completar, mediana (ms)",
    "complete_p95_ms": "Completar, p95 (ms)",
    "busy_answers": "Pedidos que tuvieron que repetirse (503)",
    "given_up": "Operaciones que no se pudieron atender",
    "actions_per_operation": "Acciones de Temporal por operación (tope 22)",
    "events_per_operation": "Eventos de historia por operación (tope 85)",
    "api_rss_mb": "Memoria de la API (MB)",
    "worker_rss_mb": "Memoria del worker, el mayor de los dos (MB)",
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
    await looked_at(temporal)
    async with browser(stack.api) as http:
        journey = Journey(http=http, temporal=temporal, people=people)
        await _warm_up(journey, plan, progress)
        house, bare = await _throughput(stack, journey, plan, progress)
        offered = Journey(http=http, temporal=temporal, people=people)
        codes = await _offer(offered, plan, progress)
    workers = max(stack.memory_mb(piece) for piece in WORKERS)
    memory = {"api_rss_mb": stack.memory_mb("api"), "worker_rss_mb": workers}
    cost, billed = await _bill(temporal, codes[-BILLED:]), max(1, len(codes[-BILLED:]))
    late = await lateness(stack, people, count=plan.expiries, progress=progress)
    figures = {
        "completed_per_second": round(house.per_second, 2),
        "floor_per_second": round(bare.per_second, 2),
        **_latencies(offered.timings),
        **_cost(cost, billed),
        "busy_answers": offered.timings.busy,
        "given_up": offered.timings.given_up,
        **memory,
        "expiry_late_p99_ms": round(percentile(late, 99), 1),
    }
    if faults := stack.faults():
        show("Fallas de la API (últimas)", [(line,) for line in faults[-5:]], columns=("Registro",))
    show("Procesador por operación, saturada (ms)", _efforts(house, bare), columns=("Pieza", "Casa", "Piso"))
    _tables(figures, offered.timings, cost, billed)
    return figures


async def _warm_up(journey: Journey, plan: Plan, progress: Progress) -> None:
    """The first requests open connections and fill caches; nobody counts them."""
    task = progress.add_task("Calentando", total=plan.clients)
    people = journey.people.clients[: plan.clients]
    await _closed_loop(journey, people, plan.clients, progress, task)


@dataclass
class Lap:
    """What some turns took: wall-clock seconds, and processor seconds by piece."""

    turns: int = 0
    seconds: float = 0.0
    effort: Counter[str] = field(default_factory=Counter)

    @property
    def per_second(self) -> float:
        """Turns completed a second."""
        return self.turns / self.seconds

    async def add(self, turns: int, work: Awaitable[None], spent: Callable[[], dict[str, float]]) -> None:
        """Do the work of so many turns."""
        before, began = spent(), time.perf_counter()
        await work
        self.seconds += time.perf_counter() - began
        self.turns += turns
        self.effort.update({piece: seconds - before.get(piece, 0.0) for piece, seconds in spent().items()})


async def _throughput(stack: Stack, journey: Journey, plan: Plan, progress: Progress) -> tuple[Lap, Lap]:
    """The house and the floor at saturation: each client starts another as soon as one owes nothing."""
    each = math.ceil(plan.operations / ROUNDS)
    house_task = progress.add_task("Operaciones, saturada", total=each * ROUNDS)
    floor_task = progress.add_task("Piso, saturado", total=each * ROUNDS)
    house, bare = Lap(), Lap()
    with floor.floor_worker(stack.addresses["temporal_address"], stack.addresses["database_url"]) as process:
        await floor.live(journey.temporal, "PISO-CALIENTA")  # its worker is up
        for turn in range(ROUNDS):
            people = journey.people.clients[: plan.clients]
            await house.add(each, _closed_loop(journey, people, each, progress, house_task), stack.cpu_seconds)
            codes = [f"PISO-{turn}-{number}" for number in range(each)]
            spent = partial(stack.cpu_seconds, worker_of_floor=process)
            await bare.add(each, _bare_loop(journey.temporal, codes, plan.clients, progress, floor_task), spent)
    return house, bare


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
        try:
            codes.append(await journey.complete(person, kind=kind()))
        except GaveUp:
            journey.timings.given_up += 1
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


def _efforts(house: Lap, bare: Lap) -> list[tuple[str, str, str]]:
    """Where the processor goes, beside the floor: what the machine's other users take does not show here."""
    pieces = [piece for piece, _ in (house.effort | bare.effort).most_common()]
    parts = [(piece, house.effort[piece], bare.effort[piece]) for piece in pieces]
    parts.append(("en total", house.effort.total(), bare.effort.total()))
    return [(piece, f"{ours / house.turns * 1000:.0f}", f"{its / bare.turns * 1000:.0f}") for piece, ours, its in parts]


def _latencies(timings: Timings) -> Figures:
    return {
        f"{step}_p{percent}_ms": round(percentile(timings.steps.get(step, ()), percent), 1)
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
