"""A new operation for a client: who, which way, how much, between which accounts; rate and limit beside it."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import uuid4

from fastapi import APIRouter, Form, Query
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from api.auth import SignedUser, requires
from api.pages.refusals import problem_of
from api.panel import pages
from api.panel.errors import PanelRoute, notice
from api.panel.operation_commands import number, whole
from api.panel.search import clients_named
from api.services import Services, ServicesDep
from api.staff.clients import ClientView, read_client
from api.staff.operations import NewOperationBody, create
from api.staff.shapes import MAX_ID
from db import limits, referrals
from db.client_reads import get_client
from domain.errors import Invalid, Refused
from domain.money import Currency, to_pen
from domain.operations import Kind
from domain.permissions import Permission
from domain.referrals import code, improved_rate

router = APIRouter(prefix="/panel/operaciones/nueva", route_class=PanelRoute)
Creator = Annotated[SignedUser, requires(Permission.OPERATIONS_CREATE)]
ClientQuery = Annotated[int | None, Query(ge=1, le=MAX_ID)]
FOUND = 8
FIELDS = {
    "amount_usd": "monto",
    "source_account_id": "origen",
    "destination_account_id": "destino",
    "coupon": "cupon",
    "client_id": "cliente",
}


@router.get("")
async def new_operation(
    request: Request, user: Creator, services: ServicesDep, cliente: ClientQuery = None
) -> Response:
    """The form; with a client, its accounts and what it may still exchange."""
    chosen = await read_client(cliente, user, services) if cliente else None
    known = await _known(services, user, chosen, {})
    return await pages.page(request, services, user, "new_operation.html", here="Operaciones", **known)


@router.post("/cliente")
async def find_client(
    request: Request, user: Creator, services: ServicesDep, texto: Annotated[str, Form(max_length=80)] = ""
) -> Response:
    """Clients by name or document, to choose one."""
    text = texto.strip()
    found = await clients_named(user, services, text, FOUND)
    return pages.fragment(request, user, "new_operation.html", "found", found=found, text=text)


@router.post("/cotizar")
async def quote(request: Request, user: Creator, services: ServicesDep) -> Response:
    """What the client pays and receives at the rate of now, and how it stands with its limit."""
    form = await request.form()
    typed = {name: str(value) for name, value in form.items()}
    client_id = whole(typed.get("cliente", ""))
    chosen = await read_client(client_id, user, services) if client_id else None
    return pages.fragment(request, user, "new_operation.html", "quote", **await _known(services, user, chosen, typed))


@router.post("")
async def create_operation(request: Request, user: Creator, services: ServicesDep) -> Response:
    """Create it, by the staff API's own function."""
    form = await request.form()
    typed = {name: str(value).strip() for name, value in form.items()}
    client_id = whole(typed.get("cliente", ""))
    if not client_id:  # without one there is no form to show again
        raise Invalid("CLIENT_NEEDED", "Elige primero para quién es la operación.", field="client_id")
    try:
        body = NewOperationBody(
            client_id=client_id,
            kind=_kind(typed),
            amount_usd=Decimal(number(typed.get("monto", ""), "amount_usd")),
            source_account_id=whole(typed.get("origen", "")),
            destination_account_id=whole(typed.get("destino", "")),
            coupon=typed.get("cupon", ""),
            comments=typed.get("comentario", ""),
        )
        made = await create(body, user, services, typed.get("clave_unica") or str(uuid4()))
    except (Refused, ValidationError) as refused:
        chosen = await read_client(client_id, user, services)
        known = await _known(services, user, chosen, typed, problem_of(request, refused))
        return pages.fragment(request, user, "new_operation.html", "form", status=known["problem"]["status"], **known)
    told = notice("completada", "circle-check", f"{made.code} creada")
    return pages.answer("", headers={**told, "HX-Redirect": f"/panel/operaciones/{made.code}"})


def _kind(typed: dict[str, str]) -> Kind:
    """Which way the dollars go; Compra until somebody says otherwise. Raises Invalid for what is neither."""
    try:
        return Kind(typed.get("tipo", Kind.COMPRA))
    except ValueError:
        raise Invalid("KIND_UNKNOWN", "Elige si es Compra o Venta.", field="kind") from None


async def _known(
    services: Services,
    user: SignedUser,
    client: ClientView | None,
    typed: dict[str, str],
    problem: dict[str, Any] | None = None,
) -> dict[str, Any]:
    kind = Kind.VENTA if typed.get("tipo") == Kind.VENTA else Kind.COMPRA
    rates = await pages.quotes(services)
    base = None if rates is None else rates.buy if kind is Kind.COMPRA else rates.sell
    pips, refused = await _coupon(services, client, typed.get("cupon", ""))
    rate = None if base is None else improved_rate(kind is Kind.COMPRA, base, pips)
    usd = _amount(typed.get("monto", ""))
    accounts = {
        currency: [a for a in client.accounts if a.currency is currency] if client else [] for currency in Currency
    }
    return {
        "client": client,
        "kind": kind,
        "typed": typed,
        "rate": rate,
        "pips": pips,
        "coupon_refused": refused,
        "usd": usd,
        "pen": to_pen(usd, rate) if usd and rate else None,
        "sources": accounts[kind.client_pays],
        "destinations": accounts[kind.client_receives],
        "left": await _left(services, user, client) if client else None,
        "key": typed.get("clave_unica") or str(uuid4()),
        "problem": problem or {},
        "field": FIELDS.get(problem.get("field") or "", "") if problem else "",
    }


async def _coupon(services: Services, client: ClientView | None, typed: str) -> tuple[int, str]:
    """By how many pips the coupon betters the rate, and why it does not."""
    if not typed.strip():
        return 0, ""
    try:
        async with services.sessions() as session:
            known = code(typed, field="cupon")
            whose = client.id if client else None
            return await referrals.benefit(session, known, client_id=whose, now=datetime.now(UTC)), ""
    except Refused as refused:
        return 0, refused.message


async def _left(services: Services, user: SignedUser, client: ClientView) -> Decimal | None:
    async with services.sessions() as session:
        row = (await get_client(session, user.actor, client.id)).client
        return await limits.room(session, row, now=datetime.now(UTC))


def _amount(text: str) -> Decimal | None:
    try:
        return Decimal(number(text, "monto")) if text.strip() else None
    except Refused:
        return None
