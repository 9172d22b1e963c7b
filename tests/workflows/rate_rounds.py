"""The rounds of rate alerts that are recorded (`python -m tests.histories.record`) and those that are tested."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from temporalio import activity
from temporalio.client import WorkflowHandle
from temporalio.exceptions import ApplicationError
from temporalio.testing import TimeSkipper
from temporalio.worker import Worker

from workflows import alert_messages as m
from workflows import names
from workflows.rate_alerts import RateAlertsWorkflow
from workflows.sandbox import RUNNER

FIRINGS = (1, 2, 3, 4, 5)
Handle = WorkflowHandle[Any, int]


@dataclass
class Post:
    """Three batches of firings of a rate, or of any for a sweep; `refusing` is a firing that is never taken."""

    rate_id: int | None = 7
    refusing: int = 0
    waiting: tuple[int, ...] = FIRINGS
    told: list[int] = field(default_factory=list)

    @activity.defn(name=names.FIND_RATE_ALERTS)
    async def find(self, order: m.AlertRound) -> tuple[int, ...]:
        assert order.rate_id == self.rate_id
        return tuple(number for number in self.waiting if number > order.after)[:2]

    @activity.defn(name=names.DELIVER_RATE_ALERTS)
    async def deliver(self, batch: m.AlertBatch) -> None:
        if self.refusing in batch.firing_ids:
            raise ApplicationError("El correo no salió.", type="NoticeDelayed", non_retryable=True)
        self.told += batch.firing_ids


@asynccontextmanager
async def round_of(env: TimeSkipper, post: Post) -> AsyncIterator[Handle]:
    """A round that has begun, with a worker while the block runs."""
    queue = f"alertas-{uuid4()}"
    async with (
        Worker(env.client, task_queue=queue, workflows=[RateAlertsWorkflow], workflow_runner=RUNNER),
        Worker(env.client, task_queue=names.NOTICES_QUEUE, activities=[post.find, post.deliver]),
    ):
        order = m.AlertRound(rate_id=post.rate_id)
        yield await env.client.start_workflow(names.RATE_ALERTS, order, id=queue, task_queue=queue, result_type=int)


async def _ended(env: TimeSkipper, post: Post) -> Handle:
    async with round_of(env, post) as handle:
        await handle.result()
    return handle


async def told_at_once(env: TimeSkipper) -> Handle:
    return await _ended(env, Post())


async def a_batch_left_to_the_sweep(env: TimeSkipper) -> Handle:
    return await _ended(env, Post(refusing=3))


async def swept(env: TimeSkipper) -> Handle:
    return await _ended(env, Post(rate_id=None))


async def nothing_to_sweep(env: TimeSkipper) -> Handle:
    return await _ended(env, Post(rate_id=None, waiting=()))


ROUNDS: tuple[Callable[[TimeSkipper], Awaitable[Handle]], ...] = (
    told_at_once,
    a_batch_left_to_the_sweep,
    swept,
    nothing_to_sweep,
)
