"""A round of rate alerts hands out every batch, and leaves to the next round what the post does not take."""

from __future__ import annotations

import pytest
from temporalio.testing import WorkflowEnvironment

import temporal
from integrations.temporal import PLAIN_CONVERTER
from tests.workflows.rate_rounds import Post, round_of


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
    post = Post(refusing=refusing)
    async with round_of(environment, post) as handle:
        count = await handle.result()
    assert (count, post.told) == (len(told), told)
