"""How a run with several processes (`-n`) is dealt out: by file, but a ring that shares a whole house goes as one.

A house takes some 15 seconds to start, so each is started by one process only, and first, so that the others fill the
time beside it. (The `xdist_group` mark of pytest-xdist 3.8 would say the same, but has no effect under pytest 9.2.)
"""

from __future__ import annotations

import pytest
from xdist.scheduler import LoadFileScheduling

HOUSES = ("tests/chaos/", "tests/e2e/", "tests/integration/")


def house_of(nodeid: str) -> str:
    """The ring whose house this test shares; empty for any other test."""
    return next((ring for ring in HOUSES if nodeid.startswith(ring)), "")


def houses_first(items: list[pytest.Item]) -> None:
    """Keep the order otherwise; it is random."""
    items.sort(key=lambda item: not house_of(item.nodeid))


class ByHouse(LoadFileScheduling):
    """One unit of work for each file, and one for each house."""

    def _split_scope(self, nodeid: str) -> str:
        return house_of(nodeid) or str(super()._split_scope(nodeid))
