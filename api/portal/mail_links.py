"""Where the button of a mail leads: it tells the house that somebody opened it, and goes on to the operation."""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path
from starlette.responses import RedirectResponse

from api.auth import public
from api.portal.errors import PortalRoute
from api.services import ServicesDep
from db import delivery_links

router = APIRouter(route_class=PortalRoute)
Code = Annotated[str, Path(max_length=20, pattern=r"^[A-Z0-9-]+$")]
Reference = Annotated[str, Path(max_length=delivery_links.LENGTH, pattern=r"^[0-9a-f]+$")]


@router.get(
    "/ver/{code}/{reference}", dependencies=[public("la abre quien recibió el correo; la operación pide entrar")]
)
async def follow(code: Code, reference: Reference, services: ServicesDep) -> RedirectResponse:
    """Note that the mail was opened; the operation itself is shown to its own client only."""
    secret_key = services.settings.secret_key.get_secret_value()
    async with services.sessions.begin() as session:
        await delivery_links.opened(session, code, reference, secret_key=secret_key, now=datetime.now(UTC))
    return RedirectResponse(f"/operaciones/{code}", HTTPStatus.SEE_OTHER)
