"""A client's exchanges: created, listed and read (contract #19 to #23, M9 to M11).

The server fixes the rate and computes the PEN amount; what the pages computed for themselves is not read.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field, StringConstraints
from sqlalchemy.ext.asyncio import AsyncSession

from api.auth import CurrentClient, SignedClient
from api.operations import create_operation
from api.public.identity import ClientKey, Document, Json, Text, Whose, check_own, derived_key
from api.public.objects import Dates, operation_object
from api.services import Services, ServicesDep
from db import accounts, client_operations, clients, house_accounts
from db.client_operations import ClientOperation
from db.operation_creation import check_client
from db.tables import ClientAccount
from db.treasury import current_rate
from domain import referrals
from domain.commands import NewOperation
from domain.errors import Invalid, Refused
from domain.money import CENT, amount, round_half_up
from domain.operations import Kind, Origin

router = APIRouter(tags=["Contrato: operaciones"])

_KINDS = {kind.value.casefold(): kind for kind in Kind}
# How each client calls what the rules name, so that its form can point at the field at fault.
_WEB_FIELDS = {
    "source_account_id": "banco_cuenta_id",
    "destination_account_id": "banco_cuenta_id",
    "coupon": "referral_code",
    "amount_usd": "monto_dolares",
}
_MOBILE_FIELDS = {"source_account_id": "source_account", "destination_account_id": "destination_account"}
Code = Annotated[str, StringConstraints(max_length=20, strip_whitespace=True)]


class WebOperation(Whose):
    """What the web asks for. `banco_cuenta_id` is the place of the destination in the client's list, from 0."""

    tipo: Text = Field(examples=["compra"])
    monto_dolares: Decimal = Field(examples=[31])
    banco_cuenta_id: int = Field(examples=[1])
    referral_code: Code | None = None


class MobileOperation(BaseModel):
    """What the mobile asks for. Its `exchange_rate` is not read; `amount_usd` is PEN in a Venta (see below)."""

    client_dni: Document | None = None
    operation_type: Text = Field(examples=["Compra"])
    amount_usd: Decimal = Field(examples=[100])
    source_account: Text = ""
    destination_account: Text
    notes: Annotated[str, StringConstraints(max_length=1000)] | None = None


class Chosen(Whose):
    """One operation, by its number."""

    operation_id: int


@router.post("/api/web/my-operations")
async def my_operations(client: CurrentClient, services: ServicesDep, body: Whose | None = None) -> Json:
    """The client's newest 50 operations, newest first."""
    check_own(client, body.dni if body else None)
    return {"success": True, "data": await _recent(services, client, services.settings.client_dates)}


@router.get("/api/client/my-operations/{dni}")
async def my_operations_for_mobile(dni: str, client: CurrentClient, services: ServicesDep) -> Json:
    """The same list, for the mobile."""
    check_own(client, dni)
    return {"success": True, "operations": await _recent(services, client, "lima")}


@router.post("/api/web/get-operation")
async def get_operation(body: Chosen, client: CurrentClient, services: ServicesDep) -> Json:
    """One operation of the client; 404 for anybody else's."""
    check_own(client, body.dni)
    return {"success": True, "data": await _one(services, client, body.operation_id, services.settings.client_dates)}


@router.get("/api/operations/{operation_id}")
async def get_operation_of_january(operation_id: int, client: CurrentClient, services: ServicesDep) -> Json:
    """The same, at the path that the web of January 2026 asks."""
    return {"success": True, "data": await _one(services, client, operation_id, services.settings.client_dates)}


@router.get("/api/client/operation/{operation_id}")
async def get_operation_for_mobile(operation_id: int, client: CurrentClient, services: ServicesDep) -> Json:
    """The same, for the mobile."""
    return {"success": True, "operation": await _one(services, client, operation_id, "lima")}


@router.post("/api/web/stats")
async def stats(client: CurrentClient, services: ServicesDep, body: Whose | None = None) -> Json:
    """The dashboard's tiles. A cancelled, expired or open operation adds to no total (F063)."""
    check_own(client, body.dni if body else None)
    async with services.sessions() as session:
        totals = await client_operations.totals(session, client.id)
    return {
        "success": True,
        "data": {
            "total_operations": totals.completed,
            "completed_operations": totals.completed,
            "pending_operations": totals.open,
            "total_soles": float(totals.pen),
            "total_dolares": float(totals.usd),
        },
    }


@router.post("/api/web/create-operation", status_code=201)
async def create_from_web(
    body: WebOperation, client: CurrentClient, services: ServicesDep, key: ClientKey = None
) -> Json:
    """Create an operation of `monto_dolares` at the house's rate; the soles are the server's.

    Without an Idempotency-Key, five clicks give one operation (F001), and the same request after its end a new one.
    """
    check_own(client, body.dni)
    kind = read_kind(body.tipo, "tipo")
    usd = amount(body.monto_dolares, field="monto_dolares")
    coupon = referrals.code(body.referral_code, field="referral_code") if body.referral_code else ""
    async with services.sessions() as session:
        mine = await _accounts_of(session, client)
    destination = accounts.at(mine, body.banco_cuenta_id, field="banco_cuenta_id")
    source = accounts.source_for(mine, destination, kind.client_pays, field="banco_cuenta_id")
    request = NewOperation(
        actor=client.actor,
        client_id=client.id,
        kind=kind,
        origin=Origin.WEB,
        amount_usd=usd,
        source_account_id=source.id,
        destination_account_id=destination.id,
        coupon=coupon,
    )
    made = await _create(services, client, request, key, dates=services.settings.client_dates, fields=_WEB_FIELDS)
    return {"success": True, "message": "Creamos tu operación. Transfiere antes de que venza.", "data": made}


@router.post("/api/client/create-operation", status_code=201)
async def create_from_mobile(
    body: MobileOperation, client: CurrentClient, services: ServicesDep, key: ClientKey = None
) -> Json:
    """Create an operation from the mobile.

    In a Venta both mobile versions label the typed amount in soles and send it unchanged as `amount_usd` (contract
    0.8). Only they call this path, so here a Venta's `amount_usd` is the soles that the client pays: S/ 1,000 must not
    become US$ 1,000. The dollars are those soles at the house's sell rate, to the cent, and PEN follows from them.
    """
    check_own(client, body.client_dni)
    kind = read_kind(body.operation_type, "operation_type")
    typed = amount(body.amount_usd, field="amount_usd")
    async with services.sessions() as session:
        mine = await _accounts_of(session, client)
        usd = typed if kind is Kind.COMPRA else round_half_up(typed / (await current_rate(session)).sell, CENT)
    destination = accounts.by_number(mine, body.destination_account, kind.client_receives, field="destination_account")
    request = NewOperation(
        actor=client.actor,
        client_id=client.id,
        kind=kind,
        origin=Origin.APP,
        amount_usd=amount(usd, field="amount_usd"),
        source_account_id=_source(mine, body.source_account, destination, kind).id,
        destination_account_id=destination.id,
        comments=body.notes or "",
    )
    made = await _create(services, client, request, key, dates="lima", fields=_MOBILE_FIELDS)
    return {"success": True, "message": "Creamos tu operación. Transfiere antes de que venza.", **made}


async def _create(
    services: Services,
    client: SignedClient,
    request: NewOperation,
    key: str | None,
    *,
    dates: Dates,
    fields: Mapping[str, str],
) -> Json:
    if key is None:
        async with services.sessions() as session:
            key = derived_key(request, await client_operations.ended(session, client.id))
    try:
        answer = await create_operation(services, request, key=key)
    except Refused as refusal:
        refusal.field = fields.get(refusal.field or "", refusal.field)
        raise
    async with services.sessions() as session:
        made = await client_operations.by_code(session, answer.code)
        return {"operation": await shown(services, session, made, dates)}


async def _accounts_of(session: AsyncSession, client: SignedClient) -> list[ClientAccount]:
    """The client's accounts, once it may operate: a client in review hears that, not that an account is missing."""
    check_client(await clients.live(session, client.id), client.actor)
    return list(await accounts.live(session, client.id))


def _source(mine: list[ClientAccount], number: str, destination: ClientAccount, kind: Kind) -> ClientAccount:
    if number:
        return accounts.by_number(mine, number, kind.client_pays, field="source_account")
    return accounts.source_for(mine, destination, kind.client_pays, field="source_account")


def read_kind(text: str, field: str) -> Kind:
    """A kind in any case. Raises Invalid."""
    found = _KINDS.get(text.casefold())
    if found is None:
        raise Invalid("KIND_UNKNOWN", "Elige si es una compra o una venta.", field=field)
    return found


async def shown(services: Services, session: AsyncSession, operation: ClientOperation, dates: Dates) -> Json:
    """One operation as the clients read it."""
    return operation_object(services, operation, await house_accounts.active(session), dates=dates)


async def _recent(services: Services, client: SignedClient, dates: Dates) -> list[Json]:
    async with services.sessions() as session:
        house = await house_accounts.active(session)
        found = await client_operations.recent(session, client.id)
    return [operation_object(services, operation, house, dates=dates) for operation in found]


async def _one(services: Services, client: SignedClient, operation_id: int, dates: Dates) -> Json:
    async with services.sessions() as session:
        return await shown(services, session, await client_operations.owned(session, client.id, operation_id), dates)
