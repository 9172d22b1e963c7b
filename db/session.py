"""Engines and sessions. A transaction is opened and committed at the boundary only: a request or an activity."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

from db.settings import DatabaseSettings

Sessions = async_sessionmaker[AsyncSession]


def make_engine(settings: DatabaseSettings) -> AsyncEngine:
    """One engine a process, made after the fork."""
    return create_async_engine(
        settings.sqlalchemy_url,
        pool_size=settings.pool_size,
        max_overflow=settings.max_overflow,
        pool_timeout=settings.pool_timeout,
        pool_recycle=settings.pool_recycle,
        pool_pre_ping=True,
        # A failed statement is logged without its values: they are people's data (F186).
        hide_parameters=True,
        connect_args={"options": "-c timezone=UTC -c lock_timeout=5s -c statement_timeout=30s"},
    )


def make_sessions(engine: AsyncEngine) -> Sessions:
    """Sessions whose rows stay readable after commit."""
    return async_sessionmaker(engine, expire_on_commit=False)
