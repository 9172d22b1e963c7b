"""Opening an account in four short steps. What was typed travels in the form itself until the last one.

Each step is judged by the rules that the contract's registration applies; the address must have proved itself.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from api.auth import public, set_session_cookie, start_client_session
from api.pages.refusals import problem_of
from api.portal import pages
from api.portal.errors import PortalRoute, go
from api.public import registration as contract
from api.public.lookups import dni_lookup, ruc_lookup
from api.services import Services, ServicesDep
from db import clients, email_codes
from domain import clients as rules
from domain.clients import DocumentType
from domain.errors import Conflict, Invalid, Refused

router = APIRouter(route_class=PortalRoute)

NAMES = ("Tu identidad", "Contacto", "Código de correo", "Contraseña")
FIELDS = (
    "quien",
    "tipo_documento",
    "dni",
    "nombres",
    "apellido_paterno",
    "apellido_materno",
    "razon_social",
    "persona_contacto",
    "email",
    "telefono",
    "direccion",
    "departamento",
    "provincia",
    "distrito",
    "code",
    "password",
    "referral_code",
)
MOST = 200
FIRST = "/cuenta/documentos"
Typed = dict[str, str]
_ANY_PASSWORD = "todavia-no"  # noqa: S105 - the body of the contract needs one while the person has chosen none


@router.get("/registro", dependencies=[public("así se abre una cuenta")])
async def begin(request: Request, codigo: Annotated[str, Query(max_length=8)] = "") -> Response:
    """The first step. `codigo` is that of who invited."""
    typed = {**dict.fromkeys(FIELDS, ""), "referral_code": codigo, "quien": "persona", "tipo_documento": "DNI"}
    return pages.bare_page(request, "registration.html", **_shown(1, typed))


@router.post(
    "/registro/{step}",
    dependencies=[public("así se abre una cuenta; cada paso se cuenta por dirección")],
)
async def take_step(request: Request, services: ServicesDep, step: Annotated[int, Path(ge=1, le=4)]) -> Response:
    """Judge a step and show the next one, or the same with what was refused. `volver` goes back."""
    form = await request.form()
    typed = {name: str(form.get(name, ""))[:MOST].strip() for name in FIELDS}
    if form.get("volver"):
        return _step(request, max(1, step - 1), typed)
    try:
        done = await _JUDGES[step](request, services, typed, accepts=form.get("acepta") == "si")
    except (Refused, ValueError) as refused:
        return _step(request, step, typed, problem_of(request, refused))
    return done or _step(request, step + 1, typed)


@router.post("/registro/1/buscar", dependencies=[public("busca los nombres de un documento; se cuenta por dirección")])
async def look_up(request: Request, services: ServicesDep) -> Response:
    """Fill in the names that RENIEC or SUNAT have; when they don't answer, the person types them."""
    form = await request.form()
    typed = {name: str(form.get(name, ""))[:MOST].strip() for name in FIELDS}
    company = typed["quien"] == "empresa"
    find = ruc_lookup if company else dni_lookup
    try:
        found = await find(request, services, typed["dni"])
    except Refused as refused:
        field = "dni" if refused.field == "numero" else ""
        return _step(request, 1, typed, {"detail": refused.message, "status": refused.status, "field": field})
    given = {name: str(found[name]) for name in FIELDS if found.get(name)}
    return _step(request, 1, {**typed, **given}, told=f"Encontramos a {_who(given)}. Revisa que esté bien.")


def _who(given: Typed) -> str:
    names = (given.get(name, "") for name in ("razon_social", "nombres", "apellido_paterno", "apellido_materno"))
    return " ".join(name for name in names if name)


@router.post("/registro/3/otro", dependencies=[public("pide otro código; se cuenta por correo y por dirección")])
async def another_code(request: Request, services: ServicesDep) -> Response:
    """Mail another code."""
    form = await request.form()
    typed = {name: str(form.get(name, ""))[:MOST].strip() for name in FIELDS}
    try:
        await contract.send_code(contract.CodeWanted(email=typed["email"]), services)
    except (Refused, ValueError) as refused:
        return _step(request, 3, typed, problem_of(request, refused))
    return _step(request, 3, {**typed, "code": ""}, told="Te enviamos otro código. El anterior ya no sirve.")


async def _identity(_request: Request, services: Services, typed: Typed, *, accepts: bool) -> None:
    assert isinstance(accepts, bool)
    company = typed["quien"] == "empresa"
    kind = DocumentType.RUC if company else rules.document_type(typed["tipo_documento"], field="tipo_documento")
    typed["tipo_documento"] = kind.value
    number = rules.document_number(kind, typed["dni"], field="dni")
    contract.read(_body({**typed, "email": "a@qoricash.pe", "telefono": "987654321"}), origin="portal")
    async with services.sessions() as session:
        if await clients.by_document(session, number) is not None:
            raise Conflict("CLIENT_DUPLICATE", f"Ese {kind} ya tiene una cuenta. Ingresa con él.", field="dni")


async def _contact(_request: Request, services: Services, typed: Typed, *, accepts: bool) -> None:
    assert isinstance(accepts, bool)
    contract.read(_body(typed), origin="portal")
    if len(rules.emails(typed["email"])) > 1:
        raise Invalid("EMAIL_FORMAT", "Escribe un solo correo, uno que revises hoy.", field="email")
    if await _verified(services, typed["email"]) is None:
        await contract.send_code(contract.CodeWanted(email=typed["email"]), services)


async def _code(_request: Request, services: Services, typed: Typed, *, accepts: bool) -> None:
    assert isinstance(accepts, bool)
    if await _verified(services, typed["email"]) is not None:
        return
    answer = await contract.verify_code(contract.CodeGiven(email=typed["email"], code=typed["code"]), services)
    if not answer["success"]:
        raise Invalid("CODE_WRONG", answer["message"], field="code")


async def _account(request: Request, services: Services, typed: Typed, *, accepts: bool) -> Response | None:
    """Open the account and come in."""
    if not accepts:
        raise Invalid("TERMS", "Para abrir tu cuenta acepta los términos y la política de privacidad.", field="acepta")
    if await _verified(services, typed["email"]) is None:
        return _step(request, 3, typed, {"detail": "Primero confirma tu correo con el código.", "status": 422})
    made = await contract.open_account(services, _body(typed, typed["password"]), origin="portal")
    inside = go(FIRST)
    token = await start_client_session(services, made["client"]["id"])
    set_session_cookie(inside, token, services, life=services.settings.client_absolute)
    return inside


_JUDGES: dict[int, Callable[..., Awaitable[Response | None]]] = {1: _identity, 2: _contact, 3: _code, 4: _account}


async def _verified(services: Services, email: str) -> datetime | None:
    async with services.sessions() as session:
        return await email_codes.verified_at(session, email, now=datetime.now(UTC))


def _body(typed: Typed, password: str = _ANY_PASSWORD) -> contract.Registration:
    """What the contract's registration reads."""
    company = typed["quien"] == "empresa"
    given: dict[str, Any] = {name: typed[name] for name in FIELDS if name not in {"quien", "code", "password"}}
    given["tipo_persona"] = "Jurídica" if company else "Natural"
    given["referral_code"] = typed["referral_code"] or None
    return contract.Registration(**given, password=password)


def _step(
    request: Request, step: int, typed: Typed, problem: dict[str, Any] | None = None, *, told: str = ""
) -> Response:
    status = int(problem["status"]) if problem else 200
    known = _shown(step, typed, problem, told=told)
    return pages.fragment(request, None, "registration.html", "step", status=status, **known)


def _shown(step: int, typed: Typed, problem: dict[str, Any] | None = None, *, told: str = "") -> dict[str, Any]:
    return {"step": step, "names": NAMES, "typed": typed, "problem": problem, "told": told, "on_page": ON_PAGE[step]}


# What each step asks: the rest of what was typed goes along hidden.
ON_PAGE = {
    1: frozenset(FIELDS[:8]) | {"referral_code"},
    2: frozenset(FIELDS[8:14]),
    3: frozenset({"code"}),
    4: frozenset({"password"}),
}
