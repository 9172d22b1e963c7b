"""What the palette finds: operations, clients and actions. A POST, since a name must not stand in an address."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form
from starlette.requests import Request
from starlette.responses import Response

from api.auth import SignedUser, requires
from api.panel import pages
from api.panel.errors import PanelRoute
from api.panel.rail import rail
from api.services import ServicesDep
from api.staff.clients import SearchBody, search_clients
from api.staff.operations import read_operations
from db.client_reads import MIN_SEARCH
from domain.permissions import Permission

router = APIRouter(route_class=PanelRoute)
SHOWN = 6


@router.post("/buscar")
async def search(
    request: Request,
    user: Annotated[SignedUser, requires(Permission.OPERATIONS_READ)],
    services: ServicesDep,
    texto: Annotated[str, Form(max_length=80)] = "",
) -> Response:
    """Operations by code, clients by name or document, and the places of the panel."""
    text = texto.strip()
    found = text if len(text) >= MIN_SEARCH else ""
    operations = await read_operations(user=user, services=services, code=found.upper(), limit=SHOWN) if found else None
    clients = await search_clients(SearchBody(search=found, limit=SHOWN), user, services) if found else None
    places = [section for section in rail(user) if text.lower() in section.name.lower()]
    return pages.fragment(
        request,
        user,
        "palette.html",
        "results",
        text=text,
        operations=operations.items if operations else [],
        clients=clients.items if clients else [],
        places=places,
        may_create=user.may(Permission.OPERATIONS_CREATE) and text.lower() in "nueva operación",
    )
