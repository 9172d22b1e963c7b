"""A round of rate alerts hands out every batch, and leaves to the next round what the post does not take."""

from __future__ import annotations

import pytest
from temporalio import activity
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

import temporal
from integrations.temporal import PLAIN_CONVERTER
from workflows import alert_messages as m
from workflows import names
from workflows.rate_alerts import RateAlertsWorkflow
from workflows.sandbox import RUNNER


class Post:
    """Three batches of firings; `refusing` is one that is never taken."""

    def __init__(self, refusing: int = 0) -> None:
        self.refusing = refusing
        self.told: list[int] = []

    @activity.defn(name=names.FIND_RATE_ALERTS)
    async def find(self, order: m.AlertRound) -> tuple[int, ...]:
        assert order.rate_id == 7
        return tuple(number for number in (1, 2, 3, 4, 5) if number > order.after)[:2]

    @activity.defn(name=names.DELIVER_RATE_ALERTS)
    async def deliver(self, batch: m.AlertBatch) -> None:
        if self.refusing in batch.firing_ids:
            raise ApplicationError("El correo no salió.", type="NoticeDelayed", non_retryable=True)
        self.told += batch.firing_ids


@pytest.fixture(scope="module")
async def environment():
    async with await WorkflowEnvironment.start_local(
        data_converter=PLAIN_CONVERTER,
        dev_server_existing_path=str(temporal.binary()),
        dev_server_log_level="error",
    ) as made:
        yield made


@pytest.mark.parametrize(("refusing", "told"), [(0, [1, 2, 3, 4, 5]), (3, [1, 2, 5])])
async def test_every_batch_is_handed_out_whatever_becomes_of_the_others(environment, refusing, told):
    post, client = Post(refusing), environment.client
    async with (
        Worker(client, task_queue="q", workflows=[RateAlertsWorkflow], workflow_runner=RUNNER),
        Worker(client, task_queue=names.NOTICES_QUEUE, activities=[post.find, post.deliver]),
    ):
        order, name = m.AlertRound(rate_id=7), names.RATE_ALERTS
        count = await client.execute_workflow(name, order, id=f"alertas-{refusing}", task_queue="q", result_type=int)
    assert (count, post.told) == (len(told), told)
