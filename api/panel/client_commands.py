"""The routes of a client's acts: the dialog and the act, registering a client, and giving clients to a Trader."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any
from uuid import uuid4

from fastapi import APIRouter, Path, Query
from pydantic import Field, ValidationError
from starlette.requests import Request
from starlette.responses import Response

from api.auth import SignedUser, requires
from api.pages.refusals import problem_of
from api.panel import pages
from api.panel.client_acts import ACTS, BANKS, Call, ClientAct
from api.panel.clients import traders
from api.panel.errors import PanelRoute, notice
from api.panel.operation_commands import whole
from api.panel.questions import REASON, Ask, Question, Typed, ask, done
from api.services import Services, ServicesDep
from api.staff.client_actions import ClientId, ReassignBody, create_client, reassign_clients
from api.staff.client_bodies import AccountBody, ClientBody
from api.staff.clients import read_client
from api.staff.shapes import MAX_ID
from domain.accounts import AccountType, Region
from domain.clients import DocumentType
from domain.errors import Conflict, Invalid, Missing, Refused
from domain.money import Currency
from domain.permissions import Permission, Role

router = APIRouter(prefix="/panel/clientes", route_class=PanelRoute)
Reader = Annotated[SignedUser, requires(Permission.CLIENTS_READ)]
Registrar = Annotated[SignedUser, requires(Permission.CLIENTS_CREATE)]
Chief = Annotated[SignedUser, requires(Permission.CLIENTS_REASSIGN)]
ActName = Annotated[str, Path(max_length=30, pattern=r"^[a-z-]+$")]
Chosen = Annotated[Sequence[Annotated[int, Field(ge=1, le=MAX_ID)]], Query(max_length=500)]
Place = Annotated[int, Query(ge=0, le=MAX_ID)]


@router.get("/nuevo")
async def new_client_page(request: Request, user: Registrar, services: ServicesDep) -> Response:
    """The form of a new client."""
    known = await _form(services, user, {})
    return await pages.page(request, services, user, "new_client.html", here="Clientes", **known)


@router.post("/nuevo")
async def register(request: Request, user: Registrar, services: ServicesDep) -> Response:
    """Register it, by the staff API's own function."""
    typed = Typed(form=await request.form())
    try:
        made = await create_client(_body(typed), user, services)
    except (Refused, ValidationError) as refused:
        problem = problem_of(request, refused)
        known = await _form(services, user, typed.texts(), problem)
        return pages.fragment(request, user, "new_client.html", "form", status=problem["status"], **known)
    told = notice("completada", "circle-check", "Cliente registrado")
    return pages.answer("", headers={**told, "HX-Redirect": f"/panel/clientes/{made.id}"})


@router.get("/reasignar")
async def ask_owner_of_many(request: Request, user: Chief, services: ServicesDep, n: Chosen = ()) -> Response:
    """To which Trader the chosen clients go."""
    return ask(request, user, await _many_question(services, n))


@router.post("/reasignar")
async def reassign_many(request: Request, user: Chief, services: ServicesDep, n: Chosen = ()) -> Response:
    """Give the chosen clients to a Trader."""
    typed = Typed(form=await request.form())
    try:
        trader = whole(typed.text("trader_id"))
        moved = await reassign_clients(
            ReassignBody(client_ids=list(n), trader_id=trader, reason=typed.text("reason")), user, services
        )
    except (Refused, ValidationError) as refused:
        question = await _many_question(services, n)
        return ask(request, user, question, typed=typed.texts(), problem=problem_of(request, refused))
    return done(f"{moved.moved} con otro trader", go="/panel/clientes")


@router.get("/{client_id}/reasignar")
async def ask_owner(request: Request, client_id: ClientId, user: Chief, services: ServicesDep) -> Response:
    """To which Trader."""
    return ask(request, user, await _owner_question(services, user, client_id))


@router.post("/{client_id}/reasignar")
async def reassign(request: Request, client_id: ClientId, user: Chief, services: ServicesDep) -> Response:
    """Give the client to a Trader."""
    typed = Typed(form=await request.form())
    try:
        trader = whole(typed.text("trader_id"))
        body = ReassignBody(client_ids=[client_id], trader_id=trader, reason=typed.text("reason"))
        await reassign_clients(body, user, services)
    except (Refused, ValidationError) as refused:
        question = await _owner_question(services, user, client_id)
        return ask(request, user, question, typed=typed.texts(), problem=problem_of(request, refused))
    return done("Reasignado")


@router.get("/{client_id}/{act}")
async def ask_act(request: Request, client_id: ClientId, act: ActName, user: Reader, services: ServicesDep) -> Response:
    """The dialog of an act, for who may do it now."""
    order = _known(act, user)
    client = await read_client(client_id, user, services)
    if not order.now(client):
        raise Conflict("NOT_NOW", "Esto ya no corresponde: mira cómo está el cliente ahora.")
    return ask(request, user, order.question(client))


@router.post("/{client_id}/{act}")
async def do_act(
    *, request: Request, client_id: ClientId, act: ActName, user: Reader, services: ServicesDep, n: Place = 0
) -> Response:
    """Do it. A refusal is said where the person typed."""
    order = _known(act, user)
    typed = Typed(form=await request.form())
    client = await read_client(client_id, user, services)
    try:
        await order.run(Call(client=client, user=user, services=services, typed=typed, place=n))
    except (Refused, ValidationError) as refused:
        problem = problem_of(request, refused)
        return ask(request, user, order.question(client), typed=typed.texts(), problem=problem)
    return done(order.done)


def _known(act: str, user: SignedUser) -> ClientAct:
    if act not in ACTS or not user.may(ACTS[act].permission):
        raise Missing("NOT_FOUND", "Tu rol no tiene esta acción.")
    return ACTS[act]


async def _owner_question(services: Services, user: SignedUser, client_id: int) -> Question:
    client = await read_client(client_id, user, services)
    able = [(one, name) for one, name in await traders(services) if one != str(client.trader_id)]
    return Question(
        title=f"Reasignar a {client.name}",
        lead="Pasa a su cartera. Las operaciones ya hechas siguen siendo de quien las atendió.",
        asks=(Ask(name="trader_id", label="Trader", kind="choice", options=able), REASON),
        ok="Reasignar cliente",
    )


async def _many_question(services: Services, chosen: Sequence[int]) -> Question:
    if not chosen:
        raise Invalid("NOBODY_CHOSEN", "Elige a los clientes en la lista, con la casilla de su fila.")
    how_many = "Reasignar 1 cliente" if len(chosen) == 1 else f"Reasignar {len(chosen)} clientes"
    return Question(
        title=how_many,
        lead="Pasan a su cartera. Las operaciones ya hechas siguen siendo de quien las atendió.",
        asks=(Ask(name="trader_id", label="Trader", kind="choice", options=await traders(services)), REASON),
        ok=how_many,
    )


def _body(typed: Typed) -> ClientBody:
    own = set(ClientBody.model_fields) - {"accounts", "trader_id", "accepts_promotions"}
    given = {name: typed.text(name) for name in own if name in typed.form}
    trader = whole(typed.text("trader_id")) or None
    return ClientBody(**given, trader_id=trader, accounts=[_account(typed, currency) for currency in Currency])


def _account(typed: Typed, currency: Currency) -> AccountBody:
    place = currency.value.lower()
    return AccountBody(
        bank=typed.text(f"{place}_bank"),
        account_type=typed.text(f"{place}_type"),
        currency=currency.value,
        number=typed.text(f"{place}_number"),
        region=typed.text(f"{place}_region") or Region.LIMA,
        declared_own=typed.ticked("declared_own"),
    )


async def _form(
    services: Services, user: SignedUser, typed: dict[str, str], problem: dict[str, Any] | None = None
) -> dict[str, Any]:
    return {
        "typed": typed,
        "key": typed.get("clave_unica") or str(uuid4()),
        "problem": problem or {},
        "field": (problem or {}).get("field") or "",
        "kinds": [(kind.value, kind.value) for kind in DocumentType],
        "banks": BANKS,
        "account_types": [(kind.value, kind.value) for kind in AccountType],
        "regions": [(region.value, region.value) for region in Region],
        "traders": await traders(services) if user.role is Role.MASTER else [],
    }
