"""The first page of who has come in: what waits for it, the calculator, its last operations and its limit."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.auth import CurrentMember
from api.portal import pages, trend
from api.portal.errors import PortalRoute
from api.portal.home import example
from api.portal.papers import papers_of_client
from api.services import ServicesDep
from db import client_operations, clients, companies, limits, referrals
from domain.clients import ClientStatus
from domain.operations import OPEN

router = APIRouter(route_class=PortalRoute)

LAST = 4


@router.get("/inicio")
async def dashboard(request: Request, client: CurrentMember, services: ServicesDep) -> Response:
    """What the client has open first of all."""
    quote = await pages.rate(services)
    async with services.sessions() as session:
        row = await clients.live(session, client.id)
        recent = await client_operations.page(session, client.id, client_operations.Wanted(), limit=LAST + 1)
        papers = await papers_of_client(session, row)
        known: dict[str, Any] = {
            "row": row,
            "active": "inicio",
            "open_ones": [one for one in recent if one.state in OPEN],
            "recent": [one for one in recent if one.state not in OPEN][:LAST],
            "room": await limits.room(session, row, now=datetime.now(UTC)),
            "pips": (await referrals.balance(session, client.id)).available,
            "papers": papers,
            "trend": await trend.of_the_week(session, datetime.now(UTC)),
            "may_operate": row.status is ClientStatus.ACTIVO,
            "to_approve": await companies.waiting(session, client.id) if row.company_name else 0,
        }
    return await pages.page(request, services, client, "dashboard.html", example=example(quote), **known)
