"""A new operation in three steps: quote, accounts, confirm. Confirming is the one thing that fixes a rate."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from http import HTTPStatus
from typing import Annotated, Any
from uuid import uuid4

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api import quotes
from api.auth import CurrentMember, SignedClient
from api.operations import create_operation
from api.pages.answers import HEADERS
from api.pages.refusals import problem_of
from api.portal import pages
from api.portal.errors import PortalRoute, go
from api.portal.home import example, quoted
from api.services import Services, ServicesDep
from db import accounts, client_operations, clients, companies, limits
from db.tables import ClientAccount
from domain.clients import ClientStatus
from domain.commands import NewOperation
from domain.companies import check_prepares
from domain.errors import Conflict, Refused
from domain.operations import OPEN, Origin

router = APIRouter(route_class=PortalRoute)

STEPS = ("Cotiza", "Cuentas", "Confirma")
MAX_KEY = 200
Word = Annotated[str, Query(max_length=20)]


@router.get("/cambiar")
async def begin(request: Request, client: CurrentMember, services: ServicesDep) -> Response:
    """The first step: what I send, what I receive."""
    known = await _standing(services, client)
    known["example"] = example(await pages.rate(services))
    return await pages.page(request, services, client, "new_operation.html", steps=STEPS, **known)


@router.get("/cambiar/cuentas")
async def choose_accounts(
    *,
    request: Request,
    client: CurrentMember,
    services: ServicesDep,
    quiero: Word = "comprar",
    campo: Word = "recibe",
    envia: Word = "",
    recibe: Word = "",
    cupon: Word = "",
) -> Response:
    """The second step: from which account and to which. The third, to confirm, is on the same page."""
    try:
        given = await quoted(request, services, quiero=quiero, campo=campo, envia=envia, recibe=recibe, cupon=cupon)
    except Refused as refused:
        known = {**await _standing(services, client), "example": example(await pages.rate(services))}
        problem = problem_of(request, refused)
        template = "new_operation.html"
        status = problem["status"]
        return await pages.page(
            request, services, client, template, status=status, steps=STEPS, **{**known, "problem": problem}
        )
    known = {**await _standing(services, client), **await _accounts(services, client, given), "chosen": {}}
    if known["open_one"] or not known["may_operate"]:
        return RedirectResponse("/cambiar", HTTPStatus.SEE_OTHER, HEADERS)
    return await pages.page(request, services, client, "confirm_operation.html", steps=STEPS, given=given, **known)


@router.post("/cambiar")
async def confirm(request: Request, client: CurrentMember, services: ServicesDep) -> Response:
    """Create it. When the rate is no longer the one that the person saw, it is shown first: nothing is created."""
    form = {name: str(value)[:MAX_KEY].strip() for name, value in (await request.form()).items()}
    quiero, usd, coupon = form.get("quiero", ""), form.get("usd", ""), form.get("cupon", "")
    dollars = "envia" if quiero == "vender" else "recibe"
    asked = {"quiero": quiero, "campo": dollars, "envia": usd, "recibe": usd, "cupon": coupon}
    given = await quoted(request, services, **asked)
    try:
        _check_seen(given, form.get("tasa_vista", ""))
        wanted = NewOperation(
            actor=client.actor,
            client_id=client.id,
            kind=given.kind,
            origin=Origin.PORTAL,
            amount_usd=given.usd,
            source_account_id=_whole(form.get("origen", "")),
            destination_account_id=_whole(form.get("destino", "")),
            coupon=given.coupon,
        )
        key = form.get("clave_unica") or str(uuid4())
        if await _two_people(services, client):
            return await _prepared(services, client, wanted, key)
        check_prepares(client.person)
        made = await create_operation(services, wanted, key=key)
    except Refused as refused:
        return await _again(request, services, client, given, form=form, problem=problem_of(request, refused))
    return go(f"/operaciones/{made.code}")


async def _two_people(services: Services, client: SignedClient) -> bool:
    async with services.sessions() as session:
        return (await clients.live(session, client.id)).two_people


async def _prepared(services: Services, client: SignedClient, wanted: NewOperation, key: str) -> Response:
    """Kept for another person of the company; nothing is fixed yet."""
    async with services.sessions.begin() as session:
        await companies.prepare(session, wanted, key=key, by=client.person)
    return go("/por-aprobar")


def _check_seen(given: quotes.Quote, seen: str) -> None:
    if seen != f"{given.rate:.4f}":
        words = f"El tipo de cambio pasó de {seen} a {given.rate:.4f}. Revisa el monto antes de confirmar."
        raise Conflict("RATE_MOVED", words)


async def _again(
    request: Request,
    services: Services,
    client: SignedClient,
    given: quotes.Quote,
    *,
    form: dict[str, str],
    problem: dict[str, Any],
) -> Response:
    known = {**await _standing(services, client), **await _accounts(services, client, given)}
    known |= pages.standing_hours(datetime.now(UTC), await pages.hours(services))
    known["chosen"] = {"origen": _whole(form.get("origen", "")), "destino": _whole(form.get("destino", ""))}
    known["problem"] = problem
    return pages.fragment(
        request, client, "confirm_operation.html", "main", status=problem["status"], steps=STEPS, given=given, **known
    )


async def _standing(services: Services, client: SignedClient) -> dict[str, Any]:
    """Whether the client may create one now, and how much."""
    async with services.sessions() as session:
        row = await clients.live(session, client.id)
        recent = await client_operations.page(session, client.id, client_operations.Wanted(), limit=10)
        left: Decimal | None = await limits.room(session, row, now=datetime.now(UTC))
    open_ones = [one for one in recent if one.state in OPEN and one.origin.self_service]
    return {
        "row": row,
        "room": left,
        "may_operate": row.status is ClientStatus.ACTIVO,
        "open_one": open_ones[0] if open_ones else None,
        "problem": None,
    }


async def _accounts(services: Services, client: SignedClient, given: quotes.Quote) -> dict[str, Any]:
    async with services.sessions() as session:
        mine = await accounts.live(session, client.id)
    sources = [one for one in mine if one.currency is given.kind.client_pays]
    targets = [one for one in mine if one.currency is given.kind.client_receives]
    return {"sources": sources, "targets": targets, "same_bank": _same_bank(sources, targets), "key": str(uuid4())}


def _same_bank(sources: list[ClientAccount], targets: list[ClientAccount]) -> bool:
    return bool({one.bank for one in sources} & {one.bank for one in targets})


def _whole(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 19 else 0  # noqa: PLR2004 - a bigint
