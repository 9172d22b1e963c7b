"""How a run with several processes (`-n`) is dealt out: by file, but a ring that shares a whole house goes as one.

A house takes some 15 seconds to start, so each is started by one process only. What is long goes first, so that the
many short files fill the end, when one process would otherwise wait for another. (The `xdist_group` mark of
pytest-xdist 3.8 would say the same of a ring, but has no effect under pytest 9.2.)
"""

from __future__ import annotations

import pytest
from xdist.scheduler import LoadFileScheduling

HOUSES = ("tests/integration/", "tests/chaos/", "tests/e2e/")
LONG = (*HOUSES, "tests/bench/", "tests/stack/", "tests/workflows/")


def house_of(nodeid: str) -> str:
    """The ring whose house this test shares; empty for any other test."""
    return next((ring for ring in HOUSES if nodeid.startswith(ring)), "")


def long_first(items: list[pytest.Item]) -> None:
    """Keep the order otherwise; it is random."""
    places = {ring: place for place, ring in enumerate(LONG)}
    items.sort(key=lambda item: next((places[ring] for ring in LONG if item.nodeid.startswith(ring)), len(LONG)))


class ByHouse(LoadFileScheduling):
    """One unit of work for each file, and one for each house."""

    def _split_scope(self, nodeid: str) -> str:
        return house_of(nodeid) or str(super()._split_scope(nodeid))
