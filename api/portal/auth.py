"""The door of the portal: sign in, sign out, a forgotten password. The rules are those of api/public."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Form, Query
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.auth import CurrentMember, SignedClient, clear_session_cookie, end_session, identity, public
from api.pages.answers import HEADERS
from api.pages.refusals import problem_of
from api.portal import companies, pages
from api.portal.errors import PortalRoute, go, inside
from api.public import clients as contract
from api.public import passwords
from api.services import ServicesDep
from domain.errors import Refused

router = APIRouter(route_class=PortalRoute)

HOME, PASSWORD = "/inicio", "/cuenta/clave"
Then = Annotated[str, Query(max_length=300)]
Document = Annotated[str, Form(max_length=30)]


@router.get("/ingresar", dependencies=[public("es la puerta de entrada")])
async def door(request: Request, siguiente: Then = "", dicho: Annotated[str, Query(max_length=20)] = "") -> Response:
    """The sign-in page; who is in already goes on."""
    if isinstance(await identity(request), SignedClient):
        return RedirectResponse(_inside(siguiente), HTTPStatus.SEE_OTHER, HEADERS)
    return _door(request, siguiente, told=_TOLD.get(dicho, ""))


@router.post("/ingresar", dependencies=[public("es la puerta de entrada; se limita por cuenta y por dirección")])
async def enter(
    *,
    request: Request,
    services: ServicesDep,
    siguiente: Then = "",
    documento: Document = "",
    persona: Document = "",
    clave: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """Open a session and go to where the person was. `persona`: the document of who comes in for a company."""
    if not documento.strip() or not clave:
        return _door(request, siguiente, document=documento, error="Escribe tu documento y tu contraseña.")
    inside_page = RedirectResponse(_inside(siguiente), HTTPStatus.SEE_OTHER, HEADERS)
    try:
        if persona.strip():
            given = {"company": documento[:20], "document": persona[:20], "password": clave}
            await companies.enter(request, inside_page, services, **given)
            return inside_page
        body = contract.Login(dni=documento[:20], password=clave)
        answered = await contract.login(body, request, inside_page, services)
    except Refused as refused:
        problem = problem_of(request, refused)
        return _door(
            request, siguiente, document=documento, person=persona, error=problem["detail"], status=problem["status"]
        )
    if not answered["success"]:
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        return _door(request, siguiente, document=documento, error=answered["message"], status=status)
    if answered["requires_password_change"]:
        inside_page.headers["location"] = PASSWORD
    return inside_page


@router.post("/salir")
async def leave(client: CurrentMember, services: ServicesDep) -> Response:
    """End the session in every tab."""
    gone = go("/ingresar?dicho=saliste")
    await end_session(services, client)
    clear_session_cookie(gone, services)
    # What the service worker keeps holds nothing private; the browser's own copies of pages go too.
    gone.headers["Clear-Site-Data"] = '"cache"'
    return gone


@router.get("/olvide", dependencies=[public("quien olvidó su contraseña no puede ingresar")])
async def forgot(request: Request) -> Response:
    """Where a temporary password is asked for."""
    return pages.bare_page(request, "forgot.html", document="", problem=None)


@router.post("/olvide", dependencies=[public("quien olvidó su contraseña no puede ingresar; no dice nada")])
async def send_temporary(
    *,
    request: Request,
    services: ServicesDep,
    documento: Document = "",
    correo: Annotated[str, Form(max_length=250)] = "",
) -> Response:
    """Mail it. The answer is the same for all."""
    try:
        await passwords.forgot_password(passwords.Forgotten(dni=documento[:20], email=correo), services)
    except (Refused, ValueError) as refused:
        problem = problem_of(request, refused)
        return pages.bare_page(
            request, "forgot.html", status=problem["status"], document=documento, problem={**problem, "field": ""}
        )
    return RedirectResponse("/ingresar?dicho=temporal", HTTPStatus.SEE_OTHER, HEADERS)


_TOLD = {
    "temporal": "Si los datos coinciden con tu cuenta, te enviamos una contraseña temporal. Revisa tu correo.",
    "saliste": "Cerraste tu sesión en este dispositivo.",
}


def _door(request: Request, then: str, *, status: int = HTTPStatus.OK, **said: str) -> Response:
    known = {"document": "", "person": "", "error": "", "told": ""} | said
    return pages.bare_page(request, "login.html", status=status, then=_shown(then), **known)


def _shown(then: str) -> str:
    return then if inside(then) else ""


def _inside(then: str) -> str:
    return _shown(then) or HOME
