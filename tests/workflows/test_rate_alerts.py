"""A round of rate alerts hands out every batch, and leaves to the next round what the post does not take."""

from __future__ import annotations

import pytest
from temporalio.testing import TimeSkipper

from tests.temporal_server import TemporalServer
from tests.workflows.rate_rounds import Post, round_of


@pytest.fixture(scope="module")
async def environment(temporal_of_tests: TemporalServer) -> TimeSkipper:
    return await temporal_of_tests.env()


@pytest.mark.parametrize(("refusing", "told"), [(0, [1, 2, 3, 4, 5]), (3, [1, 2, 5])])
async def test_every_batch_is_handed_out_whatever_becomes_of_the_others(environment, refusing, told):
    post = Post(refusing=refusing)
    async with round_of(environment, post) as handle:
        count = await handle.result()
    assert (count, post.told) == (len(told), told)
