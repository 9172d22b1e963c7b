"""An annulment's surroundings for its workflow: NubeFact, the database and the mail answer as each path says."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from temporalio import activity
from temporalio.client import WithStartWorkflowOperation, WorkflowHandle
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.exceptions import ApplicationError
from temporalio.testing import TimeSkipper
from temporalio.worker import Worker

from domain.operations import Actor, ActorKind
from domain.permissions import Role
from tests.workflows.house import RUNNER
from workflows import invoice_messages as i
from workflows import names
from workflows.invoice_void import InvoiceVoidWorkflow

ASKS, DECIDES = (Actor(kind=ActorKind.STAFF, id=number, role=Role.MASTER) for number in (1, 2))
YES, NO = i.VoidDecision(actor=DECIDES, approved=True), i.VoidDecision(actor=DECIDES, approved=False, reason="No")
DONE = i.VoidProgress(state="Hecha", method="baja")
CREDITED = i.VoidProgress(state="Hecha", method="nota_credito", note_id=9)
BY_NOTE = i.VoidProgress(state="Aprobada", method="nota_credito")
SILENT = ApplicationError("La SUNAT aún no responde.", type="SunatSilent")
_numbers = count(1)


@dataclass
class Surroundings:
    """What each activity answers, in order; an error is raised."""

    decided: list[Any] = field(default_factory=lambda: [i.VoidProgress(state="Aprobada", method="baja")])
    voided: list[Any] = field(default_factory=list)
    credited: list[Any] = field(default_factory=list)
    mails: list[str] = field(default_factory=list)

    @activity.defn(name=names.RECORD_VOID_DECISION)
    async def record_void_decision(self, _order: i.RecordVoidDecision) -> i.VoidProgress:
        return _said(self.decided)

    @activity.defn(name=names.VOID_INVOICE)
    async def void_invoice(self, _void_id: int) -> i.VoidProgress:
        return _said(self.voided)

    @activity.defn(name=names.CREDIT_INVOICE)
    async def credit_invoice(self, _void_id: int) -> i.VoidProgress:
        return _said(self.credited)

    @activity.defn(name=names.DELIVER_INVOICE_NOTICE)
    async def deliver_invoice_notice(self, order: i.InvoiceNotice) -> None:
        self.mails.append(f"{order.notice} {order.invoice_id}")


@dataclass(frozen=True)
class Annulment:
    """One request's workflow."""

    around: Surroundings
    handle: WorkflowHandle[Any, Any]
    opening: Callable[[], WithStartWorkflowOperation[Any, Any]]
    env: TimeSkipper

    async def decide(self, decision: i.VoidDecision) -> i.VoidProgress:
        """As the API: by update-with-start."""
        said: i.VoidProgress = await self.env.client.execute_update_with_start_workflow(
            names.DECIDE_VOID, decision, start_workflow_operation=self.opening(), result_type=i.VoidProgress
        )
        return said

    async def ended(self) -> i.VoidProgress:
        return i.VoidProgress(**await self.handle.result())


def _said(answers: list[Any]) -> i.VoidProgress:
    answer = answers.pop(0)
    if isinstance(answer, Exception):
        raise answer
    progress: i.VoidProgress = answer
    return progress


@asynccontextmanager
async def annulling(env: TimeSkipper, around: Surroundings) -> AsyncIterator[Annulment]:
    """Workers of every queue with these surroundings, and one request."""
    name = f"B001-{next(_numbers)}"
    start = i.VoidStart(void_id=7, invoice_id=8, name=name, requested_by=ASKS.id)

    def opening() -> WithStartWorkflowOperation[Any, Any]:
        return WithStartWorkflowOperation(
            names.INVOICE_VOID,
            start,
            id=names.void_id(name),
            task_queue=names.OPERATIONS_QUEUE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        )

    main = Worker(
        env.client,
        task_queue=names.OPERATIONS_QUEUE,
        workflows=[InvoiceVoidWorkflow],
        workflow_runner=RUNNER,
        activities=[around.record_void_decision],
    )
    invoicing = Worker(
        env.client, task_queue=names.INVOICING_QUEUE, activities=[around.void_invoice, around.credit_invoice]
    )
    posting = Worker(env.client, task_queue=names.NOTICES_QUEUE, activities=[around.deliver_invoice_notice])
    async with main, invoicing, posting:
        yield Annulment(around, env.client.get_workflow_handle(names.void_id(name)), opening, env)


async def by_baja(env: TimeSkipper) -> Annulment:
    """SUNAT is silent twice, then takes the baja."""
    async with annulling(env, Surroundings(voided=[SILENT, SILENT, DONE])) as one:
        await one.decide(YES)
        await one.ended()
    return one


async def by_nota_when_the_baja_is_not_taken(env: TimeSkipper) -> Annulment:
    async with annulling(env, Surroundings(voided=[BY_NOTE], credited=[SILENT, CREDITED])) as one:
        await one.decide(YES)
        await one.ended()
    return one


async def denied(env: TimeSkipper) -> Annulment:
    async with annulling(env, Surroundings(decided=[i.VoidProgress(state="Negada")])) as one:
        await one.decide(NO)
        await one.ended()
    return one


ANNULMENTS: tuple[Callable[[TimeSkipper], Awaitable[Annulment]], ...] = (
    by_baja,
    by_nota_when_the_baja_is_not_taken,
    denied,
)
