"""The client's notices: the bell in the header of every page, and the page where they are read again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Form, Query
from starlette.requests import Request
from starlette.responses import Response

from api.auth import CurrentMember
from api.pages.answers import answer
from api.portal import pages
from api.portal.errors import PortalRoute
from api.public import inbox as contract
from api.public.inbox import Told
from api.services import ServicesDep
from api.staff.shapes import MAX_ID
from db import inbox

router = APIRouter(route_class=PortalRoute)

PAGE = 20
# What a notice is about → its icon, its colour, and where it leads when it is about no operation.
LOOKS = {
    "creada": ("arrow-left-right", "proceso", ""),
    "pendiente": ("clock", "pendiente", ""),
    "en_proceso": ("search-check", "proceso", ""),
    "completada": ("circle-check", "completada", ""),
    "cancelada": ("circle-x", "cancelado", ""),
    "expirada": ("timer-off", "expirada", ""),
    "cambio": ("pencil", "pendiente", ""),
    "comprobante": ("file-text", "completada", ""),
    "alerta": ("bell-ring", "pendiente", "/cambiar"),
    "aprobada": ("circle-check", "completada", "/cambiar"),
    "revision": ("id-card", "pendiente", "/cuenta/documentos"),
    "documento": ("id-card", "pendiente", "/cuenta/documentos"),
    "seguridad": ("key-round", "alerta", "/cuenta/sesiones"),
}


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A notice as its page draws it."""

    told: Told
    at: datetime
    new: bool

    @property
    def icon(self) -> str:
        """What it is about, at a glance."""
        return LOOKS[self.told.kind][0]

    @property
    def tone(self) -> str:
        """The colour of its state."""
        return LOOKS[self.told.kind][1]

    @property
    def path(self) -> str:
        """Where one goes on from it."""
        code = self.told.operation
        return f"/operaciones/{code}" if code else LOOKS[self.told.kind][2]


@router.get("/avisos")
async def notices(
    request: Request,
    client: CurrentMember,
    services: ServicesDep,
    antes: Annotated[int | None, Query(ge=1, le=MAX_ID)] = None,
) -> Response:
    """What the client was told, newest first. Reading it here takes its mark away, when the page says so."""
    async with services.sessions() as session:
        found = await inbox.page(session, client.id, before=antes, limit=PAGE + 1)
    rows = found.rows[:PAGE]
    shown = [Shown(told=contract.told(row), at=row.at, new=row.id > found.read_to) for row in rows]
    more = rows[-1].id if len(found.rows) > PAGE else None
    newest = rows[0].id if rows and antes is None else 0
    return await pages.page(
        request, services, client, "inbox.html", active="avisos", shown=shown, more=more, newest=newest
    )


@router.get("/avisos/campana")
async def bell(client: CurrentMember, services: ServicesDep) -> Response:
    """The bell alone, as it stands now."""
    async with services.sessions() as session:
        unread = await inbox.unread(session, client.id)
    return answer(pages.templates().get_template("bell.html").render(unread=unread))


@router.post("/avisos/leidos")
async def mark_read(
    client: CurrentMember, services: ServicesDep, hasta: Annotated[int, Form(ge=1, le=MAX_ID)]
) -> Response:
    """The page has been seen up to this notice; answers the bell."""
    await contract.mark_read(contract.Read(hasta=hasta), client, services)
    return await bell(client, services)
