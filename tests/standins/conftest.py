"""The stand-ins that a module of tests needs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.standins.programs import StandIn, Starter


@contextmanager
def started(folder: Path) -> Iterator[Starter]:
    """Starts stand-ins by name with their flags; all of them stop at the end."""
    running: list[StandIn] = []

    def starter(name: str, *flags: str) -> StandIn:
        stand_in = StandIn(name, folder / f"{name}-{len(running)}", list(flags))
        running.append(stand_in)
        stand_in.start()
        return stand_in

    yield starter
    for stand_in in running:
        if stand_in.process is not None and stand_in.process.poll() is None:
            stand_in.stop()


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Starter]:
    """One process serves a module, emptied before each test: a start costs a second."""
    with started(tmp_path_factory.mktemp("standins")) as starter:
        yield starter
