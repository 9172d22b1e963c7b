"""The application of a test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from api.main import create_app
from api.settings import ApiSettings
from db.settings import DatabaseSettings


@asynccontextmanager
async def running_app(settings: ApiSettings, database: DatabaseSettings) -> AsyncIterator[FastAPI]:
    """The application with its lifespan running."""
    app = create_app(settings, database=database)
    async with app.router.lifespan_context(app):
        yield app
