"""Engines and sessions. A transaction is opened and committed at the boundary only: a request or an activity."""

from __future__ import annotations

import psycopg
from sqlalchemy import event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

from db.settings import DatabaseSettings

Sessions = async_sessionmaker[AsyncSession]


def make_engine(settings: DatabaseSettings) -> AsyncEngine:
    """One engine a process, made after the fork."""
    engine = create_async_engine(
        settings.sqlalchemy_url,
        pool_size=settings.pool_size,
        max_overflow=settings.max_overflow,
        pool_timeout=settings.pool_timeout,
        pool_recycle=settings.pool_recycle,
        pool_pre_ping=True,
        hide_parameters=True,
        connect_args={"options": "-c timezone=UTC -c lock_timeout=5s -c statement_timeout=30s"},
    )
    event.listen(engine.sync_engine, "handle_error", _without_values)
    return engine


def make_sessions(engine: AsyncEngine) -> Sessions:
    """Sessions whose rows stay readable after commit."""
    return async_sessionmaker(engine, expire_on_commit=False)


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
