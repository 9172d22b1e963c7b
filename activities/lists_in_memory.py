"""The lists in force, indexed in this process: read again only when one of them has a new version."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from db import lists
from db.session import Sessions
from domain.lists import Entry, ListCode
from domain.screening import Screener


@dataclass(frozen=True, kw_only=True)
class ListsInForce:
    """A screener and what it was made of: the number of each list, and the row of each entry."""

    screener: Screener
    numbers: Mapping[ListCode, int]
    rows: Mapping[tuple[ListCode, str], int]


class ListsInMemory:
    """One per process: the index takes some 100 MB and a few seconds to make."""

    def __init__(self, sessions: Sessions) -> None:
        """Nothing is read until somebody is screened, or `current` is called."""
        self._sessions = sessions
        self._held: ListsInForce | None = None
        self._making: asyncio.Task[ListsInForce] | None = None

    async def current(self) -> ListsInForce:
        """The lists as they are in force now.

        Whoever waits may be cut (an attempt has its time); the index is finished all the same, for the next attempt.
        """
        async with self._sessions() as session:
            numbers = await lists.active_numbers(session)
        if self._held is not None and self._held.numbers == numbers:
            return self._held
        if self._making is None or self._making.done():
            self._making = asyncio.create_task(self._make())
        return await asyncio.shield(self._making)

    async def _make(self) -> ListsInForce:
        async with self._sessions.begin() as session:
            read = await lists.load(session)
        screener = await asyncio.to_thread(_indexed, read.entries)
        self._held = ListsInForce(screener=screener, numbers=read.versions, rows=read.rows)
        return self._held


def _indexed(entries: Sequence[Entry]) -> Screener:
    """An index that the garbage collector leaves alone.

    It has a million small objects that live until the next version; each full collection walked all of them, and the
    unlucky name that was asked at that moment waited 200 ms instead of 2.
    """
    made = Screener(entries)
    gc.collect()
    gc.freeze()
    return made
