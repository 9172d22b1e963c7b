"""The dollar position on the screen: how much the house is long or short, at what cost, and what it earned."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.auth import SignedUser, requires
from api.panel import pages
from api.panel.charts import Chart, Point, drawn
from api.panel.errors import PanelRoute
from api.panel.sheets import Format, sheet
from api.panel.tables import Column, Table, asked_of, chosen, day_of
from api.services import ServicesDep
from api.staff import position as staff
from api.staff.position import DayView, PositionView
from domain.permissions import Permission
from domain.position import CRITICAL, NORMAL, WARNING

router = APIRouter(prefix="/panel/posicion", route_class=PanelRoute)
Reader = Annotated[SignedUser, requires(Permission.TREASURY_READ)]
PATH = "/panel/posicion"
LEVELS = {
    NORMAL: ("completada", "check", "Dentro del límite"),
    WARNING: ("pendiente", "triangle-alert", "Pasó el límite de aviso"),
    CRITICAL: ("alerta", "siren", "Pasó el límite"),
}

COLUMNS: tuple[Column[DayView], ...] = (
    Column(key="dia", label="Día", kind="date", value=lambda d: d.day, phone=True),
    Column(key="arrastre", label="Arrastre", kind="USD", value=lambda d: d.carried_usd),
    Column(key="compras", label="Compras", kind="USD", value=lambda d: d.bought_usd, phone=True),
    Column(key="tc_compra", label="T.C. compra", kind="rate", value=lambda d: d.bought_average),
    Column(key="ventas", label="Ventas", kind="USD", value=lambda d: d.sold_usd, phone=True),
    Column(key="tc_venta", label="T.C. venta", kind="rate", value=lambda d: d.sold_average),
    Column(key="abierta", label="Abierta", kind="USD", value=lambda d: d.open_usd, phone=True),
    Column(key="costo", label="Costo promedio", kind="rate", value=lambda d: d.average),
    Column(key="realizado", label="Realizado", kind="PEN", value=lambda d: d.realised),
    Column(key="margen", label="Margen", kind="PEN", value=lambda d: d.margin),
    Column(key="operaciones", label="Operaciones", kind="count", value=lambda d: d.operations),
)


@router.get("")
async def position_page(request: Request, user: Reader, services: ServicesDep, formato: Format = None) -> Response:
    """The position now, and day by day; with `formato`, the days' sheet."""
    asked = asked_of(request.query_params, sorts=("dia",))
    since, until = (day_of(asked.filters.get(name, "")) for name in ("desde", "hasta"))
    days = (await staff.read_history(user, services, since, until)).items
    if formato is not None:
        return await sheet(formato, "posicion", chosen(COLUMNS, asked), days)
    stands = await staff.read_position(user, services)
    known: dict[str, Any] = {
        "stands": stands,
        "level": LEVELS[stands.level],
        "used": used(stands),
        "chart": chart(days),
        "chart_unit": "Día",
        "table": Table(
            path=PATH,
            caption="Posición por día",
            columns=COLUMNS,
            rows=days,
            asked=asked,
            next_cursor="",
            exports=True,
        ),
    }
    if pages.wants_parts(request):
        return pages.fragment(request, user, "position.html", "live", **known)
    return await pages.page(request, services, user, "position.html", here="Posición", **known)


def used(stands: PositionView) -> int:
    """How much of the limit is open, in percent."""
    return int(abs(stands.position.open_usd) * 100 / stands.critical_usd) if stands.critical_usd else 0


def chart(days: Sequence[DayView]) -> Chart | None:
    """The days' bars with the line of what stayed open; None without days."""
    if not days:
        return None
    points = [
        Point(label=f"{one.day:%d/%m}", bought=one.bought_usd, sold=one.sold_usd, net=one.open_usd)
        for one in sorted(days, key=lambda one: one.day)
    ]
    return drawn(points)
