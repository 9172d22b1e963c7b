"""The application of a test.

The framework reads every route anew for each application, which takes half a second of processor time: so one is made a
process for each settings, and each test starts it again with nothing of the former in it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from api.login_limits import LoginLimits
from api.main import create_app
from api.settings import ApiSettings
from db.settings import DatabaseSettings

_MADE: list[tuple[ApiSettings, DatabaseSettings, FastAPI]] = []


@asynccontextmanager
async def running_app(settings: ApiSettings, database: DatabaseSettings) -> AsyncIterator[FastAPI]:
    """The application with its lifespan running."""
    app = _made(settings, database)
    app.state.login_limits = LoginLimits(settings)
    # Built again at the first request, with limits that have counted nobody.
    app.middleware_stack = None
    async with app.router.lifespan_context(app):
        yield app


def _made(settings: ApiSettings, database: DatabaseSettings) -> FastAPI:
    for known, base, app in _MADE:
        if (known, base) == (settings, database):
            return app
    app = create_app(settings, database=database)
    _MADE.append((settings, database, app))
    return app
