"""Passkeys on the screen: those that one has, a new one, and coming in with it."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from api import client_passkeys
from api.auth import CurrentClient, public
from api.pages.answers import HEADERS
from api.pages.refusals import problem_of
from api.portal import pages
from api.portal.auth import HOME, PASSWORD
from api.portal.errors import PortalRoute, go, inside
from api.services import ServicesDep
from api.staff.shapes import MAX_ID
from db import passkeys as keys
from db.tables import ClientPasskey
from domain.errors import Refused

router = APIRouter(route_class=PortalRoute)

DOOR = "es otra puerta de entrada: entra quien tiene la llave"


class Wanted(BaseModel):
    """Who asks for a new passkey proves its password again."""

    clave: str = Field(default="", max_length=200)


class Answered(BaseModel):
    """What the browser answered, with the note that it was asked with."""

    state: str = Field(max_length=2000)
    answer: dict[str, Any]
    name: str = Field(default="", max_length=60)
    then: str = Field(default="", max_length=300)


@router.get("/cuenta/llaves")
async def own_keys(request: Request, client: CurrentClient, services: ServicesDep) -> Response:
    """Those that open this account."""
    async with services.sessions() as session:
        found = await keys.owned(session, ClientPasskey, client.id)
    return await pages.page(request, services, client, "passkeys.html", active="cuenta", found=found)


@router.post("/cuenta/llaves/pedido")
async def ask_new(request: Request, client: CurrentClient, services: ServicesDep) -> JSONResponse:
    """What the page's script asks of the browser, once the password is right."""
    try:
        body = Wanted.model_validate_json(await request.body())
        asked = await client_passkeys.ask_new(request, services, client, password=body.clave)
    except (Refused, ValidationError) as refused:
        return _said(request, refused)
    return JSONResponse({"options": asked.options, "state": asked.state}, headers=HEADERS)


@router.post("/cuenta/llaves")
async def add(request: Request, client: CurrentClient, services: ServicesDep) -> JSONResponse:
    """Keep it."""
    try:
        body = Answered.model_validate_json(await request.body())
        given: dict[str, Any] = {"state": body.state, "answer": body.answer, "name": body.name.strip() or "Llave"}
        await client_passkeys.keep(request, services, client, **given)
    except (Refused, ValidationError) as refused:
        return _said(request, refused)
    return JSONResponse({"go": "/cuenta/llaves"}, headers=HEADERS)


@router.post("/cuenta/llaves/{passkey_id}/quitar")
async def remove(
    passkey_id: Annotated[int, Path(ge=1, le=MAX_ID)], client: CurrentClient, services: ServicesDep
) -> Response:
    """It opens no more."""
    await client_passkeys.remove(services, client, passkey_id)
    return go("/cuenta/llaves")


@router.post("/ingresar/llave/pedido", dependencies=[public(DOOR)])
async def ask_key(request: Request, services: ServicesDep) -> JSONResponse:
    """What the door's script asks of the browser."""
    try:
        asked = client_passkeys.ask_proof(request, services)
    except Refused as refused:
        return _said(request, refused)
    return JSONResponse({"options": asked.options, "state": asked.state}, headers=HEADERS)


@router.post("/ingresar/llave", dependencies=[public(DOOR)])
async def enter(request: Request, services: ServicesDep) -> Response:
    """Open the session of whoever holds the key, and say where to go."""
    cookie = Response()
    try:
        body = Answered.model_validate_json(await request.body())
        client = await client_passkeys.enter(request, cookie, services, state=body.state, answer=body.answer)
    except (Refused, ValidationError) as refused:
        return _said(request, refused)
    then = body.then if inside(body.then) else HOME
    opened = JSONResponse({"go": PASSWORD if client.requires_password_change else then}, headers=HEADERS)
    opened.headers["set-cookie"] = cookie.headers["set-cookie"]
    return opened


def _said(request: Request, refused: Exception) -> JSONResponse:
    problem = problem_of(request, refused)
    return JSONResponse({"detail": problem["detail"]}, int(problem["status"]), headers=HEADERS)
