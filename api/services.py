"""What every route may use, made once per process in the application's lifespan."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection
from temporalio.client import Client

from api.allowances import Allowances
from api.crowd import Crowd
from api.settings import ApiSettings
from db.session import Sessions
from integrations.files import FileStore
from integrations.lookups import Lookup
from integrations.temporal import TemporalSettings


@dataclass(frozen=True, kw_only=True)
class Services:
    """The process's connections. `temporal` is lazy: it connects at the first command."""

    settings: ApiSettings
    temporal_settings: TemporalSettings
    sessions: Sessions
    temporal: Client
    files: FileStore
    lookup: Lookup
    allowances: Allowances
    crowd: Crowd = field(default_factory=Crowd)


def services(connection: HTTPConnection) -> Services:
    """The services of the application that serves this request or socket."""
    found: Services = connection.app.state.services
    return found


async def _services(connection: HTTPConnection) -> Services:
    """The same as a dependency: one that is not a coroutine would pass through a thread at every request."""
    return services(connection)


ServicesDep = Annotated[Services, Depends(_services)]
