"""Engines and sessions. A transaction is opened and committed at the boundary only: a request or an activity."""

from __future__ import annotations

import time
from contextlib import AbstractAsyncContextManager
from typing import Any

import psycopg
from sqlalchemy import Engine, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from db.settings import DatabaseSettings

# A connection that was used a moment ago is there; asking each time was a sixth of all that the database was told.
TRUSTED_SECONDS = 1.0
# psycopg prepares what it sees for the second time and not the fifth: what the house asks is ever the same.
PREPARED = {"prepare_threshold": 1}
# How a row is held that others only refer to: its writers wait for each other (FOR NO KEY UPDATE), and whoever writes
# that it exists (a foreign key) does not. Not where its key changes, or where nobody may come to refer to it meanwhile.
HELD = {"key_share": True}


class Sessions:
    """`sessions.begin()` is one transaction, committed at the end of its block; `sessions()` is for reading.

    While reading, each statement stands by itself, as it would at READ COMMITTED inside a transaction: a transaction
    would only add BEGIN and ROLLBACK, and with every ROLLBACK psycopg forgets the statements that it had prepared.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        """Both kinds share the engine's pool. Rows stay readable after commit."""
        reading = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._reading = async_sessionmaker(reading, expire_on_commit=False)
        self._writing = async_sessionmaker(engine, expire_on_commit=False)

    def __call__(self) -> AsyncSession:
        """A session to read with; what it writes is committed statement by statement."""
        return self._reading()

    def begin(self) -> AbstractAsyncContextManager[AsyncSession]:
        """A session in a transaction: all of it is committed at the end of the block, or nothing."""
        return self._writing.begin()


def make_engine(settings: DatabaseSettings) -> AsyncEngine:
    """One engine a process, made after the fork."""
    engine = create_async_engine(
        settings.sqlalchemy_url,
        pool_size=settings.pool_size,
        max_overflow=settings.max_overflow,
        pool_timeout=settings.pool_timeout,
        pool_recycle=settings.pool_recycle,
        # A failed statement is logged without its values: they are people's data (F186).
        hide_parameters=True,
        connect_args={"options": "-c timezone=UTC -c lock_timeout=5s -c statement_timeout=30s", **PREPARED},
    )
    _ping_the_idle(engine.sync_engine)
    event.listen(engine.sync_engine, "handle_error", _without_values)
    return engine


def make_sessions(engine: AsyncEngine) -> Sessions:
    """Sessions of this engine."""
    return Sessions(engine)


def _ping_the_idle(engine: Engine) -> None:
    """A connection that has rested is asked whether the database is still there; if not, all of them are renewed."""

    @event.listens_for(engine, "checkin")
    def rests(_connection: Any, entry: ConnectionPoolEntry) -> None:
        entry.info["resting_since"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def wakes(connection: Any, entry: ConnectionPoolEntry, _proxy: Any) -> None:
        rested = time.monotonic() - entry.info.get("resting_since", time.monotonic())
        if rested <= TRUSTED_SECONDS:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            raise InvalidatePoolError from error


def _without_values(context: ExceptionContext) -> None:
    """Errors keep PostgreSQL's sentence, and lose the row that it quotes below it.

    They are logged, and Temporal keeps an activity's failure in its history: neither may hold people's data (F186).
    """
    error = context.original_exception
    if not isinstance(error, psycopg.Error) or error.diag.message_primary is None:
        return
    error.args = (error.diag.message_primary,)
    if context.sqlalchemy_exception is not None:
        context.sqlalchemy_exception.args = (f"({type(error).__name__}) {error.diag.message_primary}",)
