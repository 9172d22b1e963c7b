"""The life of one exchange operation, from the client's request until nothing is owed.

The workflow is the only writer of an operation while it is open. People act by updates, one at a time under a lock:
decide (pure) → write the projection → change the state → answer. Machines' clocks and effects run beside them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from temporalio import workflow
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from domain import commands as c
    from domain import lifecycle
    from domain.errors import Conflict, Refused
    from domain.operations import SYSTEM, Actor, Assessment, Effect, EffectState, Operation, State, differences
    from workflows import messages as m
    from workflows import names
    from workflows.effects import ACTIVITY_FAILED, STALE_WRITE, carry_out, refusal, refused_by, write
    from workflows.operation_commands import OperationCommands
    from workflows.status import details, search_attributes

CLOSING_NOTICES = {
    State.COMPLETADA: "completada",
    State.CANCELADO: "cancelada",
    State.EXPIRADA: "expirada",
}


class Clock(StrEnum):
    """What a timer of the operation is for."""

    EXPIRY = "Vence"
    STALE = "Pide atención"
    ALERT = "Avisa al operador"


@dataclass(frozen=True)
class Alarm:
    """The next timer to arm."""

    clock: Clock
    at: datetime


@workflow.defn(name=names.OPERATION)
class OperationWorkflow(OperationCommands):
    """One exchange operation. Its id is the operation's code."""

    @workflow.init
    def __init__(self, start: m.OperationStart) -> None:
        """State stands before any handler runs: an update may arrive in the very first task."""
        self._operation = start.operation
        self._terms = start.terms
        self._lock = asyncio.Lock()
        self._recorded = False
        self._refusal: ApplicationError | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._alerts = 0
        self._attention_asked = False
        self._shown = search_attributes(start.operation)

    @workflow.run
    async def run(self, start: m.OperationStart) -> m.OperationOutcome:
        """Record it, live it, and pay what it owes."""
        await self._create(start.operation)
        if self._refusal is None:
            self._owe_assessment(Effect.ASSESSMENT, "creacion")
            self._owe_notice(Effect.CREATED_NOTICE, "creada")
            await self._live()
            self._owe_closing()
            await self._nothing_owed()
        await workflow.wait_condition(workflow.all_handlers_finished)
        if self._refusal is not None:
            return m.OperationOutcome(code=start.operation.code, outcome="Rechazada", refusal=str(self._refusal.type))
        return m.OperationOutcome(code=self._operation.code, outcome=self._operation.state.value)

    # --- what people do -------------------------------------------------------------------------------------------

    @workflow.update(name=names.CREATE, description="Registra la operación y responde con su código")
    async def create(self) -> m.OperationAnswer:
        """Answer when version 1 is in the database, or refuse."""
        await workflow.wait_condition(lambda: self._recorded or self._refusal is not None)
        if self._refusal is not None:
            raise self._refusal
        return self._answer()

    @workflow.signal(name=names.ADD_NOTE, description="Agrega una nota de la casa")
    async def add_note(self, note: m.Note) -> None:
        """Notes change no state and need no answer."""
        await workflow.wait_condition(lambda: self._recorded or self._refusal is not None)
        if self._refusal is None:
            order = m.RecordNote(code=self._operation.code, note=note, at=workflow.now())
            await write(names.RECORD_NOTE, order, m.Recorded, summary="Guarda la nota", durable=False)

    @workflow.signal(name=names.RESYNC, description="Vuelve a escribir el registro según este flujo")
    async def resync(self) -> None:
        """The reconciliation found a row that does not tie: the workflow is right, so it writes itself again."""
        await workflow.wait_condition(lambda: self._recorded or self._refusal is not None)
        if self._refusal is None:
            async with self._lock:
                again = replace(self._operation, version=self._operation.version + 1)
                update_id = f"resync:{again.version}"
                await self._record(again, event="resync", actor=SYSTEM, update_id=update_id, whole=True)

    @workflow.query(name=names.SNAPSHOT, description="La operación como la tiene este flujo")
    def snapshot(self) -> Operation:
        """For the reconciliation and for support."""
        return self._operation

    # --- how a step is made ---------------------------------------------------------------------------------------

    async def _create(self, operation: Operation) -> None:
        async with self._lock:
            order = m.RecordCreation(operation=operation, update_id=names.CREATE, at=workflow.now())
            try:
                await write(names.RECORD_CREATION, order, m.Recorded, summary="Registra la operación", durable=False)
            except ACTIVITY_FAILED as error:
                refused = refused_by(error)
                if refused is None:
                    raise
                self._refusal = refused
                workflow.set_current_details(f"**Rechazada al registrarse**: {refused.message}")
                return
            self._recorded = True
            self._show()

    def _may(self, command: c.Command) -> None:
        """Refuse before anything is written in the history. One that is past its deadline expires in the handler."""
        if not self._recorded:
            raise refusal(Conflict("NOT_RECORDED", "La operación aún no está registrada. Intenta de nuevo."))
        if not self._operation.overdue(workflow.now()):
            self._decide(command)

    def _decide(self, command: c.Command) -> Operation:
        try:
            return lifecycle.decide(self._operation, command, workflow.now())
        except Refused as refused:
            raise refusal(refused) from refused

    async def _act(self, command: c.Command) -> m.OperationAnswer:
        """Under the lock: past the deadline it expires first; then decide again, write, change, answer."""
        info = workflow.current_update_info()
        assert info is not None  # updates always have one
        async with self._lock:
            await self._expire_if_overdue()
            after = self._decide(command)
            before = self._operation
            try:
                await self._record(
                    after, event=lifecycle.RULES[type(command)].name, actor=command.actor, update_id=info.id
                )
            except ACTIVITY_FAILED as error:
                raise (refused_by(error) or error) from error
            self._follow_up(before)
            return self._answer()

    async def _record(self, after: Operation, *, event: str, actor: Actor, update_id: str, whole: bool = False) -> None:
        """Write `after` and make it the state. Called under the lock.

        Should the row be ahead (a backup was restored, or two writes were lost), the workflow numbers its version
        past the row's and goes on: it is the authority.
        """
        before = self._operation
        try:
            recorded = await self._write(before, after, event=event, actor=actor, update_id=update_id, whole=whole)
        except ACTIVITY_FAILED as error:
            stale = refused_by(error)
            if stale is None or stale.type != STALE_WRITE or not stale.details:
                raise
            after = replace(after, version=int(stale.details[0]) + 1)
            recorded = await self._write(before, after, event=event, actor=actor, update_id=update_id, whole=True)
        self._operation = replace(after, operator_id=recorded.operator_id)
        if before.state is not after.state:
            self._alerts = 0
        self._show()

    async def _write(
        self, before: Operation, after: Operation, *, event: str, actor: Actor, update_id: str, whole: bool
    ) -> m.Recorded:
        order = m.RecordTransition(
            operation=after,
            event=event,
            actor=actor,
            update_id=update_id,
            at=workflow.now(),
            changes=differences(before, after),
            assign_operator=before.state is not after.state and after.state is State.EN_PROCESO,
            whole=whole,
        )
        # What moves money or is legally visible is accepted by the server before it is written (design, 3.8).
        durable = after.state is State.COMPLETADA or (after.state is State.CANCELADO and bool(after.deposits))
        summary = f"{event} → {after.state} v{after.version}"
        recorded: m.Recorded = await write(names.RECORD_TRANSITION, order, m.Recorded, summary=summary, durable=durable)
        return recorded

    def _show(self) -> None:
        """Tell the Temporal UI where it stands; one upsert, and only of what changed."""
        workflow.set_current_details(details(self._operation))
        wanted = search_attributes(self._operation)
        changed = [wanted[key] for key in wanted if wanted[key] != self._shown.get(key)]
        if changed:
            workflow.upsert_search_attributes(changed)
            self._shown = wanted

    def _answer(self) -> m.OperationAnswer:
        operation = self._operation
        return m.OperationAnswer(
            code=operation.code,
            state=operation.state.value,
            version=operation.version,
            operator_id=operation.operator_id,
        )

    # --- what time does -------------------------------------------------------------------------------------------

    async def _live(self) -> None:
        """Until it ends: wait for people, or for the next alarm."""
        while self._operation.open:
            alarm = self._next_alarm()
            if alarm is None:
                await workflow.wait_condition(lambda: not self._operation.open or self._next_alarm() is not None)
            elif await self._rings(alarm):
                await self._ring(alarm)

    async def _rings(self, alarm: Alarm) -> bool:
        """Wait for the alarm; False when it no longer stands."""
        left = alarm.at - workflow.now()
        if left.total_seconds() <= 0:
            return True
        try:
            await workflow.wait_condition(
                lambda: self._next_alarm() != alarm, timeout=left, timeout_summary=alarm.clock.value
            )
        except TimeoutError:
            return True
        return False

    def _next_alarm(self) -> Alarm | None:
        operation = self._operation
        if operation.state is State.EN_PROCESO and operation.in_process_since is not None:
            return Alarm(Clock.ALERT, operation.in_process_since + self._terms.alert_every * (self._alerts + 1))
        if operation.state is not State.PENDIENTE or operation.on_hold:
            return None
        if operation.expires_at is not None:
            return Alarm(Clock.EXPIRY, operation.expires_at)
        return None if self._attention_asked else Alarm(Clock.STALE, operation.created_at + self._terms.stale_after)

    async def _ring(self, alarm: Alarm) -> None:
        async with self._lock:
            if self._next_alarm() != alarm:
                return
            if alarm.clock is Clock.EXPIRY:
                await self._expire_if_overdue()
            elif alarm.clock is Clock.ALERT:
                await self._alert_operator()
            else:
                self._attention_asked = True
                after = lifecycle.needs_attention(self._operation, "Sigue Pendiente sin transferencia")
                await self._record(after, event="stale", actor=SYSTEM, update_id=f"stale:{after.version}")

    async def _expire_if_overdue(self) -> None:
        if self._operation.overdue(workflow.now()):
            after = lifecycle.expire(self._operation, workflow.now())
            await self._record(after, event="expire", actor=SYSTEM, update_id="expire")

    async def _alert_operator(self) -> None:
        # After an outage one alert tells how long it has been, instead of all the missed ones at once (F039).
        passed = workflow.now() - (self._operation.in_process_since or workflow.now())
        self._alerts = max(self._alerts + 1, passed // self._terms.alert_every)
        minutes = int(self._terms.alert_every.total_seconds() * self._alerts // 60)
        order = m.RecordAlert(
            code=self._operation.code,
            operator_id=self._operation.operator_id,
            minutes=minutes,
            at=workflow.now(),
        )
        await write(names.RECORD_ALERT, order, m.Recorded, summary=f"{minutes} min en proceso", durable=False)

    # --- what is owed ---------------------------------------------------------------------------------------------

    def _follow_up(self, before: Operation) -> None:
        after = self._operation
        if before.state is not State.EN_PROCESO and after.state is State.EN_PROCESO:
            self._owe_notice(Effect.PROCESS_NOTICE, "en_proceso", key=str(after.version))
        elif before.amount_usd != after.amount_usd:
            self._owe_notice(Effect.AMOUNT_NOTICE, "monto_cambiado", key=str(after.version))

    def _owe_closing(self) -> None:
        state = self._operation.state
        if state is not State.COMPLETADA:
            self._owe_notice(Effect.CLOSING_NOTICE, CLOSING_NOTICES[state])
            return
        order = m.EffectOrder(code=self._operation.code, effect=Effect.SETTLEMENT)
        self._owe(Effect.SETTLEMENT, lambda: carry_out(Effect.SETTLEMENT, order))
        bill = m.EffectOrder(code=self._operation.code, effect=Effect.INVOICE)
        invoice = self._owe(Effect.INVOICE, lambda: carry_out(Effect.INVOICE, bill))
        self._tasks.append(asyncio.create_task(self._closing_mail(invoice)))
        self._owe_assessment(Effect.FINAL_ASSESSMENT, "cierre")

    async def _closing_mail(self, invoice: asyncio.Task[None]) -> None:
        """The mail waits a little for its PDF; when it goes without, the comprobante follows as soon as it exists."""
        in_time = True
        try:
            await workflow.wait_condition(
                invoice.done, timeout=self._terms.invoice_wait, timeout_summary="Espera el comprobante"
            )
        except TimeoutError:
            in_time = False
        await self._owe_notice(Effect.CLOSING_NOTICE, CLOSING_NOTICES[State.COMPLETADA])
        await invoice
        waived = self._operation.effects.get(Effect.INVOICE) is EffectState.WAIVED
        if not in_time and not waived:
            self._owe_notice(Effect.RECEIPT_NOTICE, "comprobante")

    def _owe_notice(self, effect: Effect, notice: str, *, key: str = "") -> asyncio.Task[None]:
        order = m.NoticeOrder(code=self._operation.code, effect=effect, notice=notice, key=key)
        return self._owe(effect, lambda: carry_out(effect, order))

    def _owe_assessment(self, effect: Effect, occasion: str) -> None:
        order = m.AssessOperation(code=self._operation.code, client_id=self._operation.client_id, occasion=occasion)
        self._owe(effect, lambda: self._assess(effect, order))

    async def _assess(self, effect: Effect, order: m.AssessOperation) -> None:
        """Compliance's word. A hold is written at once; "conforme" goes with the next version."""
        assessed: m.Assessed = await carry_out(effect, order, m.Assessed)
        async with self._lock:
            await self._expire_if_overdue()
            if not self._operation.open:
                return
            if assessed.outcome is not Assessment.HELD:
                self._operation = replace(self._operation, assessment=assessed.outcome)
                return
            after = lifecycle.assessed(self._operation, assessed.outcome, workflow.now())
            await self._record(after, event="hold", actor=SYSTEM, update_id=f"hold:{order.occasion}")

    def _owe(self, effect: Effect, attempt: Callable[[], Awaitable[Any]]) -> asyncio.Task[None]:
        task = asyncio.create_task(self._until_done(effect, attempt))
        self._tasks.append(task)
        return task

    async def _until_done(self, effect: Effect, attempt: Callable[[], Awaitable[Any]]) -> None:
        """Failing effects retry by themselves; a refused one asks for attention and waits for a person."""
        while True:
            try:
                await attempt()
            except ACTIVITY_FAILED as error:
                refused = refused_by(error)
                if refused is None:
                    raise
                await self._ask_attention(effect, refused.message)
                await workflow.wait_condition(lambda: self._operation.effects.get(effect) is not EffectState.REFUSED)
                if self._operation.effects.get(effect) is not EffectState.WAIVED:
                    continue
            return

    async def _ask_attention(self, effect: Effect, why: str) -> None:
        async with self._lock:
            after = lifecycle.effect_refused(self._operation, effect, why)
            await self._record(after, event="effect_refused", actor=SYSTEM, update_id=f"{effect}:{after.version}")

    async def _nothing_owed(self) -> None:
        """Effects may owe further effects, so look again until the list is still."""
        seen = 0
        while seen < len(self._tasks):
            seen = len(self._tasks)
            await asyncio.gather(*self._tasks)
