"""What a worker process takes on."""

from __future__ import annotations

from worker.shares import Share
from workflows import names

QUEUES = {value for name, value in vars(names).items() if name.endswith("_QUEUE")}


def test_one_worker_for_everything_asks_every_queue():
    assert set(Share.ALL.queues) == QUEUES


def test_a_worker_of_operations_and_one_of_effects_leave_no_queue_alone_and_share_none():
    operations, effects = Share.OPERATIONS.queues, Share.EFFECTS.queues
    assert {*operations, *effects} == QUEUES
    assert not set(operations) & set(effects)
