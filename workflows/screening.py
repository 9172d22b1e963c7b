"""Restrictive lists by the clock and by hand: brought, swapped, and everybody looked at again, in pieces."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from domain.lists import ListCode
    from workflows import messages as m
    from workflows import names
    from workflows import screening_messages as s

PUBLISHED = (ListCode.OFAC, ListCode.ONU)
DOWNLOAD = timedelta(minutes=5)
# Half an hour of patience; then it waits for the next time of the schedule, with an incident open.
DOWNLOAD_RETRY = RetryPolicy(initial_interval=timedelta(minutes=1), maximum_attempts=6)
STEP, STEP_RETRY = timedelta(seconds=30), RetryPolicy(maximum_interval=timedelta(minutes=1))
# A piece takes seconds, and says that it lives: one that a dead worker held is taken up again this soon.
PIECE, ALIVE = timedelta(minutes=2), timedelta(seconds=10)
# The outside service is paid by consultation and may be away for hours.
CONSULT, CONSULT_LIFE = timedelta(seconds=60), timedelta(hours=48)
CONSULT_RETRY = RetryPolicy(initial_interval=timedelta(seconds=10), maximum_interval=timedelta(minutes=30))


@workflow.defn(name=names.LIST_REFRESH)
class ListRefreshWorkflow:
    """Started by its schedule: each list by itself, so that one that is away holds up no other."""

    @workflow.run
    async def run(self) -> s.RefreshReport:
        """Answer which are new. A new list has everybody looked at again."""
        renewed, failed = [], []
        for code in PUBLISHED:
            try:
                done: s.Refreshed = await workflow.execute_activity(
                    names.REFRESH_LIST,
                    s.RefreshOrder(list_code=code),
                    result_type=s.Refreshed,
                    task_queue=names.LISTS_QUEUE,
                    start_to_close_timeout=DOWNLOAD,
                    retry_policy=DOWNLOAD_RETRY,
                    summary=f"Descarga y comprueba la lista {code}",
                )
            except ActivityError:
                failed.append(code)
                continue
            if done.version_id is not None:
                renewed.append(code)
        if renewed:
            await self._look_at_all(", ".join(renewed))
        return s.RefreshReport(renewed=tuple(renewed), failed=tuple(failed))

    async def _look_at_all(self, which: str) -> None:
        await workflow.execute_activity(
            names.ORDER_RESCREENING,
            s.RunOrder(cause=f"Lista nueva: {which}"),
            task_queue=names.LISTS_QUEUE,
            start_to_close_timeout=STEP,
            retry_policy=STEP_RETRY,
            summary="Pide revisar a todos los clientes",
        )


@workflow.defn(name=names.RESCREENING)
class RescreeningWorkflow:
    """Looks at every client, one run after another. There is one such workflow; what is asked meanwhile waits."""

    @workflow.init
    def __init__(self, start: s.RescreeningStart) -> None:
        """Orders may come before `run` does."""
        self._running = start.running
        self._waiting = list(start.waiting)
        self._done = s.RescreeningReport()

    @workflow.signal(name=names.LOOK_AT_ALL, description="Revisa a todos los clientes en las listas vigentes")
    def look_at_all(self, order: s.RunOrder) -> None:
        """One more look: the same one that waits already is not repeated."""
        if order not in self._waiting:
            self._waiting.append(order)

    @workflow.run
    async def run(self, _start: s.RescreeningStart) -> s.RescreeningReport:
        """Until nothing is asked."""
        while self._running is not None or self._waiting:
            if self._running is None:
                self._running = await self._opened(self._waiting.pop(0))
            await self._look()
        return self._done

    async def _opened(self, order: s.RunOrder) -> s.Run:
        opened: s.Run = await workflow.execute_activity(
            names.OPEN_SCREENING_RUN,
            order,
            result_type=s.Run,
            task_queue=names.LISTS_QUEUE,
            start_to_close_timeout=STEP,
            retry_policy=STEP_RETRY,
            summary="Abre la revisión de todos los clientes",
        )
        return opened

    async def _look(self) -> None:
        """Piece by piece; each is written before the next begins, so that a death repeats one piece at most."""
        over = False
        while not over and self._running is not None:
            over = await self._piece(self._running)
            if not over and workflow.info().is_continue_as_new_suggested():
                workflow.continue_as_new(s.RescreeningStart(running=self._running, waiting=tuple(self._waiting)))
        assert self._running is not None
        self._done = s.RescreeningReport(
            runs=self._done.runs + 1,
            screened=self._done.screened + self._running.screened,
            new_hits=self._done.new_hits + self._running.new_hits,
        )
        self._running = None

    async def _piece(self, run: s.Run) -> bool:
        done: s.PieceDone = await workflow.execute_activity(
            names.RESCREEN_PIECE,
            s.PieceOrder(run_id=run.run_id, after=run.last),
            result_type=s.PieceDone,
            task_queue=names.LISTS_QUEUE,
            start_to_close_timeout=PIECE,
            heartbeat_timeout=ALIVE,
            retry_policy=STEP_RETRY,
            summary=f"Revisa desde el cliente {run.last}",
        )
        self._running = replace(run, last=done.last, screened=done.screened, new_hits=done.new_hits)
        self._describe(self._running)
        return done.over

    def _describe(self, run: s.Run) -> None:
        share = 100 * run.screened // run.clients if run.clients else 100
        lines = [
            f"**Revisión {run.run_id}: {run.screened} de {run.clients} clientes ({share} %)**",
            f"- Coincidencias nuevas: {run.new_hits}",
            f"- Revisiones en espera: {len(self._waiting)}",
        ]
        workflow.set_current_details("\n".join(lines))


@workflow.defn(name=names.CLIENT_SCREENING)
class ClientScreeningWorkflow:
    """One look at one client that a person of the house asked for."""

    @workflow.run
    async def run(self, order: m.ClientOrder) -> m.Screened:
        """Answer what was found."""
        found: m.Screened = await workflow.execute_activity(
            names.SCREEN_CLIENT,
            order,
            result_type=m.Screened,
            start_to_close_timeout=STEP,
            retry_policy=RetryPolicy(maximum_attempts=3),
            summary="Revisa al cliente en las listas",
        )
        return found


@workflow.defn(name=names.NAME_SEARCH)
class NameSearchWorkflow:
    """One name that a person of the house asked for: the name stays in its row."""

    @workflow.run
    async def run(self, order: s.SearchOrder) -> None:
        """Write the answer into the row."""
        await workflow.execute_activity(
            names.ANSWER_NAME_SEARCH,
            order,
            task_queue=names.LISTS_QUEUE,
            start_to_close_timeout=STEP,
            retry_policy=RetryPolicy(maximum_attempts=3),
            summary="Busca un nombre en las listas",
        )


@workflow.defn(name=names.INSPEKTOR_CHECK)
class InspektorCheckWorkflow:
    """Asks the outside service about a client, beside the own lists and without holding anything up."""

    @workflow.run
    async def run(self, order: m.ClientOrder) -> s.Consulted:
        """Patiently, for two days."""
        done: s.Consulted = await workflow.execute_activity(
            names.CONSULT_INSPEKTOR,
            order,
            result_type=s.Consulted,
            task_queue=names.LISTS_QUEUE,
            start_to_close_timeout=CONSULT,
            schedule_to_close_timeout=CONSULT_LIFE,
            retry_policy=CONSULT_RETRY,
            summary="Consulta Inspektor",
        )
        return done


SCREENING_WORKFLOWS = (
    ListRefreshWorkflow,
    RescreeningWorkflow,
    ClientScreeningWorkflow,
    NameSearchWorkflow,
    InspektorCheckWorkflow,
)
