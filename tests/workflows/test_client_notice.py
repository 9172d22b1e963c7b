"""A notice to a client outside of any operation: delivered by the worker, once, with no secret in the history."""

from __future__ import annotations

from datetime import timedelta

import pytest
from temporalio import activity
from temporalio.client import WorkflowFailureError
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import ApplicationError, WorkflowAlreadyStartedError
from temporalio.testing import TimeSkipper
from temporalio.worker import Worker

from tests.temporal_server import TemporalServer
from tests.workflows.house import RUNNER
from workflows import messages as m
from workflows import names
from workflows.client_notice import ClientNoticeWorkflow

ORDER = m.ClientNoticeOrder(client_id=7, notice="contrasena_temporal", key="k1")


class Post:
    """The mail as the workflow sees it."""

    def __init__(self, *answers: ApplicationError) -> None:
        self.answers = list(answers)
        self.delivered: list[m.ClientNoticeOrder] = []

    @activity.defn(name=names.DELIVER_CLIENT_NOTICE)
    async def deliver_client_notice(self, order: m.ClientNoticeOrder) -> None:
        if self.answers:
            raise self.answers.pop()
        self.delivered.append(order)


async def run(environment: TimeSkipper, post: Post, order: m.ClientNoticeOrder) -> None:
    """Start it as the API does, and wait for its end."""
    async with (
        Worker(environment.client, task_queue="q", workflows=[ClientNoticeWorkflow], workflow_runner=RUNNER),
        Worker(environment.client, task_queue=names.NOTICES_QUEUE, activities=[post.deliver_client_notice]),
    ):
        await environment.client.execute_workflow(
            names.CLIENT_NOTICE,
            order,
            id=names.client_notice_id(order.notice, order.client_id, order.key),
            task_queue="q",
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            execution_timeout=timedelta(hours=1),
        )


@pytest.fixture(scope="module")
async def environment(temporal_of_tests: TemporalServer) -> TimeSkipper:
    return await temporal_of_tests.env()


async def test_a_notice_that_fails_at_first_is_delivered_and_a_repeated_request_starts_nothing(environment):
    """F101, F111."""
    post = Post(ApplicationError("El correo no salió.", type="NoticeDelayed"))
    await run(environment, post, ORDER)
    assert post.delivered == [ORDER]
    with pytest.raises(WorkflowAlreadyStartedError):
        await run(environment, post, ORDER)


async def test_a_notice_that_nobody_can_receive_fails_where_it_can_be_seen(environment):
    order = m.ClientNoticeOrder(client_id=8, notice="bienvenida", key="registro")
    refused = ApplicationError("Ningún correo recibe mensajes.", type="NoticeRefused", non_retryable=True)
    with pytest.raises(WorkflowFailureError):
        await run(environment, Post(refused), order)
