"""Undoing a completed operation: one person asks, another agrees, the books first, then its comprobante."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.workflow import ParentClosePolicy

with workflow.unsafe.imports_passed_through():
    from domain.errors import Conflict, Forbidden, Invalid
    from domain.operations import Effect
    from domain.reversals import ReversalState
    from workflows import invoice_messages as i
    from workflows import messages as m
    from workflows import names
    from workflows import reversal_messages as r
    from workflows.effects import ACTIVITY_FAILED, WRITE_ATTEMPT, WRITE_RETRY, refusal, refused_by

UNDONE = "reversada"
NOTICE_ATTEMPT, NOTICE_LIFE = timedelta(seconds=20), timedelta(hours=24)
NOTICE_RETRY = RetryPolicy(initial_interval=timedelta(seconds=2), maximum_interval=timedelta(minutes=5))
# A boleta has SUNAT's word the next day: soon at first, then every ten minutes, without end.
UNTIL_ANSWERED = RetryPolicy(initial_interval=timedelta(seconds=2), maximum_interval=timedelta(minutes=10))


@workflow.defn(name=names.OPERATION_REVERSAL)
class OperationReversalWorkflow:
    """One request to undo an operation. Its id is `names.reversal_id`."""

    @workflow.init
    def __init__(self, start: r.ReversalStart) -> None:
        """A decision may come in the very first task."""
        self._start = start
        self._lock = asyncio.Lock()
        self._progress = r.ReversalProgress(state=ReversalState.SOLICITADA.value)
        self._over = False

    @workflow.run
    async def run(self, start: r.ReversalStart) -> r.ReversalProgress:  # noqa: ARG002 - `__init__` has kept it
        """Wait for the second person; the books are undone with its yes; then the comprobante is taken back."""
        self._describe("espera a la segunda persona")
        await workflow.wait_condition(lambda: self._over or self._progress.state != ReversalState.SOLICITADA)
        await workflow.wait_condition(workflow.all_handlers_finished)
        if self._progress.state == ReversalState.APROBADA:
            self._describe("libros deshechos; falta el comprobante")
            told = asyncio.create_task(self._tell_the_client())
            await self._take_the_comprobante_back()
            await told
            self._progress = await workflow.execute_activity(
                names.END_REVERSAL,
                self._start.reversal_id,
                result_type=r.ReversalProgress,
                start_to_close_timeout=WRITE_ATTEMPT,
                retry_policy=WRITE_RETRY,
                summary="Anota que terminó",
            )
        self._describe("terminó")
        return self._progress

    @workflow.update(name=names.DECIDE_REVERSAL, description="La segunda persona aprueba o niega el reverso")
    async def decide(self, decision: r.ReversalDecision) -> r.ReversalProgress:
        """Write it and undo the books, once."""
        async with self._lock:
            self._may_decide(decision)
            try:
                self._progress = await workflow.execute_activity(
                    names.RECORD_REVERSAL_DECISION,
                    r.RecordReversalDecision(reversal_id=self._start.reversal_id, decision=decision),
                    result_type=r.ReversalProgress,
                    start_to_close_timeout=WRITE_ATTEMPT,
                    retry_policy=WRITE_RETRY,
                    summary="Guarda la decisión y deshace calces, libros y pips",
                )
            except ACTIVITY_FAILED as error:
                refused = refused_by(error)
                # The request was decided in an earlier run: there is nothing to wait for.
                self._over = refused is not None and refused.type == "REVERSAL_DECIDED"
                raise (refused or error) from error
            return self._progress

    @decide.validator
    def _may_decide(self, decision: r.ReversalDecision) -> None:
        if self._progress.state != ReversalState.SOLICITADA:
            raise refusal(Conflict("REVERSAL_DECIDED", f"Este reverso ya está {self._progress.state}."))
        if decision.actor.id == self._start.requested_by:
            raise refusal(Forbidden("TWO_PEOPLE", "Lo pediste tú: lo decide otra persona."))
        if not decision.approved and not decision.reason:
            raise refusal(Invalid("REASON_MISSING", "Di por qué no se reversa.", field="reason"))

    async def _tell_the_client(self) -> None:
        """By mail and push. An address that takes none is kept with the delivery; the books do not wait for it."""
        order = m.NoticeOrder(
            code=self._start.code,
            effect=Effect.CLOSING_NOTICE,
            notice=UNDONE,
            key=f"reverso-{self._start.reversal_id}",
        )
        try:
            await workflow.execute_activity(
                names.DELIVER_NOTICE,
                order,
                task_queue=names.NOTICES_QUEUE,
                start_to_close_timeout=NOTICE_ATTEMPT,
                schedule_to_close_timeout=NOTICE_LIFE,
                retry_policy=NOTICE_RETRY,
                summary="Avisa al cliente",
            )
        except ACTIVITY_FAILED:
            workflow.logger.warning("nobody took the notice of %s", self._start.code)

    async def _take_the_comprobante_back(self) -> None:
        """By the same workflow as any annulment, which the two people have already agreed on."""
        found = await workflow.execute_activity(
            names.RECLAIM_INVOICE,
            self._start.reversal_id,
            result_type=list[i.VoidStart],
            start_to_close_timeout=WRITE_ATTEMPT,
            retry_policy=UNTIL_ANSWERED,
            summary="Pide la anulación del comprobante",
        )
        for void in found:
            await workflow.execute_child_workflow(
                names.INVOICE_VOID,
                void,
                id=names.void_id(void.name),
                task_queue=names.OPERATIONS_QUEUE,
                parent_close_policy=ParentClosePolicy.ABANDON,
                static_summary=f"Anulación de {void.name} por el reverso de {self._start.code}",
            )

    def _describe(self, waits: str) -> None:
        workflow.set_current_details(f"**{self._start.code}**: reverso {self._progress.state}; {waits}.")
