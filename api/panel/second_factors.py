"""One's own second step on the screen: the telephone's code, the spare ones, and passkeys."""

from __future__ import annotations

import re
from typing import Annotated, Any

import segno
from fastapi import APIRouter, Body, Path
from pydantic import ValidationError
from pyotp import TOTP
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from api.auth import CurrentUser, SignedUser, public
from api.pages.refusals import problem_of
from api.panel import pages
from api.panel.auth import inside
from api.panel.errors import PanelRoute, notice
from api.panel.questions import Ask, Question, Typed, ask, done
from api.services import ServicesDep
from api.staff import second_factors as staff
from api.staff.shapes import MAX_ID
from domain.errors import Invalid, Refused

router = APIRouter(prefix="/panel", route_class=PanelRoute)
KeyId = Annotated[int, Path(ge=1, le=MAX_ID)]
SECRET = re.compile(r"[A-Z2-7]{32}")  # as `begin` wrote it into the page
CODE = Ask(name="otp", label="Código del celular o de reserva", most=20)
RENEW = Question(
    title="Códigos de reserva nuevos",
    effects=(("x", "Los anteriores dejan de servir."),),
    asks=(CODE,),
    ok="Hacer códigos nuevos",
)
REMOVE = Question(
    title="¿Quitar el código del celular?",
    effects=(("lock-open", "Tu contraseña sola vuelve a abrir el panel."),),
    asks=(CODE,),
    ok="Quitar código",
    danger=True,
)
REMOVE_KEY = Question(title="¿Quitar esta llave?", lead="Deja de abrir el panel.", ok="Quitar llave", danger=True)


@router.post("/sesiones/codigo")
async def begin(request: Request, user: CurrentUser, services: ServicesDep) -> Response:
    """The picture to scan."""
    made = await staff.begin_totp(user, services)
    return _scan(request, user, made.secret, "")


@router.post("/sesiones/codigo/confirmar")
async def confirm(request: Request, user: CurrentUser, services: ServicesDep) -> Response:
    """From now on it asks for a code; the spare ones are shown."""
    typed = Typed(form=await request.form())
    try:
        made = await staff.confirm_totp(staff.CodeBody(otp=typed.text("otp")), user, services)
    except (Refused, ValidationError) as refused:
        if not SECRET.fullmatch(secret := typed.text("secreto")):
            raise Invalid("SECRET_LOST", "Empieza otra vez: pide un código nuevo.", field="secreto") from refused
        problem = problem_of(request, refused)
        return _scan(request, user, secret, str(problem["detail"]), status=problem["status"])
    return _codes(request, user, made.codes)


@router.get("/sesiones/reserva")
async def ask_renew(request: Request, user: CurrentUser) -> Response:
    """New spare codes take a code."""
    return ask(request, user, RENEW)


@router.post("/sesiones/reserva")
async def renew(request: Request, user: CurrentUser, services: ServicesDep) -> Response:
    """Ten new ones, shown once."""
    typed = Typed(form=await request.form())
    try:
        made = await staff.renew_spare_codes(staff.CodeBody(otp=typed.text("otp")), request, user, services)
    except (Refused, ValidationError) as refused:
        return ask(request, user, RENEW, typed=typed.texts(), problem=problem_of(request, refused))
    return _codes(request, user, made.codes)


@router.get("/sesiones/quitar-codigo")
async def ask_remove(request: Request, user: CurrentUser) -> Response:
    """Taking it away takes a code."""
    return ask(request, user, REMOVE)


@router.post("/sesiones/quitar-codigo")
async def remove(request: Request, user: CurrentUser, services: ServicesDep) -> Response:
    """The password alone opens again."""
    typed = Typed(form=await request.form())
    try:
        await staff.remove_totp(staff.CodeBody(otp=typed.text("otp")), request, user, services)
    except (Refused, ValidationError) as refused:
        return ask(request, user, REMOVE, typed=typed.texts(), problem=problem_of(request, refused))
    return done("Código quitado")


@router.get("/sesiones/llave/{passkey_id}")
async def ask_remove_key(request: Request, passkey_id: KeyId, user: CurrentUser) -> Response:
    """Whether to take a passkey away."""
    assert passkey_id
    return ask(request, user, REMOVE_KEY)


@router.post("/sesiones/llave/{passkey_id}")
async def remove_key(passkey_id: KeyId, user: CurrentUser, services: ServicesDep) -> Response:
    """It opens no more."""
    await staff.remove_passkey(passkey_id, user, services)
    return done("Llave quitada")


@router.post("/llaves/pedido")
async def ask_new_key(request: Request, user: CurrentUser, services: ServicesDep) -> JSONResponse:
    """What the page's script asks of the browser for a new passkey."""
    try:
        return JSONResponse((await staff.ask_new_passkey(request, user, services)).model_dump())
    except Refused as refused:
        return _said(request, refused)


@router.post("/llaves")
async def add_key(
    request: Request, user: CurrentUser, services: ServicesDep, answer: Annotated[dict[str, Any], Body()]
) -> JSONResponse:
    """Keep it."""
    try:
        await staff.add_passkey(staff.NewPasskeyBody.model_validate(answer), request, user, services)
    except (Refused, ValidationError) as refused:
        return _said(request, refused)
    return JSONResponse({})


@router.post("/ingresar/llave/pedido", dependencies=[public("es otra puerta de entrada")])
async def ask_key(request: Request, services: ServicesDep) -> JSONResponse:
    """What the door's script asks of the browser."""
    try:
        return JSONResponse((await staff.ask_passkey(request, services)).model_dump())
    except Refused as refused:
        return _said(request, refused)


@router.post("/ingresar/llave", dependencies=[public("es otra puerta de entrada: entra quien tiene la llave")])
async def enter(request: Request, services: ServicesDep, answer: Annotated[dict[str, Any], Body()]) -> Response:
    """Open the session of whoever holds the key."""
    opened = JSONResponse({"go": inside(str(answer.pop("then", "")))}, headers=dict(pages.HEADERS))
    try:
        await staff.login_by_passkey(staff.PasskeyBody.model_validate(answer), request, opened, services)
    except (Refused, ValidationError) as refused:
        return _said(request, refused)
    return opened


def _said(request: Request, refused: Exception) -> JSONResponse:
    problem = problem_of(request, refused)
    return JSONResponse({"detail": problem["detail"]}, int(problem["status"]))


def _scan(request: Request, user: SignedUser, secret: str, error: str, *, status: int = 200) -> Response:
    uri = TOTP(secret).provisioning_uri(name=user.username, issuer_name="QoriCash")
    qr = segno.make(uri, error="m").svg_data_uri(scale=5, border=2)
    return pages.fragment(request, user, "factors.html", "scan", status=status, secret=secret, qr=qr, error=error)


def _codes(request: Request, user: SignedUser, codes: list[str]) -> Response:
    headers = notice("completada", "circle-check", "Código activo")["HX-Trigger"][:-1] + ', "leer": ""}'
    return pages.fragment(request, user, "factors.html", "codes", codes=codes, headers={"HX-Trigger": headers})
