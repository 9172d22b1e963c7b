"""A worker in a process of its own that dies by SIGKILL at a named step, as when a machine is switched off."""

from __future__ import annotations

import asyncio
import os
import signal
from datetime import timedelta
from pathlib import Path
from typing import Any

from temporalio import activity
from temporalio.client import Client
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor, Worker

from activities.compliance import ComplianceActivities
from activities.operations import OperationActivities
from activities.settlement import SettlementActivities
from db.session import Sessions, make_engine, make_sessions
from db.settings import DatabaseSettings
from integrations.temporal import PLAIN_CONVERTER
from workflows import messages as m
from workflows import names
from workflows.operation import OperationWorkflow
from workflows.sandbox import PROVEN_RUNNER

# Of its own accord the SDK hashes every loaded module for it: two seconds of each of the twenty lives.
BUILD = "de-prueba"


class Outside:
    """NubeFact and the post: each thing done is a line of a file, which outlives the process.

    As the real ones it does a thing once by its key, so a repeat with a key of its own would show as a second line.
    """

    def __init__(self, done: Path) -> None:
        self._done = done

    @activity.defn(name=names.ISSUE_INVOICE)
    async def issue_invoice(self, order: m.EffectOrder) -> None:
        self._once(f"{order.code} comprobante")

    @activity.defn(name=names.DELIVER_NOTICE)
    async def deliver_notice(self, order: m.NoticeOrder) -> None:
        self._once(f"{order.code} {order.notice} {order.key}".strip())

    def _once(self, what: str) -> None:
        with self._done.open("a+") as file:
            file.seek(0)
            if what not in file.read().splitlines():
                file.write(f"{what}\n")


def step(name: str, order: Any) -> str:
    """How a step is named: `record_transition.complete`, `deliver_notice.creada`, `settle`."""
    which = getattr(order, "event", "") or getattr(order, "notice", "") or getattr(order, "occasion", "")
    return f"{name}.{which}" if which else name


class Death(Interceptor):
    """Kills this process `before` or `after` its step, the first time that it comes to it."""

    def __init__(self, point: str) -> None:
        self.point = point

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002 - SDK's
        return Dying(next, self)

    def meet(self, moment: str) -> None:
        if moment == self.point:
            os.kill(os.getpid(), signal.SIGKILL)


class Dying(ActivityInboundInterceptor):
    def __init__(self, next: ActivityInboundInterceptor, death: Death) -> None:  # noqa: A002 - the SDK's name
        super().__init__(next)
        self._death = death

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002 - the SDK's name
        here = step(activity.info().activity_type, input.args[0])
        self._death.meet(f"{here}:before")
        answer = await super().execute_activity(input)
        self._death.meet(f"{here}:after")
        return answer


def work(address: str, namespace: str, database_url: str, done: str, point: str) -> None:
    """Work until killed. An empty `point` is never met."""
    sessions = make_sessions(make_engine(DatabaseSettings(url=database_url)))
    asyncio.run(_work((address, namespace), sessions, Path(done), point))


async def _work(place: tuple[str, str], sessions: Sessions, done: Path, point: str) -> None:
    address, namespace = place
    client = await Client.connect(address, namespace=namespace, data_converter=PLAIN_CONVERTER)
    operations, outside, death = OperationActivities(sessions), Outside(done), Death(point)
    main = Worker(
        client,
        task_queue=names.OPERATIONS_QUEUE,
        workflows=[OperationWorkflow],
        workflow_runner=PROVEN_RUNNER,
        build_id=BUILD,
        # What a dead worker remembered is given up after a second instead of ten: there are twenty deaths to wait for.
        sticky_queue_schedule_to_start_timeout=timedelta(seconds=1),
        interceptors=[death],
        activities=[
            operations.record_creation,
            operations.record_transition,
            ComplianceActivities(sessions).assess_operation,
            SettlementActivities(sessions).settle,
        ],
    )
    effects = (
        Worker(client, task_queue=queue, activities=[done], build_id=BUILD, interceptors=[death])
        for queue, done in (
            (names.INVOICING_QUEUE, outside.issue_invoice),
            (names.NOTICES_QUEUE, outside.deliver_notice),
        )
    )
    await asyncio.gather(main.run(), *(worker.run() for worker in effects))
