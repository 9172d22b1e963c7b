"""A small house for workflow tests: real database writes, real Temporal, and outside effects that fail on demand."""

from __future__ import annotations

import asyncio
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar, TypeVar

from sqlalchemy import inspect, select
from temporalio import activity
from temporalio.client import Client, WithStartWorkflowOperation, WorkflowHandle, WorkflowUpdateFailedError
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import ApplicationError
from temporalio.testing import TimeSkipper
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor, Worker

from activities.client_onboarding import OnboardingActivities
from activities.complaints import ComplaintActivities
from activities.compliance import ComplianceActivities
from activities.operations import OperationActivities
from activities.reconciliation import ReconciliationActivities
from activities.settlement import SettlementActivities
from db.operation_creation import next_code, quote
from db.session import Sessions
from db.tables import Operation, OperationEvent
from domain import commands as c
from domain import operations as d
from domain.commands import NewOperation
from domain.lifecycle import RULES
from domain.operations import Actor, ActorKind, Assessment, Effect, Kind, Origin, StoredFile
from domain.permissions import Role
from integrations.mail import Mailer
from integrations.push import Pusher
from integrations.settings import MailSettings, PushSettings
from integrations.temporal import update_with_start
from tests.people import Customer
from worker.main import WORKFLOWS
from workflows import client_messages as c2
from workflows import messages as m
from workflows import names, sandbox

Row = TypeVar("Row")
# An activity that is cut in the middle of a statement would leave its connection to the garbage collector.
GOODBYE = timedelta(seconds=5)
PROOF = StoredFile(key="operations/payment_proofs/abc.png", content_type="image/png", size=67)


class Once(sandbox.HouseRunner):
    """The sandbox of the tests' workers: each workflow is tried in it once a process, not by every test's worker."""

    tried: ClassVar[set[type]] = set()

    def prepare_workflow(self, defn: Any) -> None:
        if defn.cls not in self.tried:
            super().prepare_workflow(defn)
            self.tried.add(defn.cls)


RUNNER = Once(restrictions=sandbox.RUNNER.restrictions)


@dataclass
class Outside:
    """NubeFact and the post as the workflow sees them: what was asked of them, and how often they still fail."""

    done: Counter[str] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    screened: m.Screened = field(default_factory=lambda: m.Screened(open_hits=0, strongest=""))
    told: list[m.ClientNoticeOrder] = field(default_factory=list)

    @activity.defn(name=names.SCREEN_CLIENT)
    async def screen_client(self, _order: m.ClientOrder) -> m.Screened:
        self._answer(names.SCREEN_CLIENT)
        return self.screened

    @activity.defn(name=names.DELIVER_CLIENT_NOTICE)
    async def deliver_client_notice(self, order: m.ClientNoticeOrder) -> None:
        self._answer(order.notice)
        self.told.append(order)

    @activity.defn(name=names.DELIVER_COMPLAINT)
    async def deliver_complaint(self, order: c2.ComplaintNotice) -> None:
        self._answer(order.notice)

    @activity.defn(name=names.DELIVER_EMAIL_CODE)
    async def deliver_email_code(self, _order: c2.EmailCodeOrder) -> None:
        self._answer(names.DELIVER_EMAIL_CODE)

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
class Faults(Interceptor):
    """Trouble for any activity, by its type: it fails `before` doing its work, or `after` (done, but nobody knows)."""

    before: Counter[str] = field(default_factory=Counter)
    after: Counter[str] = field(default_factory=Counter)
    refuse: Counter[str] = field(default_factory=Counter)
    tried: Counter[str] = field(default_factory=Counter)

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002 - SDK's
        return Troubled(next, self)


class Troubled(ActivityInboundInterceptor):
    def __init__(self, next: ActivityInboundInterceptor, faults: Faults) -> None:  # noqa: A002 - the SDK's name
        super().__init__(next)
        self._faults = faults

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002 - the SDK's name
        name = activity.info().activity_type
        self._faults.tried[name] += 1
        self._take(self._faults.before, name)
        self._take(self._faults.refuse, name, type="Refused", non_retryable=True)
        answer = await super().execute_activity(input)
        self._take(self._faults.after, name)
        return answer

    def _take(self, left: Counter[str], name: str, **how: Any) -> None:
        if left[name]:
            left[name] -= 1
            raise ApplicationError("no responde", **{"type": "Down", **how})


@dataclass
class House:
    """Ways to act on operations as the API does."""

    env: TimeSkipper
    sessions: Sessions
    outside: Outside
    faults: Faults
    _running: AsyncExitStack = field(default_factory=AsyncExitStack)

    @property
    def client(self) -> Client:
        return self.env.client

    @property
    def place(self) -> tuple[str, str]:
        """Address and namespace, for a worker in a process of its own."""
        return self.client.service_client.config.target_host, self.client.namespace

    async def quoted(
        self,
        client: Customer,
        *,
        kind: Kind = Kind.COMPRA,
        usd: str = "100.00",
        origin: Origin = Origin.WEB,
        coupon: str = "",
        actor: Actor | None = None,
        terms: m.Terms | None = None,
    ) -> m.OperationStart:
        """What the API would start a workflow with."""
        source, destination = (client.usd, client.pen) if kind is Kind.COMPRA else (client.pen, client.usd)
        request = NewOperation(
            actor=actor or client_of(client),
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
        return m.OperationStart(operation=operation, terms=terms or m.Terms())

    async def create(self, client: Customer, **asked: Any) -> WorkflowHandle[Any, Any]:
        """Create an operation; its handle. The words are those of `quoted`."""
        start = await self.quoted(client, **asked)
        await self.start(start)
        return self.client.get_workflow_handle(start.operation.code)

    async def processed(self, client: Customer, **asked: Any) -> WorkflowHandle[Any, Any]:
        """One that is En proceso by its client's proof."""
        handle = await self.create(client, **asked)
        await self.do(handle, c.SubmitProof(actor=client_of(client), transfer_code="00123", files=(PROOF,)))
        return handle

    async def ready(self, client: Customer, operator: Actor, **asked: Any) -> WorkflowHandle[Any, Any]:
        """One that only lacks `complete`."""
        handle = await self.processed(client, **asked)
        await self.do(handle, c.AttachProof(actor=operator, files=(PROOF,)))
        await eventually(self.assessed, handle)
        return handle

    async def quiet(self, handle: WorkflowHandle[Any, Any]) -> bool:
        """No effect of an operation is under way."""
        return await self.assessed(handle) and await self.settled(handle)

    async def settled(self, handle: WorkflowHandle[Any, Any]) -> bool:
        """It only waits for people and time."""
        described = (await handle.describe()).raw_description
        return not described.pending_activities and not described.HasField("pending_workflow_task")

    async def assessed(self, handle: WorkflowHandle[Any, Any]) -> bool:
        return (await self.snapshot(handle)).assessment is not Assessment.PENDING

    async def start(self, start: m.OperationStart, *, key: str = "k") -> m.OperationAnswer:
        """Create it by its door. Raises Said when it is refused."""
        opening = WithStartWorkflowOperation(
            names.OPERATION,
            start,
            id=start.operation.code,
            task_queue=names.OPERATIONS_QUEUE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            static_summary=start.operation.summary(),
        )
        try:
            answer: m.OperationAnswer = await update_with_start(
                self.client, names.CREATE, opening=opening, id=key, result_type=m.OperationAnswer
            )
        except WorkflowUpdateFailedError as error:
            raise _said(error) from error
        return answer

    async def do(self, handle: WorkflowHandle[Any, Any], command: c.Command, *, key: str = "") -> m.OperationAnswer:
        """Carry out a command. Raises Said with the refusal's code."""
        try:
            answer: m.OperationAnswer = await handle.execute_update(
                RULES[type(command)].name, command, id=key or uuid.uuid4().hex, result_type=m.OperationAnswer
            )
        except WorkflowUpdateFailedError as error:
            raise _said(error) from error
        return answer

    async def snapshot(self, handle: WorkflowHandle[Any, Any]) -> d.Operation:
        """What the workflow holds."""
        held: d.Operation = await handle.query(names.SNAPSHOT, result_type=d.Operation)
        return held

    async def ended(self, handle: WorkflowHandle[Any, Any]) -> str:
        """Its outcome, once nothing is owed."""
        outcome: dict[str, str] = await asyncio.wait_for(handle.result(), 60)
        return outcome["outcome"]

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

    async def rows(self, table: type[Row], handle: WorkflowHandle[Any, Any]) -> list[Row]:
        """Its rows of a table that has `operation_code`, as they were written."""
        async with self.sessions() as session:
            wanted = select(table).where(table.operation_code == handle.id)  # type: ignore[attr-defined]
            return list((await session.scalars(wanted.order_by(*inspect(table).primary_key))).all())

    async def start_workers(self) -> None:
        await self._running.enter_async_context(workers(self.client, self.sessions, self.outside, self.faults))

    async def stop_workers(self) -> None:
        """A goodbye as SIGTERM asks for."""
        await self._running.aclose()

    async def pass_time(self, handle: WorkflowHandle[Any, Any], minutes: float) -> None:
        await self.env.fast_forward(handle, timedelta(minutes=minutes))


class Said(Exception):
    """What the workflow answered when it said no."""

    def __init__(self, cause: ApplicationError) -> None:
        super().__init__(cause.message)
        self.code = cause.type
        self.details = cause.details


def _said(error: WorkflowUpdateFailedError) -> Said:
    assert isinstance(error.cause, ApplicationError)
    return Said(error.cause)


async def eventually(holds: Callable[..., Awaitable[bool]], *words: Any, within: float = 20) -> None:
    """Wait until it holds; nothing here sleeps for a guessed time."""
    async with asyncio.timeout(within):
        while not await holds(*words):  # noqa: ASYNC110 - what it waits for happens in the server
            await asyncio.sleep(0.03)


def staff(user_id: int, role: Role) -> Actor:
    return Actor(kind=ActorKind.STAFF, id=user_id, role=role)


def client_of(customer: Customer) -> Actor:
    return Actor(kind=ActorKind.CLIENT, id=customer.id)


@asynccontextmanager
async def running_house(env: TimeSkipper, sessions: Sessions) -> AsyncIterator[House]:
    """A worker of every queue in this namespace."""
    house = House(env, sessions, Outside(), Faults())
    await house.start_workers()
    try:
        yield house
    finally:
        await house.stop_workers()


@asynccontextmanager
async def workers(
    client: Client, sessions: Sessions, outside: Outside, interceptor: Interceptor
) -> AsyncIterator[None]:
    """One worker a queue, as worker/main.py has them."""
    operations = OperationActivities(sessions)
    complaints = ComplaintActivities(sessions, Mailer(MailSettings()), Pusher(PushSettings()))
    main = Worker(
        client,
        task_queue=names.OPERATIONS_QUEUE,
        workflows=WORKFLOWS,
        workflow_runner=RUNNER,
        interceptors=[interceptor],
        graceful_shutdown_timeout=GOODBYE,
        activities=[
            operations.record_creation,
            operations.record_transition,
            operations.record_note,
            operations.record_alert,
            ComplianceActivities(sessions).assess_operation,
            SettlementActivities(sessions).settle,
            *OnboardingActivities(sessions).all(),
            outside.screen_client,
            *(complaints.find_complaint, complaints.record_answer, complaints.remind_complaint),
            ReconciliationActivities(sessions, client, settled=timedelta(0)).reconcile_operations,
        ],
    )
    invoicing, notices = (
        Worker(
            client,
            task_queue=queue,
            activities=done,
            interceptors=[interceptor],
            graceful_shutdown_timeout=GOODBYE,
        )
        for queue, done in (
            (names.INVOICING_QUEUE, [outside.issue_invoice]),
            (
                names.NOTICES_QUEUE,
                [
                    outside.deliver_notice,
                    outside.deliver_client_notice,
                    outside.deliver_complaint,
                    outside.deliver_email_code,
                ],
            ),
        )
    )
    async with main, invoicing, notices:
        yield
