"""A small house for workflow tests: real database writes, real Temporal, and outside effects that fail on demand."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from temporalio import activity
from temporalio.client import Client, WithStartWorkflowOperation, WorkflowHandle, WorkflowUpdateFailedError
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.testing._timeskipping import TimeSkippingConfig
from temporalio.worker import Worker

import temporal
from activities.compliance import ComplianceActivities
from activities.operations import OperationActivities
from activities.settlement import SettlementActivities
from db.operation_creation import next_code, quote
from db.session import Sessions
from db.tables import Operation, OperationEvent
from domain import commands as c
from domain.commands import NewOperation
from domain.lifecycle import RULES
from domain.operations import Actor, ActorKind, Effect, Kind, Origin, StoredFile
from domain.permissions import Role
from tests.people import Customer
from workflows import messages as m
from workflows import names
from workflows.operation import OperationWorkflow
from workflows.sandbox import RUNNER

PROOF = StoredFile(key="operations/payment_proofs/abc.png", content_type="image/png", size=67)


@dataclass
class Outside:
    """NubeFact and the post as the workflow sees them: what was asked of them, and how often they still fail."""

    done: Counter[str] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)

    @activity.defn(name=names.ISSUE_INVOICE)
    async def issue_invoice(self, _order: m.EffectOrder) -> None:
        self._answer(Effect.INVOICE.value)

    @activity.defn(name=names.DELIVER_NOTICE)
    async def deliver_notice(self, order: m.NoticeOrder) -> None:
        self._answer(order.notice)

    def _answer(self, name: str) -> None:
        if self.failures[name]:
            self.failures[name] -= 1
            raise ApplicationError("no responde", type="Down")
        if self.refusals[name]:
            self.refusals[name] -= 1
            raise ApplicationError("SUNAT no lo acepta", type="Refused", non_retryable=True)
        self.done[name] += 1


@dataclass
class House:
    """Ways to act on operations as the API does."""

    env: WorkflowEnvironment
    sessions: Sessions
    outside: Outside

    @property
    def client(self) -> Client:
        return self.env.client

    async def create(
        self,
        client: Customer,
        *,
        kind: Kind = Kind.COMPRA,
        usd: str = "100.00",
        origin: Origin = Origin.WEB,
        coupon: str = "",
        actor: Actor | None = None,
        terms: m.Terms | None = None,
        check: bool = True,
    ) -> WorkflowHandle[Any, Any]:
        """Create an operation; its handle. `check=False` skips the API's own look at the rules."""
        source, destination = (client.usd, client.pen) if kind is Kind.COMPRA else (client.pen, client.usd)
        request = NewOperation(
            actor=actor or Actor(kind=ActorKind.CLIENT, id=client.id),
            client_id=client.id,
            kind=kind,
            origin=origin,
            amount_usd=Decimal(usd),
            source_account_id=source,
            destination_account_id=destination,
            coupon=coupon,
        )
        async with self.sessions.begin() as session:
            operation = await quote(
                session, request, code=await next_code(session), now=datetime.now(UTC), expiry=timedelta(minutes=15)
            )
        return await self.start(m.OperationStart(operation=operation, terms=terms or m.Terms()))

    async def start(self, start: m.OperationStart, *, key: str = "k") -> WorkflowHandle[Any, Any]:
        opening = WithStartWorkflowOperation(
            names.OPERATION,
            start,
            id=start.operation.code,
            task_queue=names.OPERATIONS_QUEUE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            static_summary=start.operation.summary(),
        )
        await self.client.execute_update_with_start_workflow(
            names.CREATE, start_workflow_operation=opening, id=key, result_type=m.OperationAnswer
        )
        return self.client.get_workflow_handle(start.operation.code)

    async def do(self, handle: WorkflowHandle[Any, Any], command: c.Command, *, key: str = "") -> m.OperationAnswer:
        """Carry out a command. Raises Said with the refusal's code."""
        try:
            answer: m.OperationAnswer = await handle.execute_update(
                RULES[type(command)].name, command, id=key or uuid.uuid4().hex, result_type=m.OperationAnswer
            )
        except WorkflowUpdateFailedError as error:
            assert isinstance(error.cause, ApplicationError)

            raise Said(error.cause) from error
        return answer

    async def row(self, handle: WorkflowHandle[Any, Any]) -> Operation:
        async with self.sessions() as session:
            return (await session.scalars(select(Operation).where(Operation.code == handle.id))).one()

    async def story(self, handle: WorkflowHandle[Any, Any]) -> list[str]:
        """The events in order, orphans left out."""
        wanted = select(OperationEvent.event).where(
            OperationEvent.operation_code == handle.id, OperationEvent.orphaned_at.is_(None)
        )
        async with self.sessions() as session:
            return list((await session.scalars(wanted.order_by(OperationEvent.version))).all())

    async def pass_time(self, handle: WorkflowHandle[Any, Any], minutes: float) -> None:
        await self.env.fast_forward(handle, timedelta(minutes=minutes))


class Said(Exception):
    """What the workflow answered when it said no."""

    def __init__(self, cause: ApplicationError) -> None:
        super().__init__(cause.message)
        self.code = cause.type
        self.details = cause.details


def staff(user_id: int, role: Role) -> Actor:
    return Actor(kind=ActorKind.STAFF, id=user_id, role=role)


def client_of(customer: Customer) -> Actor:
    return Actor(kind=ActorKind.CLIENT, id=customer.id)


@asynccontextmanager
async def running_house(sessions: Sessions) -> AsyncIterator[House]:
    """A Temporal server in memory, with a worker of every queue."""
    outside = Outside()
    async with await WorkflowEnvironment.start_time_skipping_v2(
        ts_config=TimeSkippingConfig(enabled=False),
        data_converter=pydantic_data_converter,
        search_attributes=names.SEARCH_ATTRIBUTES,
        dev_server_existing_path=str(temporal.binary()),
        dev_server_extra_args=temporal.TIME_SKIPPING,
        dev_server_log_level="error",
    ) as env:
        async with workers(env.client, sessions, outside):
            yield House(env, sessions, outside)


@asynccontextmanager
async def workers(client: Client, sessions: Sessions, outside: Outside) -> AsyncIterator[None]:
    operations, compliance = OperationActivities(sessions), ComplianceActivities(sessions)
    settlement = SettlementActivities(sessions)
    main = Worker(
        client,
        task_queue=names.OPERATIONS_QUEUE,
        workflows=[OperationWorkflow],
        workflow_runner=RUNNER,
        activities=[
            operations.record_creation,
            operations.record_transition,
            operations.record_note,
            operations.record_alert,
            compliance.assess_operation,
            settlement.settle,
        ],
    )
    invoicing = Worker(client, task_queue=names.INVOICING_QUEUE, activities=[outside.issue_invoice])
    notices = Worker(client, task_queue=names.NOTICES_QUEUE, activities=[outside.deliver_notice])
    async with main, invoicing, notices:
        yield
