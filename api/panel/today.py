"""The first page of the day: figures, chart and what waits, of today, the week or the month."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from api.auth import SignedUser, requires
from api.panel import pages, words
from api.panel.charts import Chart, Point, drawn
from api.panel.errors import PanelRoute
from api.services import ServicesDep
from api.staff.dashboard import AttentionView, DashboardView, SlotView, Stretch, read_figures
from domain.calendar import day_bounds, in_lima
from domain.operations import Kind, State
from domain.permissions import Permission, Role

router = APIRouter(prefix="/panel", route_class=PanelRoute)
Reader = Annotated[SignedUser, requires(Permission.OPERATIONS_READ)]
STRETCHES = {Stretch.TODAY: "Hoy", Stretch.WEEK: "7 días", Stretch.MONTH: "Mes"}
# The hours of opening: the chart of a day has at least these.
OPENS, CLOSES = 9, 18


@dataclass(frozen=True, kw_only=True)
class Wait:
    """Something that waits, and where it is seen."""

    icon: str
    tone: str
    title: str
    text: str
    path: str
    verb: str


@router.get("/hoy")
async def today_page(
    request: Request, user: Reader, services: ServicesDep, tramo: Annotated[Stretch, Query()] = Stretch.TODAY
) -> Response:
    """The figures of the staff API, drawn."""
    view = await read_figures(user=user, services=services, stretch=tramo)
    known: dict[str, Any] = {
        "view": view,
        "sides": {side.kind: side for side in view.sides},
        "ended": {one.state: one.count for one in view.ended},
        "chart": chart(view),
        "waits": waits(view.attention),
        "people": [(role, [one for one in view.workers if one.role is role]) for role in (Role.TRADER, Role.OPERADOR)],
        "stretches": STRETCHES,
        "Kind": Kind,
        "State": State,
        "chart_unit": "Hora" if view.stretch is Stretch.TODAY else "Día",
    }
    if pages.wants_parts(request):
        return pages.fragment(request, user, "today.html", "live", **known)
    return await pages.page(request, services, user, "today.html", here="Hoy", **known)


def chart(view: DashboardView) -> Chart | None:
    """The bars of the stretch, with the line of what adds up; None without any."""
    if not view.slots:
        return None
    net, points = Decimal(0), []
    for slot in _whole(view):
        net += slot.bought_usd - slot.sold_usd
        label = _label(slot.at, view.stretch)
        points.append(Point(label=label, bought=slot.bought_usd, sold=slot.sold_usd, net=net))
    return drawn(points)


def _whole(view: DashboardView) -> list[SlotView]:
    """Also the hours of opening, or the days, in which nothing was completed."""
    known = {_label(slot.at, view.stretch): slot for slot in view.slots}
    first, last = day_bounds(view.since)[0], day_bounds(view.until)[0]
    if view.stretch is Stretch.TODAY:
        hours = {in_lima(slot.at).hour for slot in view.slots} | {OPENS, CLOSES}
        instants = [first + timedelta(hours=hour) for hour in range(min(hours), max(hours) + 1)]
    else:
        instants = [first + timedelta(days=day) for day in range((last - first).days + 1)]
    nothing = Decimal(0)
    return [
        known.get(_label(at, view.stretch)) or SlotView(at=at, bought_usd=nothing, sold_usd=nothing) for at in instants
    ]


def _label(at: datetime, stretch: Stretch) -> str:
    return f"{in_lima(at):%H} h" if stretch is Stretch.TODAY else f"{in_lima(at):%d/%m}"


# What is counted: the field of `AttentionView`, its icon and colour, one of it, many of it, a line below, and its page.
COUNTED = (
    (
        *("marked", "triangle-alert", "alerta", "operación pide atención", "operaciones piden atención"),
        *("Algo se rechazó o espera más de lo normal", "/panel/operaciones?atencion=si"),
    ),
    ("cases", "folder-search", "alerta", "caso abierto", "casos abiertos", "De cumplimiento", "/panel/casos"),
    (
        *("incidents", "siren", "alerta", "incidente abierto", "incidentes abiertos"),
        *("Algo no cuadra y lo mira una persona", "/panel/incidentes"),
    ),
    (
        *("invoices", "receipt", "pendiente", "comprobante por atender", "comprobantes por atender"),
        *("Rechazados o sin salir", "/panel/comprobantes?estado=por-atender"),
    ),
    (
        *("kyc", "user-round-check", "pendiente", "cliente por revisar", "clientes por revisar"),
        *("Esperan su aprobación", "/panel/clientes?revision=en_proceso"),
    ),
    (
        *("deliveries", "mail", "pendiente", "correo o aviso rechazado", "correos o avisos rechazados"),
        *("En los últimos 7 días", "/panel/avisos?rechazados=si"),
    ),
)


def waits(seen: AttentionView) -> list[Wait]:
    """What waits, the most pressing first; nothing that counts zero."""
    found = [
        Wait(
            icon="alarm-clock",
            tone="alerta",
            title=f"{one.code} lleva demasiado en proceso",
            text=f"{one.operator or 'Sin operador'} · desde {words.moment(one.since)}",
            path=f"/panel/operaciones/{one.code}",
            verb="Abrir",
        )
        for one in seen.late
    ]
    for field, icon, tone, one_of, many_of, text, path in COUNTED:
        count = getattr(seen, field)
        if count:
            title = f"{count} {one_of if count == 1 else many_of}"
            found.append(Wait(icon=icon, tone=tone, title=title, text=text, path=path, verb="Ver"))
    return found
