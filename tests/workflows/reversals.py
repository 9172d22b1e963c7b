"""The undoing of an operation as its workflow lives it: real books, and an annulment whose answers are given."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from temporalio import activity
from temporalio.client import WithStartWorkflowOperation, WorkflowHandle
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.exceptions import ApplicationError
from temporalio.testing import TimeSkipper
from temporalio.worker import Worker

from activities.operation_reversals import OperationReversalActivities
from db import reversals
from db.session import Sessions
from db.tables import Invoice, InvoiceSeries
from domain.calendar import business_day
from domain.invoices import InvoiceStatus, InvoiceType
from domain.money import Currency
from domain.operations import Kind
from tests.books import NOON, Books, open_books
from tests.workflows.annulments import DONE, Surroundings
from tests.workflows.house import RUNNER, Faults
from workflows import messages as m
from workflows import names
from workflows import reversal_messages as r
from workflows.invoice_void import InvoiceVoidWorkflow
from workflows.operation_reversal import OperationReversalWorkflow


@dataclass
class Undoing:
    """One request, its workflow, and what fails around it."""

    env: TimeSkipper
    sessions: Sessions
    books: Books
    start: r.ReversalStart
    around: Surroundings = field(default_factory=Surroundings)
    faults: Faults = field(default_factory=Faults)
    told: list[str] = field(default_factory=list)
    unreachable: bool = False

    @activity.defn(name=names.DELIVER_NOTICE)
    async def deliver_notice(self, order: m.NoticeOrder) -> None:
        """The mail to the client; nobody takes it when `unreachable`."""
        if self.unreachable:
            raise ApplicationError("ningún buzón lo recibió", type="NoticeRefused", non_retryable=True)
        self.told.append(f"{order.notice} {order.code}")

    @property
    def handle(self) -> WorkflowHandle[Any, Any]:
        return self.env.client.get_workflow_handle(names.reversal_id(self.start.code))

    @asynccontextmanager
    async def workers(self) -> AsyncIterator[None]:
        """As worker/main.py has them."""
        writes = OperationReversalActivities(self.sessions)
        main = Worker(
            self.env.client,
            task_queue=names.OPERATIONS_QUEUE,
            workflows=[OperationReversalWorkflow, InvoiceVoidWorkflow],
            workflow_runner=RUNNER,
            interceptors=[self.faults],
            activities=[
                writes.record_reversal_decision,
                writes.reclaim_invoice,
                writes.end_reversal,
                self.around.record_void_decision,
            ],
        )
        queues = {
            names.INVOICING_QUEUE: [self.around.void_invoice, self.around.credit_invoice],
            names.NOTICES_QUEUE: [self.around.deliver_invoice_notice, self.deliver_notice],
        }
        others = [Worker(self.env.client, task_queue=queue, activities=done) for queue, done in queues.items()]
        async with main, others[0], others[1]:
            yield

    async def decide(self, *, approved: bool, reason: str = "", by_asker: bool = False) -> r.ReversalProgress:
        """As the API: by update-with-start."""
        actor = self.books.master if by_asker else self.books.other_master
        opening: WithStartWorkflowOperation[Any, Any] = WithStartWorkflowOperation(
            names.OPERATION_REVERSAL,
            self.start,
            id=names.reversal_id(self.start.code),
            task_queue=names.OPERATIONS_QUEUE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        )
        said: r.ReversalProgress = await self.env.client.execute_update_with_start_workflow(
            names.DECIDE_REVERSAL,
            r.ReversalDecision(actor=actor, approved=approved, reason=reason),
            start_workflow_operation=opening,
            result_type=r.ReversalProgress,
        )
        return said

    async def ended(self) -> r.ReversalProgress:
        return r.ReversalProgress(**await self.handle.result())


async def asked(env: TimeSkipper, sessions: Sessions, *, status: InvoiceStatus | None) -> Undoing:
    """A completed operation, with a boleta of this status, that a Master asks to undo."""
    async with sessions.begin() as session:
        books = await open_books(session)
        operation = await books.completed(session, Kind.COMPRA, "1000.00", "3.7400")
        if status is not None:
            session.add(InvoiceSeries(series="B001", type=InvoiceType.BOLETA, next_number=2))
            await session.flush()
            session.add(
                Invoice(
                    operation_code=operation.code,
                    type=InvoiceType.BOLETA,
                    series="B001",
                    number=1,
                    status=status,
                    total=operation.amount_pen,
                    currency=Currency.PEN,
                    issued_on=f"{business_day(datetime.now(UTC))}",
                    request={},
                )
            )
        row = await reversals.ask(session, operation.code, actor=books.master, reason="se pagó dos veces", at=NOON)
        start = r.ReversalStart(reversal_id=row.id, code=operation.code, requested_by=row.requested_by)
    return Undoing(env=env, sessions=sessions, books=books, start=start)


def failing(*steps: str, after: str = "") -> Faults:
    """Each of these fails once before it does its work; `after` does it, and nobody hears of it."""
    return Faults(before=Counter(steps), after=Counter([after] if after else []))


async def undone(env: TimeSkipper, sessions: Sessions) -> Undoing:
    """Agreed, and SUNAT takes the baja."""
    one = await asked(env, sessions, status=InvoiceStatus.ACEPTADO)
    one.around.voided = [DONE]
    async with one.workers():
        await one.decide(approved=True)
        await one.ended()
    return one


async def denied(env: TimeSkipper, sessions: Sessions) -> Undoing:
    """The second person says no."""
    one = await asked(env, sessions, status=None)
    async with one.workers():
        await one.decide(approved=False, reason="Falta el sustento")
        await one.ended()
    return one


REVERSALS = (undone, denied)
