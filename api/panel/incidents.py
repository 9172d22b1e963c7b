"""What does not tie, on the screen: open incidents, closed ones, and how each was settled."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import Response

from api.auth import SignedUser, requires
from api.panel import pages
from api.panel.acts import Act, Call, attempt, known
from api.panel.errors import PanelRoute
from api.panel.questions import REASON, Question, ask
from api.panel.tables import Asked, asked_of
from api.services import ServicesDep
from api.staff import incidents as staff
from api.staff.incidents import IncidentView
from api.staff.shapes import MAX_ID, PAGE
from domain.permissions import Permission

router = APIRouter(prefix="/panel/incidentes", route_class=PanelRoute)
Keeper = Annotated[SignedUser, requires(Permission.INCIDENTS_MANAGE)]
IncidentId = Annotated[int, Path(ge=1, le=MAX_ID)]
PATH = "/panel/incidentes"


@router.get("")
async def incidents_page(request: Request, user: Keeper, services: ServicesDep) -> Response:
    """The open ones, or with `estado=cerrados` those that were settled."""
    asked = asked_of(request.query_params, sorts=("apertura",))
    closed = asked.filters.get("estado") == "cerrados"
    found = await staff.list_incidents(
        _user=user, services=services, still_open=not closed, cursor=asked.cursor or None, limit=PAGE
    )
    known_now: dict[str, Any] = {
        "incidents": found.items,
        "closed": closed,
        "following": _address(asked, found.next_cursor),
    }
    if pages.wants_parts(request):
        return pages.fragment(request, user, "incidents.html", "live", **known_now)
    return await pages.page(request, services, user, "incidents.html", here="Incidentes", **known_now)


@router.get("/{incident_id}/cerrar")
async def ask_close(request: Request, incident_id: IncidentId, user: Keeper) -> Response:
    """How it was settled."""
    return ask(request, user, ACTS["cerrar"].question(incident_id))


@router.post("/{incident_id}/cerrar")
async def close(request: Request, incident_id: IncidentId, user: Keeper, services: ServicesDep) -> Response:
    """Close it."""
    return await attempt(request, known(ACTS, user, "cerrar"), incident_id, user, services)


def _address(asked: Asked, cursor: str | None) -> str:
    if cursor is None:
        return ""
    state = "estado=cerrados&" if asked.filters.get("estado") == "cerrados" else ""
    return f"{PATH}?{state}cursor={cursor}"


def _question(_: int) -> Question:
    lead = "Si lo que está mal sigue mal, se abre otro solo."
    return Question(title="¿Cerrar este incidente?", lead=lead, asks=(REASON,), ok="Cerrar incidente")


async def _do_close(call: Call[int]) -> IncidentView:
    body = staff.CloseBody(reason=call.typed.text("reason"))
    return await staff.close_incident(call.view, body, call.user, call.services)


ACTS: dict[str, Act[int]] = {
    "cerrar": Act(
        permission=Permission.INCIDENTS_MANAGE,
        icon="check",
        text="Cerrar",
        done="Incidente cerrado",
        question=_question,
        run=_do_close,
    )
}
