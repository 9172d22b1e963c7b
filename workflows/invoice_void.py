"""Taking an accepted comprobante back: one person asks, another decides, SUNAT has the last word."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from domain.errors import Conflict, Forbidden, Invalid
    from domain.invoices import VoidMethod, VoidState
    from workflows import invoice_messages as i
    from workflows import names
    from workflows.effects import ACTIVITY_FAILED, WRITE_ATTEMPT, WRITE_RETRY, refusal, refused_by
    from workflows.invoices import mail

ANNULLED, CREDITED = "comprobante_anulado", "nota_credito"
# One attempt may ask and then send, each with its own time limit (8 s by default), and ask again.
ATTEMPT = timedelta(seconds=30)
# SUNAT answers a baja in minutes and a boleta's the next day: soon at first, then every ten minutes, without end.
UNTIL_ANSWERED = RetryPolicy(initial_interval=timedelta(seconds=2), maximum_interval=timedelta(minutes=10))


@workflow.defn(name=names.INVOICE_VOID)
class InvoiceVoidWorkflow:
    """One request to take a comprobante back. Its id is `names.void_id`."""

    @workflow.init
    def __init__(self, start: i.VoidStart) -> None:
        """A decision may come in the very first task."""
        self._start = start
        self._lock = asyncio.Lock()
        self._progress = start.decided or i.VoidProgress(state=VoidState.SOLICITADA.value)
        self._over = False

    @workflow.run
    async def run(self, start: i.VoidStart) -> i.VoidProgress:  # noqa: ARG002 - `__init__` has kept it
        """Wait for the second person; then baja, or nota where the baja can't be; then tell the client."""
        self._describe("espera a la segunda persona")
        await workflow.wait_condition(lambda: self._over or self._progress.state != VoidState.SOLICITADA)
        await workflow.wait_condition(workflow.all_handlers_finished)
        if self._progress.state == VoidState.APROBADA and self._progress.method == VoidMethod.BAJA:
            self._describe("la baja espera a la SUNAT")
            await self._step(names.VOID_INVOICE, "Comunica la baja y espera a la SUNAT")
        if self._progress.state == VoidState.APROBADA:
            self._describe("la nota de crédito espera a la SUNAT")
            await self._step(names.CREDIT_INVOICE, "Emite la nota de crédito y espera a la SUNAT")
        self._describe("terminó")
        if self._progress.state == VoidState.HECHA:
            await self._tell_client()
        return self._progress

    @workflow.update(name=names.DECIDE_VOID, description="La segunda persona aprueba o niega la anulación")
    async def decide(self, decision: i.VoidDecision) -> i.VoidProgress:
        """Write it, once."""
        async with self._lock:
            self._may_decide(decision)
            order = i.RecordVoidDecision(void_id=self._start.void_id, decision=decision)
            try:
                self._progress = await workflow.execute_activity(
                    names.RECORD_VOID_DECISION,
                    order,
                    result_type=i.VoidProgress,
                    start_to_close_timeout=WRITE_ATTEMPT,
                    retry_policy=WRITE_RETRY,
                    summary="Guarda la decisión",
                )
            except ACTIVITY_FAILED as error:
                refused = refused_by(error)
                # The request was decided in an earlier run: there is nothing to wait for.
                self._over = refused is not None and refused.type == "VOID_DECIDED"
                raise (refused or error) from error
            return self._progress

    @decide.validator
    def _may_decide(self, decision: i.VoidDecision) -> None:
        if self._progress.state != VoidState.SOLICITADA:
            raise refusal(Conflict("VOID_DECIDED", f"Este pedido ya está {self._progress.state}."))
        if decision.actor.id == self._start.requested_by:
            raise refusal(Forbidden("TWO_PEOPLE", "La pediste tú: la aprueba otra persona."))
        if not decision.approved and not decision.reason:
            raise refusal(Invalid("REASON_MISSING", "Di por qué no se anula.", field="reason"))

    async def _step(self, activity: str, summary: str) -> None:
        self._progress = await workflow.execute_activity(
            activity,
            self._start.void_id,
            result_type=i.VoidProgress,
            task_queue=names.INVOICING_QUEUE,
            start_to_close_timeout=ATTEMPT,
            retry_policy=UNTIL_ANSWERED,
            summary=summary,
        )

    async def _tell_client(self) -> None:
        """The client hears of it by mail; one that never takes it is seen here and in the deliveries."""
        by_note = self._progress.note_id is not None
        notice, about = (CREDITED, self._progress.note_id) if by_note else (ANNULLED, self._start.invoice_id)
        try:
            await mail(i.InvoiceNotice(invoice_id=about or self._start.invoice_id, code="", notice=notice))
        except ActivityError as error:
            workflow.logger.warning("the client was not told: %s", error.cause)
            self._describe("terminó; **el correo al cliente no salió**")

    def _describe(self, waits: str) -> None:
        method = f" por {self._progress.method.replace('_', ' de ')}" if self._progress.method else ""
        workflow.set_current_details(f"**{self._start.name}**: anulación {self._progress.state}{method}; {waits}.")
