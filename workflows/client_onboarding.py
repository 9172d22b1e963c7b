"""A person becomes a client: screened, its documents seen, approved or rejected. Days long; one run at a time.

The row is there or comes within seconds: whoever registers starts this workflow inside the transaction, before its
commit. A start without a row ends by itself; a row without a start cannot be. A client of before, or one that comes
back, gets a new run with its first command (update-with-start).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from datetime import timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from domain.clients import ClientStatus, KycStatus
    from domain.errors import Conflict
    from workflows import client_messages as c
    from workflows import messages as m
    from workflows import names
    from workflows.effects import ACTIVITY_FAILED, refusal, refused_by, write
    from workflows.saved_rows import saved_row

# A correction signals before its commit too.
AFTER_COMMIT = timedelta(seconds=2)
SCREEN_ATTEMPT = timedelta(minutes=1)
SCREEN_RETRY = RetryPolicy(initial_interval=timedelta(seconds=2), maximum_interval=timedelta(minutes=5))
# How long a person who approves waits for a screening before being told to come back.
SCREEN_WAIT = timedelta(seconds=6)
NOTICE_ATTEMPT, NOTICE_LIFE = timedelta(seconds=20), timedelta(hours=24)
NOTICE_RETRY = RetryPolicy(initial_interval=timedelta(seconds=2), maximum_interval=timedelta(minutes=5))
STEP_RETRY = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=1))


@workflow.defn(name=names.CLIENT_ONBOARDING)
class ClientOnboardingWorkflow:
    """The only writer of a client's review while it runs. Its id is `names.onboarding_id`."""

    @workflow.init
    def __init__(self, start: c.OnboardingStart) -> None:
        """Handlers may run before `run` does."""
        self._client_id = start.client_id
        self._lock = asyncio.Lock()
        self._state: c.OnboardingState | None = None
        self._terms = c.OnboardingTerms()
        self._screened: m.Screened | None = None
        self._screen_again = False
        self._unscreenable = False
        self._moved = 0
        self._reminded = 0
        self._undelivered = 0
        self._tasks: list[asyncio.Task[None]] = []

    @workflow.run
    async def run(self, start: c.OnboardingStart) -> c.OnboardingOutcome:
        """Until the client is approved with all its documents, rejected or closed."""
        if not await self._opened():
            return c.OnboardingOutcome(client_id=self._client_id, outcome="Sin registro")
        if start.welcome:
            self._tell("bienvenida", "registro")
        self._screen()
        while not (self._over() and await self._drained()):
            await self._step()
        return c.OnboardingOutcome(client_id=self._client_id, outcome=self._outcome())

    @workflow.update(name=names.SEND_PAPERS, description="Recibe documentos del cliente")
    async def send_papers(self, command: c.SendPapers) -> c.OnboardingState:
        """Keep the documents; says what is still missing."""
        order = c.RecordPapers(client_id=self._client_id, command=command)
        return await self._write(names.RECORD_PAPERS, order, "Guarda documentos", durable=False)

    @workflow.update(name=names.REVIEW_PAPER, description="Acepta un documento o lo vuelve a pedir")
    async def review_paper(self, command: c.ReviewPaper) -> c.OnboardingState:
        """Accept a document, or ask for it again: the client is told by mail."""
        order = c.RecordReview(client_id=self._client_id, command=command, at=workflow.now())
        state = await self._write(names.RECORD_REVIEW, order, "Guarda la revisión del documento", durable=False)
        if not command.accepted:
            self._tell("documento_observado", f"{command.paper_id}-{_key()}")
        return state

    @workflow.update(name=names.APPROVE, description="Aprueba al cliente")
    async def approve(self, command: c.Decision) -> c.OnboardingState:
        """Activo without limit. Refused while the lists have not been looked at, or a match is open."""
        await self._check_screened()
        state = await self._decide(names.RECORD_APPROVAL, command, "Aprueba al cliente")
        self._tell("aprobada", _key())
        return state

    @workflow.update(name=names.REJECT, description="Rechaza al cliente, con motivo")
    async def reject(self, command: c.Decision) -> c.OnboardingState:
        """It can't operate; it is told why."""
        state = await self._decide(names.RECORD_REJECTION, command, "Rechaza al cliente")
        self._tell("rechazada", _key())
        return state

    @workflow.update(name=names.REOPEN, description="Reabre la revisión de un cliente rechazado")
    async def reopen(self, command: c.Decision) -> c.OnboardingState:
        """Back to review."""
        return await self._decide(names.RECORD_REOPENING, command, "Reabre la revisión")

    @workflow.signal(name=names.REFRESH, description="Algo del cliente cambió: volver a mirar")
    def refresh(self) -> None:
        """Identity corrected, account closed: read again, and screen again."""
        self._screen_again = True
        self._moved += 1

    async def _opened(self) -> bool:
        """Read the client; False when it was never registered."""
        opened: c.OnboardingOpened | None = await saved_row(
            names.OPEN_ONBOARDING,
            m.ClientOrder(client_id=self._client_id),
            c.OnboardingOpened,
            summary="Lee la ficha del cliente",
        )
        if opened is None:
            self._show("El registro no llegó a guardarse; no hay nada que hacer.")
            return False
        self._terms = opened.terms
        # A command that came with the start may have written meanwhile: its state is the newer one.
        if self._state is None:
            self._state = opened.state
        return True

    async def _step(self) -> None:
        """Wait for something to move, or for the next reminder; then do what it asks for."""
        await self._activate_if_due()
        if self._over():
            return
        seen = self._moved
        self._describe()
        if not await self._wait_for_move(seen):
            await self._remind()
        if self._screen_again:
            self._screen_again = False
            await workflow.sleep(AFTER_COMMIT, summary="Espera a que se guarde el cambio")
            await self._read()
            self._screen()

    async def _wait_for_move(self, seen: int) -> bool:
        """False when the time for a reminder came first."""
        assert self._state is not None
        remind = self._state.missing and self._reminded < self._terms.reminders
        try:
            await workflow.wait_condition(
                lambda: self._moved != seen or self._over(),
                timeout=self._terms.remind_after if remind else None,
                timeout_summary="Recuerda los documentos que faltan",
            )
        except TimeoutError:
            return False
        return True

    async def _remind(self) -> None:
        """Look again before writing: a closed account gets no mail."""
        await self._read()
        if not self._over() and self._state is not None and self._state.missing:
            self._reminded += 1
            self._tell("recordatorio_documentos", f"{workflow.info().run_id}-{self._reminded}")

    async def _activate_if_due(self) -> None:
        """By the house's rule: documents sent, lists clean, risk low. Not yet complete: a person must see them."""
        state = self._state
        ready = state is not None and not state.missing and state.status is ClientStatus.INACTIVO
        if not (self._terms.automatic and ready and self._screened is not None and not self._screened.open_hits):
            return
        assert state is not None
        key = f"{workflow.info().run_id}-{self._moved}"
        order = c.ActivateClient(client_id=self._client_id, key=key)
        after = await self._write(names.ACTIVATE_CLIENT, order, "Activa por riesgo bajo", durable=True)
        if after.status is ClientStatus.ACTIVO and state.status is not ClientStatus.ACTIVO:
            self._tell("aprobada", key)

    def _screen(self) -> None:
        """Against the lists, in its own time: a list that is away holds up no document, only the approval."""
        if self._state is None or self._state.closed:
            return
        self._screened, self._unscreenable = None, False
        self._spawn(self._screening())

    async def _screening(self) -> None:
        try:
            found: m.Screened = await workflow.execute_activity(
                names.SCREEN_CLIENT,
                m.ClientOrder(client_id=self._client_id),
                result_type=m.Screened,
                start_to_close_timeout=SCREEN_ATTEMPT,
                retry_policy=SCREEN_RETRY,
                summary="Revisa al cliente en las listas",
            )
            self._screened = found
            await self._assess(found.open_hits)
        except ActivityError:
            self._unscreenable = True
        self._moved += 1

    async def _assess(self, open_hits: int) -> None:
        order = c.AssessRisk(
            client_id=self._client_id, occasion="revisión en listas", at=workflow.now(), open_hits=open_hits
        )
        await workflow.execute_activity(
            names.ASSESS_RISK,
            order,
            start_to_close_timeout=timedelta(seconds=10),
            retry_policy=STEP_RETRY,
            summary="Calcula el riesgo",
        )

    async def _check_screened(self) -> None:
        """Raises the refusal of an approval. Open matches are looked at anew: somebody may have resolved them."""
        try:
            await workflow.wait_condition(
                lambda: self._screened is not None,
                timeout=SCREEN_WAIT,
                timeout_summary="Espera la revisión en listas",
            )
        except TimeoutError:
            words = "Aún falta la revisión en listas. Intenta de nuevo en un momento."
            raise refusal(Conflict("SCREENING_PENDING", words)) from None
        assert self._screened is not None
        if self._screened.open_hits:
            self._screened = await self._screen_now(self._screened)
            await self._assess(self._screened.open_hits)
        if self._screened.open_hits:
            raise refusal(Conflict("HITS_OPEN", "Hay coincidencias por resolver. Resuélvelas antes de aprobar."))

    async def _screen_now(self, before: m.Screened) -> m.Screened:
        try:
            again: m.Screened = await workflow.execute_activity(
                names.SCREEN_CLIENT,
                m.ClientOrder(client_id=self._client_id),
                result_type=m.Screened,
                start_to_close_timeout=SCREEN_WAIT,
                schedule_to_close_timeout=SCREEN_WAIT,
                summary="Vuelve a mirar las coincidencias",
            )
        except ActivityError:
            return before
        return again

    async def _decide(self, activity: str, command: c.Decision, summary: str) -> c.OnboardingState:
        """Decisions are legally visible: accepted by the server before they are written."""
        order = c.RecordDecision(client_id=self._client_id, command=command, key=_key(), at=workflow.now())
        return await self._write(activity, order, summary, durable=True)

    async def _write(self, activity: str, order: Any, summary: str, *, durable: bool) -> c.OnboardingState:
        """One write at a time. A refusal goes back to who asked, and changes nothing."""
        async with self._lock:
            try:
                state: c.OnboardingState = await write(
                    activity, order, c.OnboardingState, summary=summary, durable=durable
                )
            except ACTIVITY_FAILED as error:
                raise refused_by(error) or error from error
            self._state = state
            self._moved += 1
            self._describe()
            return state

    async def _read(self) -> None:
        order = m.ClientOrder(client_id=self._client_id)
        await self._write(names.READ_ONBOARDING, order, "Vuelve a leer la ficha", durable=True)

    def _tell(self, notice: str, key: str) -> None:
        """A mail (and push) in its own time: a mail server that is away holds nobody up."""

        async def telling() -> None:
            try:
                await workflow.execute_activity(
                    names.DELIVER_CLIENT_NOTICE,
                    m.ClientNoticeOrder(client_id=self._client_id, notice=notice, key=key),
                    task_queue=names.NOTICES_QUEUE,
                    start_to_close_timeout=NOTICE_ATTEMPT,
                    schedule_to_close_timeout=NOTICE_LIFE,
                    retry_policy=NOTICE_RETRY,
                    summary=f"Envía el aviso {notice}",
                )
            except ActivityError:
                self._undelivered += 1
                self._describe()

        self._spawn(telling())

    def _spawn(self, doing: Awaitable[None]) -> None:
        self._tasks.append(asyncio.ensure_future(doing))

    async def _drained(self) -> bool:
        """Let mails and the screening end, and whoever asked something get its answer; False when it goes on."""
        self._describe()
        await workflow.wait_condition(workflow.all_handlers_finished)
        while self._over() and (waiting := [task for task in self._tasks if not task.done()]):
            await workflow.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            await workflow.wait_condition(workflow.all_handlers_finished)
        self._describe()
        return self._over()

    def _over(self) -> bool:
        return self._state is not None and self._state.over and not self._screen_again

    def _outcome(self) -> str:
        assert self._state is not None
        if self._state.closed:
            return "Cerrado"
        return "Rechazado" if self._state.kyc is KycStatus.RECHAZADO else "Activo"

    def _describe(self) -> None:
        """The present state in the Temporal UI, in Spanish and without personal data."""
        state = self._state
        if state is None:
            return
        lists = "por revisar"
        if self._screened is not None:
            lists = f"{self._screened.open_hits} coincidencias abiertas" if self._screened.open_hits else "limpio"
        lines = [
            f"**Cliente {self._client_id}: {state.status}**, revisión {state.kyc}",
            f"- Listas: {lists}",
            f"- Falta que envíe: {', '.join(state.missing) or 'nada'}",
            f"- Por aceptar: {', '.join(state.to_review) or 'nada'}",
            f"- Recordatorios: {self._reminded} de {self._terms.reminders}",
            f"- Espera: {self._waits_for(state)}",
        ]
        if self._unscreenable:
            lines.append("- **La revisión en listas no se pudo hacer: avisa a soporte**")
        if self._undelivered:
            lines.append(f"- **Avisos que no salieron: {self._undelivered}**")
        self._show("\n".join(lines))

    def _waits_for(self, state: c.OnboardingState) -> str:
        if state.over:
            return "nada; terminó"
        if state.missing:
            return "los documentos del cliente"
        if state.to_review:
            return "que Middle Office acepte los documentos"
        return "que Middle Office o Master apruebe"

    def _show(self, words: str) -> None:
        workflow.set_current_details(words)


def _key() -> str:
    """The caller's key, by the update that runs now."""
    update = workflow.current_update_info()
    assert update is not None
    return update.id
