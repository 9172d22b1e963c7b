"""What the palette finds: operations, clients and actions. A POST, since a name must not stand in an address."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form
from starlette.requests import Request
from starlette.responses import Response

from api.auth import SignedUser, requires
from api.panel import pages
from api.panel.errors import PanelRoute
from api.panel.rail import sections
from api.services import Services, ServicesDep
from api.staff.clients import ClientLine, SearchBody, search_clients
from api.staff.operations import read_operations
from db.client_reads import MIN_SEARCH
from domain.permissions import Permission

router = APIRouter(prefix="/panel", route_class=PanelRoute)
SHOWN = 6


@dataclass(frozen=True, kw_only=True)
class Action:
    """Something that a person begins from anywhere; `permission` None: anybody of the house."""

    icon: str
    name: str
    path: str
    permission: Permission | None = None
    key: str = ""


ACTIONS = (
    Action(
        icon="plus",
        name="Nueva operación",
        path="/panel/operaciones/nueva",
        permission=Permission.OPERATIONS_CREATE,
        key="N",
    ),
    Action(
        icon="user-round-plus",
        name="Registrar cliente",
        path="/panel/clientes/nuevo",
        permission=Permission.CLIENTS_CREATE,
    ),
    Action(icon="chart-line", name="Publicar tasas", path="/panel/tasas", permission=Permission.RATES_SET),
    Action(icon="pencil", name="Nueva regla", path="/panel/reglas/nueva", permission=Permission.COMPLIANCE_RULES),
    Action(
        icon="search",
        name="Buscar un nombre en las listas",
        path="/panel/listas/buscar",
        permission=Permission.COMPLIANCE_RESOLVE,
    ),
    Action(icon="key-round", name="Aliados y sus claves", path="/panel/aliados", permission=Permission.PARTNERS_MANAGE),
    Action(icon="monitor-smartphone", name="Mi acceso y sesiones", path="/panel/sesiones"),
    Action(icon="bell-ring", name="Avisos en mi pantalla", path="/panel/avisos/mios"),
)


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
    clients = await clients_named(user, services, text, SHOWN)
    operations = await read_operations(user=user, services=services, code=found.upper(), limit=SHOWN) if found else None
    places = [section for section in sections(user) if _plain(text) in _plain(section.name)]
    actions = [
        one
        for one in ACTIONS
        if (one.permission is None or user.may(one.permission)) and _plain(text) in _plain(one.name)
    ]
    return pages.fragment(
        request,
        user,
        "palette.html",
        "results",
        text=text,
        operations=operations.items if operations else [],
        clients=clients,
        places=places,
        actions=actions,
    )


async def clients_named(user: SignedUser, services: Services, text: str, limit: int) -> list[ClientLine]:
    """Clients by name, document or mail, within what this person may see; none for a text that is too short."""
    if len(text) < MIN_SEARCH:
        return []
    return (await search_clients(SearchBody(search=text, limit=limit), user, services)).items


def _plain(text: str) -> str:
    """As people type it in a hurry: without accents, in small letters."""
    return "".join(one for one in unicodedata.normalize("NFD", text.lower()) if not unicodedata.combining(one))
