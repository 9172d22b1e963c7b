"""The first page of the day: figures, chart and what waits, of today, the week or the month."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from api.auth import SignedUser, requires
from api.panel import pages, words
from api.panel.errors import PanelRoute
from api.services import ServicesDep
from api.staff.dashboard import AttentionView, DashboardView, SlotView, Stretch, read_figures
from domain.calendar import in_lima
from domain.operations import Kind, State
from domain.permissions import Permission, Role

router = APIRouter(route_class=PanelRoute)
Reader = Annotated[SignedUser, requires(Permission.OPERATIONS_READ)]
STRETCHES = {Stretch.TODAY: "Hoy", Stretch.WEEK: "7 días", Stretch.MONTH: "Mes"}
WIDTH, HEIGHT, LEFT = 840, 262, 52
ZERO, REACH = 128, 108
LABELS = 12


@dataclass(frozen=True, kw_only=True)
class Bar:
    """An hour or a day of the chart, in its own units: `x` of its left, heights of both bars, `net` of the line."""

    x: float
    width: float
    bought: float
    sold: float
    net: float
    label: str
    shown: bool
    told: str


@dataclass(frozen=True, kw_only=True)
class Chart:
    """The whole chart: bars, the line of the accumulated position, and the scale in dollars."""

    bars: Sequence[Bar]
    line: str
    scale: Sequence[tuple[float, str]]


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
        "label": _label,
    }
    if pages.wants_parts(request):
        return pages.fragment(request, user, "today.html", "live", **known)
    return await pages.page(request, services, user, "today.html", here="Hoy", **known)


def chart(view: DashboardView) -> Chart | None:
    """The bars of the stretch, bought above and sold below, with the line of what adds up; None without any."""
    if not view.slots:
        return None
    position, net = Decimal(0), []
    for slot in view.slots:
        position += slot.bought_usd - slot.sold_usd
        net.append(position)
    top = _top(
        max([slot.bought_usd for slot in view.slots] + [slot.sold_usd for slot in view.slots] + [*map(abs, net)])
    )
    unit = REACH / float(top)
    step = (WIDTH - LEFT) / len(view.slots)
    width = min(46.0, step * 0.6)
    every = -(-len(view.slots) // LABELS)
    bars = [
        Bar(
            x=round(LEFT + place * step + (step - width) / 2, 1),
            width=round(width, 1),
            bought=round(float(slot.bought_usd) * unit, 1),
            sold=round(float(slot.sold_usd) * unit, 1),
            net=round(ZERO - float(net[place]) * unit, 1),
            label=_label(slot.at, view.stretch),
            shown=place % every == 0,
            told=_told(slot, view.stretch),
        )
        for place, slot in enumerate(view.slots)
    ]
    line = " ".join(
        f"{'M' if not place else 'L'}{bar.x + bar.width / 2:.1f} {bar.net}" for place, bar in enumerate(bars)
    )
    return Chart(bars=bars, line=line, scale=_scale(top))


def _told(slot: SlotView, stretch: Stretch) -> str:
    bought, sold = words.amount(slot.bought_usd), words.amount(slot.sold_usd)
    return f"{_label(slot.at, stretch)}: compras {bought}, ventas {sold}"


def _scale(top: Decimal) -> list[tuple[float, str]]:
    return [(ZERO - REACH * part, f"{abs(float(top) * part):,.0f}") for part in (1, 0.5, 0, -0.5, -1)]


def _top(largest: Decimal) -> Decimal:
    """The next round figure, so that the scale is one that people read."""
    size = Decimal(10) ** max(0, largest.adjusted())
    return next((size * part for part in map(Decimal, ("1", "2", "4", "6", "8")) if size * part >= largest), size * 10)


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
