"""The engines of a test process, taken up one after the other.

An engine composes each statement once and keeps it, and for each new connection PostgreSQL starts a process that reads
its two hundred tables anew. Both anew for each test took a quarter of such a test: an engine that a test is done with
serves the next one as it is, with its idle connections.
"""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg.pq import TransactionStatus
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

from db import session
from db.settings import DatabaseSettings
from tests import unordered

_new_engine = session.make_engine
_resting: dict[str, list[Kept]] = {}


class Kept(AsyncEngine):
    """An engine that rests where another would be disposed of."""

    __slots__ = ("_place", "lines")

    def __init__(self, engine: AsyncEngine, place: list[Kept]) -> None:
        """Rest in `place`."""
        super().__init__(engine.sync_engine)
        self._place = place
        self.lines: dict[int, psycopg.AsyncConnection] = {}
        event.listen(self.sync_engine, "connect", self._opened)
        event.listen(self.sync_engine, "close", self._closed)
        unordered.answer_backwards(self.sync_engine)

    async def dispose(self, close: bool = True) -> None:
        """Rest. Connections that somebody has still are not for the next test."""
        if self.pool.checkedout():
            await super().dispose(close)
            self.lines.clear()
        if self not in self._place:
            self._place.append(self)

    def forget_lines(self) -> None:
        """Begin with new connections; those of somebody who was late fail at their next statement."""
        self.sync_engine.dispose(close=False)
        while self.lines:
            line = self.lines.popitem()[1].pgconn
            if line.transaction_status == TransactionStatus.IDLE:
                line.finish()

    def _opened(self, connection: Any, entry: Any) -> None:
        entry.info["pid"] = connection.driver_connection.info.backend_pid
        self.lines[entry.info["pid"]] = connection.driver_connection

    def _closed(self, _connection: Any, entry: Any) -> None:
        self.lines.pop(entry.info["pid"], None)


def make_engine(settings: DatabaseSettings) -> AsyncEngine:
    """As the house's own, of an engine that rests when there is one with these settings."""
    place = _resting.setdefault(settings.model_dump_json(), [])
    if not place:
        return Kept(_new_engine(settings), place)
    if place[-1].pool.checkedout():
        place[-1].forget_lines()
    return place.pop()


def idle_lines(alive: set[int]) -> set[int]:
    """The processes of PostgreSQL that resting engines will use again: of an engine that lost one or lent one, none."""
    resting = [engine for place in _resting.values() for engine in place]
    for engine in resting:
        if engine.pool.checkedout() or not engine.lines.keys() <= alive:
            engine.forget_lines()
    return {pid for engine in resting for pid in engine.lines}


def keep() -> None:
    """From here on every part of the house that a test starts takes its engine here; called before they are loaded."""
    session.make_engine = make_engine
