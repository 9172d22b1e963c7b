"""What partners' systems may do: register clients and operations, and read those that they registered.

By the partner's own key, never by a person's session. What another channel created does not exist here (404).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from sqlalchemy.ext.asyncio import AsyncSession

from api import onboarding
from api.operations import create_operation
from api.partners import CurrentPartner, SignedPartner
from api.public.accounts import AccountGiven, read_account
from api.public.identity import ClientKey, Document, Json, Text, derived_key, plain
from api.public.objects import STATES, company_account, moment, shown_status
from api.public.operations import read_kind
from api.public.registration import RegistrationForm, read
from api.services import ServicesDep
from db import accounts, client_operations, clients, house_accounts, partners
from db.client_reads import display_name
from db.operation_creation import check_client
from db.tables import Client, ClientAccount, HouseAccount, Operation
from db.treasury import current_rate
from domain import referrals
from domain.accounts import MAX_ACCOUNTS, symbol
from domain.clients import masked
from domain.commands import NewOperation
from domain.errors import Missing
from domain.money import amount
from domain.operations import Origin

router = APIRouter(prefix="/api/platform", tags=["Aliados"])

ORIGIN = Origin.PLATAFORMA
_EXAMPLE = {"tipo_documento": "DNI", "dni": "40000099", "email": "persona@example.com", "telefono": "987654321"}


class PartnerClientBody(RegistrationForm):
    """A client as its own sign-up form would send it, without a password, and its bank accounts."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    **_EXAMPLE,
                    "nombres": "Rosa",
                    "apellido_paterno": "Quispe",
                    "bank_accounts": [
                        {
                            "bank_name": "BCP",
                            "account_number": "19112345678012",
                            "account_type": "Ahorro",
                            "currency": "S/",
                        }
                    ],
                }
            ]
        }
    )
    bank_accounts: list[AccountGiven] = Field(default_factory=list, max_length=MAX_ACCOUNTS)


class PartnerOperationBody(BaseModel):
    """An exchange in dollars; the rate and the soles are the house's. Accounts are named by their numbers."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "dni": "40000099",
                    "tipo": "compra",
                    "monto_dolares": 100,
                    "cuenta_origen": "19112345678112",
                    "cuenta_destino": "19112345678012",
                }
            ]
        }
    )
    dni: Document
    tipo: Text
    monto_dolares: Decimal
    cuenta_origen: Text
    cuenta_destino: Text
    referral_code: Annotated[str, StringConstraints(max_length=20, strip_whitespace=True)] | None = None
    notas: Annotated[str, StringConstraints(max_length=1000)] = ""


@router.get("/health")
async def health(partner: CurrentPartner) -> Json:
    """The key works and the house answers. Reading it needs the database; a command needs the engine as well."""
    return {"success": True, "status": "ok", "partner": partner.name, "at": moment(datetime.now(UTC), "lima")}


@router.get("/exchange-rates")
async def exchange_rates(_partner: CurrentPartner, services: ServicesDep) -> Json:
    """The house's pair in PEN per USD. 404 before the first one is published."""
    async with services.sessions() as session:
        rate = await current_rate(session)
    return {
        "success": True,
        "data": {
            "tipo_compra": float(rate.buy),
            "tipo_venta": float(rate.sell),
            "fecha_actualizacion": moment(rate.at, "lima"),
        },
    }


@router.post(
    "/register-client",
    status_code=201,
    responses={200: {"description": "El aliado ya lo había registrado: se devuelve el mismo"}},
)
async def register_client(
    body: PartnerClientBody, partner: CurrentPartner, services: ServicesDep, response: Response
) -> Json:
    """Register a client with its accounts. It is Inactivo until the house approves its documents (F134, F135).

    It opens its own session by asking for a password with its mail: a partner never has one. The same document again
    is the same client; one that came by another channel is refused (409).
    """
    new = read(body, origin=ORIGIN.value)
    given = [read_account(account) for account in body.bank_accounts]
    now = datetime.now(UTC)
    async with services.sessions.begin() as session:
        await partners.hold(session, partner.id, new.document_number)
        known = await partners.own_client(session, partner.id, new.document_number)
        if known is not None:
            response.status_code = 200
            return {"success": True, "message": "Ya lo habías registrado.", "client": await _client(session, known)}
        client = await clients.register(session, new, password_hash="", now=now, actor=partner.actor)
        await partners.adopt(session, partner.id, client.id)
        for account in given:
            await accounts.add(session, client.id, account, actor=partner.actor, now=now)
        await onboarding.begin(services, client.id)
        told = await _client(session, client)
    return {"success": True, "message": "Registramos al cliente. Falta que envíe sus documentos.", "client": told}


@router.get("/get-client/{dni}")
async def get_client(dni: str, partner: CurrentPartner, services: ServicesDep) -> Json:
    """A client that the partner registered, and the operations that the partner created for it."""
    async with services.sessions() as session:
        client = await _own(session, partner, dni)
        house = await house_accounts.active(session)
        rows = await partners.operations(session, partner.id, client.id)
        told = await _client(session, client)
    return {"success": True, "client": told, "operations": [_operation(row, house) for row in rows]}


@router.post("/register-operation", status_code=201)
async def register_operation(
    body: PartnerOperationBody, partner: CurrentPartner, services: ServicesDep, key: ClientKey = None
) -> Json:
    """Create an operation for a client that the partner registered, at the house's rate of now.

    It expires as the client's own would, and one may be open at a time. Without an Idempotency-Key, the same request
    is the same operation until that one is over.
    """
    kind, usd = read_kind(body.tipo, "tipo"), amount(body.monto_dolares, field="monto_dolares")
    async with services.sessions() as session:
        client = await _own(session, partner, body.dni)
        check_client(client, partner.actor)
        mine = await accounts.live(session, client.id)
        times = await client_operations.ended(session, client.id)
    request = NewOperation(
        actor=partner.actor,
        client_id=client.id,
        kind=kind,
        origin=ORIGIN,
        amount_usd=usd,
        source_account_id=accounts.by_number(mine, body.cuenta_origen, kind.client_pays, field="cuenta_origen").id,
        destination_account_id=accounts.by_number(
            mine, body.cuenta_destino, kind.client_receives, field="cuenta_destino"
        ).id,
        coupon=referrals.code(body.referral_code, field="referral_code") if body.referral_code else "",
        comments=body.notas,
    )
    answer = await create_operation(services, request, key=key or derived_key(request, times))
    async with services.sessions() as session:
        made = await client_operations.by_code(session, answer.code)
        told = _operation(made.row, await house_accounts.active(session))
    return {"success": True, "message": "Creamos la operación. Falta que el cliente transfiera.", "operation": told}


async def _own(session: AsyncSession, partner: SignedPartner, document: str) -> Client:
    client = await partners.own_client(session, partner.id, plain(document))
    if client is None:
        raise Missing("CLIENT_NOT_FOUND", "No encontramos a ese cliente entre los tuyos.", field="dni")
    return client


async def _client(session: AsyncSession, client: Client) -> Json:
    """What its partner may know: how far it is, and its accounts by their last digits."""
    return {
        "id": client.id,
        "dni": client.document_number,
        "document_type": client.document_type.value,
        "full_name": display_name(client),
        "status": shown_status(client).value,
        "kyc_status": client.kyc_status.value,
        "has_complete_documents": client.has_complete_documents,
        "bank_accounts": [_account(account) for account in await accounts.live(session, client.id)],
    }


def _account(account: ClientAccount) -> Json:
    return {
        "bank_name": account.bank_label or account.bank.value,
        "account_number": masked(account.number),
        "currency": symbol(account.currency),
    }


def _operation(row: Operation, house: Sequence[HouseAccount]) -> Json:
    """An operation without what its client did with it: proofs, abonos and comprobantes are the client's."""
    target = house_accounts.to_pay_into(house, row.source_bank, row.kind.client_pays)
    return {
        "id": row.id,
        "operation_id": row.code,
        "tipo": row.kind.value.lower(),
        "estado": STATES[row.state],
        "monto_dolares": float(row.amount_usd),
        "monto_soles": float(row.amount_pen),
        "tipo_cambio": float(row.rate),
        "fecha_creacion": moment(row.created_at, "lima"),
        "fecha_actualizacion": moment(row.updated_at, "lima"),
        "expires_at": moment(row.expires_at, "lima") if row.expires_at else None,
        "cuenta_empresa": company_account(target, row.source_bank) if target else None,
    }
