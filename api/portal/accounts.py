"""The client's bank accounts: listed, added, taken away."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from api.auth import CurrentClient, SignedClient
from api.pages.refusals import problem_of
from api.pages.words import bank as bank_words
from api.portal import pages
from api.portal.errors import PortalRoute, go, inside
from api.public import accounts as contract
from api.services import Services, ServicesDep
from api.staff.shapes import MAX_ID
from db import accounts
from domain.accounts import MAX_ACCOUNTS, Bank
from domain.errors import Invalid, Missing, Refused
from domain.money import Currency

router = APIRouter(route_class=PortalRoute)

FIELDS = ("bank_name", "account_number", "account_type", "currency", "origen")
Typed = dict[str, str]


@router.get("/cuentas")
async def my_accounts(
    request: Request, client: CurrentClient, services: ServicesDep, vuelve: Annotated[str, Query(max_length=300)] = ""
) -> Response:
    """What I send from and receive in. `vuelve` is the page that lacked an account."""
    known = await _known(services, client)
    back = vuelve if inside(vuelve) else ""
    return await pages.page(request, services, client, "accounts.html", active="cuenta", back=back, **known)


@router.post("/cuentas")
async def add_account(
    request: Request, client: CurrentClient, services: ServicesDep, vuelve: Annotated[str, Query(max_length=300)] = ""
) -> Response:
    """Add one that is the client's own; whoever adds it says so."""
    form = await request.form()
    typed = {name: str(form.get(name, ""))[:100].strip() for name in FIELDS}
    back = vuelve if inside(vuelve) else ""
    try:
        if form.get("propia") != "si":
            raise Invalid("NOT_OWN", "Solo puedes registrar cuentas que estén a tu nombre. Márcalo.", field="propia")
        await contract.add_from_web(contract.WebAccount(**typed), client, services)
    except (Refused, ValueError) as refused:
        problem = problem_of(request, refused)
        known = await _known(services, client, typed, problem)
        return pages.fragment(request, client, "accounts.html", "adding", status=problem["status"], back=back, **known)
    return go(back or "/cuentas")


@router.post("/cuentas/{account_id}/quitar")
async def remove_account(
    account_id: Annotated[int, Path(ge=1, le=MAX_ID)], client: CurrentClient, services: ServicesDep
) -> Response:
    """Take it out of the list; old operations keep it."""
    async with services.sessions.begin() as session:
        mine = await accounts.live(session, client.id)
        place = next((index for index, one in enumerate(mine) if one.id == account_id), None)
        if place is None:
            raise Missing("ACCOUNT_UNKNOWN", "No encontramos esa cuenta entre las tuyas.")
        await accounts.remove(session, client.id, place, actor=client.actor, now=datetime.now(UTC))
    return go("/cuentas")


async def _known(
    services: Services, client: SignedClient, typed: Typed | None = None, problem: dict[str, Any] | None = None
) -> dict[str, Any]:
    async with services.sessions() as session:
        mine = await accounts.live(session, client.id)
    return {
        "groups": [(currency, [one for one in mine if one.currency is currency]) for currency in Currency],
        "full": len(mine) >= MAX_ACCOUNTS,
        "most": MAX_ACCOUNTS,
        "banks": [(bank.value, "Otro banco" if bank is Bank.OTROS else bank_words(bank)) for bank in Bank],
        "typed": typed or {**dict.fromkeys(FIELDS, ""), "bank_name": Bank.BCP.value, "origen": "Lima"},
        "problem": problem,
    }
