"""Rate alerts of a client: tell me when the dollar goes above or below a value."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import Response

from api.auth import CurrentClient, SignedClient
from api.pages.refusals import problem_of
from api.portal import pages
from api.portal.errors import PortalRoute, go
from api.portal.home import plain
from api.public import rate_alerts as contract
from api.services import Services, ServicesDep
from api.staff.shapes import MAX_ID
from db import rate_alerts
from domain.calendar import business_day
from domain.errors import Invalid, Refused
from domain.money import rate
from domain.rate_alerts import MAX_LIVE

router = APIRouter(route_class=PortalRoute)

FIELDS = ("moneda", "tipo", "valor", "hasta")


@router.get("/alertas")
async def my_alerts(request: Request, client: CurrentClient, services: ServicesDep) -> Response:
    """Those that still watch, and a form for another."""
    known = await _known(services, client)
    return await pages.page(request, services, client, "rate_alerts.html", active="cuenta", **known)


@router.post("/alertas")
async def add_alert(request: Request, client: CurrentClient, services: ServicesDep) -> Response:
    """Watch for a value."""
    form = await request.form()
    typed = {name: str(form.get(name, ""))[:20].strip() for name in FIELDS}
    try:
        body = contract.AlertWanted(
            tipo=typed["tipo"],
            moneda=typed["moneda"],
            valor=rate(plain(typed["valor"]), field="valor"),
            repetir=form.get("repetir") == "si",
            hasta=_day(typed["hasta"]),
        )
        await contract.add_alert(body, client, services)
    except (Refused, ValueError) as refused:
        problem = problem_of(request, refused)
        known = await _known(services, client, typed, problem)
        return pages.fragment(request, client, "rate_alerts.html", "main", status=problem["status"], **known)
    return go("/alertas")


@router.post("/alertas/{alert_id}/quitar")
async def end_alert(
    alert_id: Annotated[int, Path(ge=1, le=MAX_ID)], client: CurrentClient, services: ServicesDep
) -> Response:
    """Watch no more."""
    await contract.end_alert(alert_id, client, services)
    return go("/alertas")


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise Invalid("DAY_UNREADABLE", "Elige una fecha.", field="hasta") from error


async def _known(
    services: Services,
    client: SignedClient,
    typed: dict[str, str] | None = None,
    problem: dict[str, Any] | None = None,
) -> dict[str, Any]:
    async with services.sessions() as session:
        found = await rate_alerts.live(session, client.id, business_day(datetime.now(UTC)))
    typed = typed or {"moneda": "venta", "tipo": "bajo", "valor": "", "hasta": ""}
    return {"found": found, "typed": typed, "problem": problem, "most": MAX_LIVE, "quote": await pages.rate(services)}
