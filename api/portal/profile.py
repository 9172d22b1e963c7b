"""The client's own account: its data, its password, its open sessions and how it wants the pages to look."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Form, Path
from starlette.requests import Request
from starlette.responses import Response

from api.auth import CurrentClient, CurrentMember, SignedClient
from api.pages.refusals import problem_of
from api.portal import companies, pages
from api.portal.errors import PortalRoute, go
from api.portal.papers import papers_of_client
from api.public import clients as contract
from api.public import passwords
from api.services import ServicesDep
from api.staff.shapes import MAX_ID
from db import accounts, clients, sessions
from db.client_reads import display_name
from domain.errors import Missing, Refused

router = APIRouter(route_class=PortalRoute)

ADDRESS = ("direccion", "departamento", "provincia", "distrito")
Secret = Annotated[str, Form(max_length=200)]


@router.get("/cuenta")
async def account(request: Request, client: CurrentMember, services: ServicesDep) -> Response:
    """Everything about oneself, and the doors to each part; of a company's person, what is its own."""
    if client.person is not None:
        return await pages.page(request, services, client, "member.html", active="cuenta", member=client.person)
    async with services.sessions() as session:
        row = await clients.live(session, client.id)
        known: dict[str, Any] = {
            "row": row,
            "full_name": display_name(row),
            "papers": await papers_of_client(session, row),
            "accounts": len(await accounts.live(session, client.id)),
            "typed": dict(zip(ADDRESS, (row.address, row.department, row.province, row.district), strict=True)),
            "problem": None,
        }
    return await pages.page(request, services, client, "profile.html", active="cuenta", **known)


@router.post("/cuenta/direccion")
async def change_address(request: Request, client: CurrentClient, services: ServicesDep) -> Response:
    """Where the client lives, as the web's own panel keeps it."""
    form = await request.form()
    typed = {name: str(form.get(name, ""))[:200].strip() for name in ADDRESS}
    try:
        await contract.update_address(contract.Address(**typed), client, services)
    except (Refused, ValueError) as refused:
        problem = problem_of(request, refused)
        again: dict[str, Any] = {"typed": typed, "problem": problem}
        return pages.fragment(request, client, "address.html", "form", status=problem["status"], **again)
    return go("/cuenta")


@router.get("/cuenta/clave")
async def password_page(request: Request, client: CurrentMember, services: ServicesDep) -> Response:
    """Where the password is changed; after a temporary one the present one is not asked."""
    known: dict[str, Any] = {"temporary": _temporary(client), "problem": None}
    return await pages.page(request, services, client, "password.html", active="cuenta", **known)


@router.post("/cuenta/clave")
async def change_password(
    *, request: Request, client: CurrentMember, services: ServicesDep, actual: Secret = "", nueva: Secret = ""
) -> Response:
    """Change it; the other sessions end. Of a company's person, its own and not the company's."""
    try:
        if client.person is not None:
            await companies.change_password(request, services, client, present=actual, new=nueva)
            return go("/cuenta")
        body = passwords.PasswordChange(current_password=actual or None, new_password=nueva)
        await passwords.change_password(body, request, client, services)
    except (Refused, ValueError) as refused:
        problem = problem_of(request, refused)
        given = problem.get("field", "")
        problem["field"] = {"current_password": "actual", "new_password": "nueva"}.get(given, given)
        again: dict[str, Any] = {"temporary": _temporary(client), "problem": problem}
        return pages.fragment(request, client, "password.html", "main", status=problem["status"], **again)
    return go("/cuenta")


def _temporary(client: SignedClient) -> bool:
    return client.requires_password_change and client.person is None


@router.get("/cuenta/sesiones")
async def own_sessions(request: Request, client: CurrentClient, services: ServicesDep) -> Response:
    """Where the account is open."""
    now = datetime.now(UTC)
    async with services.sessions() as session:
        found = await sessions.of_client(session, client.id, now, services.settings.client_idle)
    known: dict[str, Any] = {"found": found, "this": client.session_id}
    return await pages.page(request, services, client, "sessions.html", active="cuenta", **known)


@router.post("/cuenta/sesiones/{session_id}/cerrar")
async def close_session(
    session_id: Annotated[int, Path(ge=1, le=MAX_ID)], client: CurrentClient, services: ServicesDep
) -> Response:
    """End one of one's own sessions, in every tab of it."""
    now = datetime.now(UTC)
    async with services.sessions.begin() as session:
        mine = await sessions.of_client(session, client.id, now, services.settings.client_idle)
        if session_id not in {one.id for one in mine}:
            raise Missing("SESSION_UNKNOWN", "Esa sesión ya no está abierta.")
        await sessions.end(session, [session_id], now)
    return go("/cuenta/sesiones")
