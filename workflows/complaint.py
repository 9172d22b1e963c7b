"""A sheet of the Libro de Reclamaciones: copies by mail, the clock of the term, the answer."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from domain.calendar import format_day
    from workflows import client_messages as c
    from workflows import names
    from workflows.effects import ACTIVITY_FAILED, WRITE_RETRY, refused_by
    from workflows.saved_rows import saved_row

ATTEMPT, LIFE = timedelta(seconds=20), timedelta(days=3)
RETRY = RetryPolicy(initial_interval=timedelta(seconds=2), maximum_interval=timedelta(minutes=5))
REMIND_EVERY = timedelta(days=1)


@workflow.defn(name=names.COMPLAINT)
class ComplaintWorkflow:
    """Started inside the transaction that writes the sheet: without a sheet it ends by itself.

    Its id is `names.complaint_id`.
    """

    @workflow.init
    def __init__(self, start: c.ComplaintStart) -> None:
        """An answer may come before the first mail has left."""
        self._id, self._code, self._due = start.complaint_id, start.code, start.due_on
        self._lock = asyncio.Lock()
        self._answered = False
        self._mails: list[asyncio.Task[None]] = []
        self._undelivered = 0

    @workflow.run
    async def run(self, start: c.ComplaintStart) -> str:
        """Until it is answered and the answer has been mailed."""
        if not await saved_row(names.FIND_COMPLAINT, self._id, bool, summary="Lee la hoja del libro"):
            workflow.set_current_details("La hoja no llegó a guardarse; no hay nada que hacer.")
            return "Sin hoja"
        for notice in ("reclamo_copia", "reclamo_casa"):
            self._mail(notice)
        self._describe()
        await self._until_answered(start)
        await workflow.wait_condition(workflow.all_handlers_finished)
        while waiting := [mail for mail in self._mails if not mail.done()]:
            await workflow.wait(waiting)
            await workflow.wait_condition(workflow.all_handlers_finished)
        self._describe()
        return "Respondido"

    @workflow.update(name=names.ANSWER_COMPLAINT, description="Responde a la persona")
    async def answer(self, command: c.ComplaintAnswer) -> None:
        """Write the answer, once, and mail it."""
        update = workflow.current_update_info()
        assert update is not None
        order = c.RecordAnswer(complaint_id=self._id, command=command, key=update.id, at=workflow.now())
        async with self._lock:
            try:
                await workflow.execute_activity(
                    names.RECORD_ANSWER,
                    order,
                    start_to_close_timeout=timedelta(seconds=10),
                    retry_policy=WRITE_RETRY,
                    summary="Guarda la respuesta",
                )
            except ACTIVITY_FAILED as error:
                raise refused_by(error) or error from error
            if not self._answered:
                self._answered = True
                self._mail("reclamo_respuesta")

    async def _until_answered(self, start: c.ComplaintStart) -> None:
        """Ring near the end of the term, and each day after, until somebody answers."""
        wait = max(start.remind_at - workflow.now(), timedelta(seconds=1))
        while not self._answered:
            try:
                await workflow.wait_condition(
                    lambda: self._answered, timeout=wait, timeout_summary="Avisa que el plazo está por vencer"
                )
            except TimeoutError:
                await workflow.execute_activity(
                    names.REMIND_COMPLAINT,
                    self._id,
                    start_to_close_timeout=timedelta(seconds=10),
                    retry_policy=RETRY,
                    summary="Avisa a quien atiende el libro",
                )
                wait = REMIND_EVERY

    def _mail(self, notice: str) -> None:
        async def mailing() -> None:
            try:
                await workflow.execute_activity(
                    names.DELIVER_COMPLAINT,
                    c.ComplaintNotice(complaint_id=self._id, notice=notice),
                    task_queue=names.NOTICES_QUEUE,
                    start_to_close_timeout=ATTEMPT,
                    schedule_to_close_timeout=LIFE,
                    retry_policy=RETRY,
                    summary=f"Envía {notice}",
                )
            except ActivityError:
                self._undelivered += 1
                self._describe()

        self._mails.append(asyncio.ensure_future(mailing()))

    def _describe(self) -> None:
        state = "respondida" if self._answered else "por responder"
        lines = [f"**Hoja {self._code}: {state}**", f"- Vence: {format_day(self._due)}"]
        if self._undelivered:
            lines.append(f"- **Correos que no salieron: {self._undelivered}**")
        workflow.set_current_details("\n".join(lines))
