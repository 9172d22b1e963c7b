"""The published rates: in force, history, and publishing a new pair with what it changes spelled out."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from api.auth import SignedUser, requires
from api.pages.refusals import problem_of
from api.panel import pages, preferential_rates
from api.panel.errors import PanelRoute, notice
from api.panel.operation_commands import number
from api.panel.tables import Column, Table, asked_of
from api.services import Services, ServicesDep
from api.staff.rates import RateBody, RateView, list_rates, set_rates
from domain.errors import Refused
from domain.permissions import Permission

router = APIRouter(prefix="/panel/tasas", route_class=PanelRoute)
Reader = Annotated[SignedUser, requires(Permission.RATES_READ)]
Setter = Annotated[SignedUser, requires(Permission.RATES_SET)]
PIPS = 10_000

COLUMNS: tuple[Column[RateView], ...] = (
    Column(key="desde", label="Desde", kind="moment", value=lambda r: r.at, phone=True),
    Column(key="compra", label="Compra", kind="rate", value=lambda r: r.buy, phone=True),
    Column(key="venta", label="Venta", kind="rate", value=lambda r: r.sell, phone=True),
    Column(key="margen", label="Margen (pips)", kind="count", value=lambda r: int((r.sell - r.buy) * PIPS)),
    Column(key="quien", label="La publicó", kind="name", value=lambda r: r.set_by),
)


@router.get("")
async def rates_page(request: Request, user: Reader, services: ServicesDep) -> Response:
    """The pair in force and the history."""
    known = await _known(request, user, services)
    if pages.wants_parts(request):
        return pages.fragment(request, user, "rates.html", "live", **known)
    return await pages.page(request, services, user, "rates.html", here="Tasas", **known)


@router.get("/vigente")
async def in_force(request: Request, user: Reader, services: ServicesDep) -> Response:
    """The header's rates, read again when they change."""
    return pages.fragment(request, user, "quote.html", "quote", quote=await pages.quotes(services))


@router.post("/confirmar")
async def ask(request: Request, user: Setter, services: ServicesDep) -> Response:
    """What publishing this pair changes."""
    form = await request.form()
    typed = {"buy": str(form.get("compra", "")), "sell": str(form.get("venta", ""))}
    try:
        body = RateBody(buy=Decimal(number(typed["buy"], "buy")), sell=Decimal(number(typed["sell"], "sell")))
    except (Refused, ValidationError) as refused:
        return _form(request, user, typed, problem_of(request, refused))
    known: dict[str, Any] = {"body": body, "before": await pages.quotes(services), "pips": PIPS}
    return pages.fragment(request, user, "rates.html", "ask", **known)


@router.post("")
async def publish(request: Request, user: Setter, services: ServicesDep) -> Response:
    """Publish a pair for every channel."""
    form = await request.form()
    typed = {"buy": str(form.get("compra", "")), "sell": str(form.get("venta", ""))}
    try:
        body = RateBody(buy=Decimal(number(typed["buy"], "buy")), sell=Decimal(number(typed["sell"], "sell")))
        done = await set_rates(body, user, services)
    except (Refused, ValidationError) as refused:
        return _form(request, user, typed, problem_of(request, refused))
    said = f"Compra {body.buy:.4f} · Venta {body.sell:.4f}"
    told = notice("completada", "arrow-left-right", "Tasas publicadas", said)
    if done.approval_id is not None:
        told = notice(
            "pendiente", "arrow-left-right", "Falta que otra persona lo apruebe", f"{said}: es un salto grande"
        )
    moves = told["HX-Trigger"][:-1] + ', "leer": "", "hecho": "", "tasas": ""}'
    return pages.answer("", headers={"HX-Trigger": moves, "HX-Reswap": "none"})


def _form(request: Request, user: SignedUser, typed: dict[str, str], problem: dict[str, Any]) -> Response:
    """Said in the form, where it was typed, and not in the dialog."""
    headers = {"HX-Retarget": "#tasa", "HX-Reswap": "outerHTML", "HX-Trigger": "hecho"}
    known: dict[str, Any] = {"typed": typed, "problem": problem}
    return pages.fragment(request, user, "rates.html", "form", status=problem["status"], headers=headers, **known)


async def _known(request: Request, user: SignedUser, services: Services) -> dict[str, Any]:
    asked = asked_of(request.query_params, sorts=("desde",))
    found = await list_rates(user, services, cursor=asked.cursor or None)
    table = Table(
        path="/panel/tasas",
        caption="Tasas publicadas",
        columns=COLUMNS,
        rows=found.history,
        asked=asked,
        next_cursor=found.next_cursor or "",
        exports=False,
    )
    now = found.current
    typed = {"buy": f"{now.buy:.4f}" if now else "", "sell": f"{now.sell:.4f}" if now else ""}
    better = await preferential_rates.known(user, services)
    return {"current": now, "table": table, "typed": typed, "problem": {}, "line": _line(found.history), **better}


def _line(history: list[RateView]) -> list[tuple[str, str]]:
    """The two polylines of the chart, oldest first, in a box of 600 by 120."""
    rows = list(reversed(history))
    values = [value for row in rows for value in (row.buy, row.sell)]
    if len(rows) < 2:  # noqa: PLR2004 - a line needs two points
        return []
    low, high = min(values), max(values)
    span = (high - low) or Decimal("0.0001")
    step = Decimal(600) / (len(rows) - 1)

    def points(side: str) -> str:
        spots = ((place * step, 112 - (getattr(row, side) - low) / span * 104) for place, row in enumerate(rows))
        return " ".join(f"{x:.1f},{y:.1f}" for x, y in spots)

    return [("compra", points("buy")), ("venta", points("sell"))]
