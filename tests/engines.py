"""The engines of a test process, taken up one after the other.

An engine composes each statement once and keeps it. A new one for each test composed them all again: a fifth of what a
test took. One that a test has disposed of has no connection left, and serves the next test as it is.
"""

from __future__ import annotations

from sqlalchemy import Engine, event
from sqlalchemy.ext.asyncio import AsyncEngine

from db import session
from db.settings import DatabaseSettings

_new_engine = session.make_engine
_rested: dict[str, list[AsyncEngine]] = {}


def make_engine(settings: DatabaseSettings) -> AsyncEngine:
    """As the house's own, of an engine that nobody uses any more when there is one with these settings."""
    rested = _rested.setdefault(settings.model_dump_json(), [])
    if rested:
        # What somebody who was late still opened is not for the next test: it puts out every connection of before.
        rested[-1].sync_engine.dispose(close=False)
        return rested.pop()
    engine = _new_engine(settings)

    def rest(_disposed: Engine) -> None:
        if engine not in rested:
            rested.append(engine)

    event.listen(engine.sync_engine, "engine_disposed", rest)
    return engine


def keep() -> None:
    """From here on every part of the house that a test starts takes its engine here; called before they are loaded."""
    session.make_engine = make_engine
