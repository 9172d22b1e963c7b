"""What does not tie, on the screen: each with what to do and the way there."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.auth import SignedUser, requires
from api.panel import pages
from api.panel.errors import PanelRoute
from api.services import ServicesDep
from api.staff import position as staff
from domain.permissions import Permission

router = APIRouter(prefix="/panel/control", route_class=PanelRoute)
Reader = Annotated[SignedUser, requires(Permission.TREASURY_READ)]
# Where each kind of finding is mended: the page, its verb, and who has it.
WAYS: dict[str, tuple[str, str, Permission]] = {
    "sin comprobante": ("/panel/comprobantes?estado=por-atender", "Ver comprobantes", Permission.INVOICES_READ),
    "sin calce": ("/panel/calce", "Calzar", Permission.NETTING_READ),
    "posición": ("/panel/posicion", "Ver la posición", Permission.TREASURY_READ),
    "libro": ("/panel/libros", "Ver los libros", Permission.ACCOUNTING_READ),
    "día movido": ("/panel/cierre", "Ver los cierres", Permission.TREASURY_READ),
    "por asignar": ("/panel/movimientos/pendientes", "Asignar cuenta", Permission.TREASURY_READ),
    "devoluciones": ("/panel/movimientos/pendientes", "Registrar devolución", Permission.TREASURY_READ),
    "solicitudes": ("/panel/aprobaciones", "Decidir", Permission.TREASURY_READ),
    "extractos": ("/panel/conciliacion", "Conciliar", Permission.RECONCILIATION_MANAGE),
}


@router.get("")
async def control_page(request: Request, user: Reader, services: ServicesDep) -> Response:
    """What does not tie in the last week."""
    view = await staff.read_control(user, services)
    known: dict[str, Any] = {
        "view": view,
        "serious": [one for one in view.items if one.serious],
        "waiting": [one for one in view.items if not one.serious],
        "ways": {key: (path, verb) for key, (path, verb, needs) in WAYS.items() if user.may(needs)},
    }
    if pages.wants_parts(request):
        return pages.fragment(request, user, "control.html", "live", **known)
    return await pages.page(request, services, user, "control.html", here="Control", **known)
