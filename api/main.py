"""The composition of the API: settings, connections, middlewares, routes and sockets, in one factory."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from fastapi import FastAPI

from api import assets, errors, files, health, panel, platform, portal, public, staff
from api.allowances import Allowances
from api.caching import NoStore
from api.limits import AnonymousLimit, SizeLimit
from api.login_limits import LoginLimits
from api.origins import Cors, OriginCheck
from api.realtime import Listener, SocketApp, make_server, register
from api.services import Services
from api.settings import ApiSettings
from db.session import make_engine, make_sessions
from db.settings import DatabaseSettings
from integrations.files import FileStore
from integrations.lookups import Lookup
from integrations.settings import FilesSettings, LookupSettings
from integrations.temporal import TemporalSettings, connect

DESCRIPTION = """
API de QoriCash. **/api/staff** es para las personas de la casa (errores en `application/problem+json`); las demás rutas
son el contrato de la web y de la app (`{success, message}`).

Ingresa con `POST /api/staff/login` y envía el `token` como `Authorization: Bearer`. En cada orden puedes enviar
`Idempotency-Key`: si la repites con la misma clave recibes la primera respuesta.
"""


def create_app(
    settings: ApiSettings | None = None,
    *,
    database: DatabaseSettings | None = None,
    temporal: TemporalSettings | None = None,
) -> FastAPI:
    """The ASGI application. Without arguments it reads the environment (`uvicorn --factory api.main:create_app`)."""
    settings = settings or ApiSettings()
    database = database or DatabaseSettings()
    temporal = temporal or TemporalSettings()
    sockets = make_server(settings)

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with _services(settings, database, temporal) as services:
            app.state.services = services
            register(sockets, services)
            async with Listener(sockets, services, _conninfo(database)).running():
                yield

    app = FastAPI(
        title="QoriCash",
        version="1.0.0",
        description=DESCRIPTION,
        lifespan=lifespan,
        openapi_url="/api/openapi.json",
        docs_url="/docs",
        redoc_url=None,
    )
    app.state.settings = settings
    app.state.login_limits = LoginLimits(settings)
    _include(app)
    _wrap(app, settings)
    app.mount("/socket.io", SocketApp(sockets))
    return app


def _include(app: FastAPI) -> None:
    """Take the routes as they are written: to include their routers builds each anew, which was half of the start."""
    for part in (health, files, platform, assets):
        app.router.routes.extend(part.router.routes)
    for face in (public, staff, panel, portal):
        app.router.routes.extend(face.ROUTES)


def _wrap(app: FastAPI, settings: ApiSettings) -> None:
    """The last added is the outermost: CORS, then the net for faults, then who may act and how often."""
    app.add_middleware(AnonymousLimit, settings=settings)
    app.add_middleware(OriginCheck, settings=settings)
    app.add_middleware(SizeLimit)
    errors.install(app)
    app.add_middleware(NoStore)
    app.add_middleware(Cors, settings=settings)


@contextlib.asynccontextmanager
async def _services(
    settings: ApiSettings, database: DatabaseSettings, temporal: TemporalSettings
) -> AsyncIterator[Services]:
    engine = make_engine(database)
    store, lookup = FileStore(FilesSettings()), Lookup(LookupSettings())
    try:
        yield Services(
            settings=settings,
            temporal_settings=temporal,
            sessions=make_sessions(engine),
            temporal=await connect(temporal, lazy=True),
            files=store,
            lookup=lookup,
            allowances=Allowances(settings),
        )
    finally:
        await store.aclose()
        await lookup.aclose()
        await engine.dispose()


def _conninfo(database: DatabaseSettings) -> str:
    """The address as psycopg itself reads it."""
    return database.sqlalchemy_url.replace("postgresql+psycopg://", "postgresql://", 1)
