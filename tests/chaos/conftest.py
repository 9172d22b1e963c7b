"""A house of its own, to be killed piece by piece."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.integration.people import Desk, Town
from tests.integration.running import Stack


@pytest.fixture(scope="package")
def doomed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The running house, without demo data."""
    running = Stack(tmp_path_factory.mktemp("doomed") / "var", demo=False).start()
    yield running
    running.stop()


@pytest.fixture(scope="package")
async def crowd(doomed: Stack) -> AsyncIterator[Town]:
    made = Town(doomed.api, doomed.place["database_url"])
    yield made
    await made.close()


@pytest.fixture(scope="package")
async def boss(crowd: Town) -> Desk:
    """The house's Master."""
    return await crowd.found()
