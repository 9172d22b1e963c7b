"""Codes that improve the rate, and the pips that bring them (contract #28 to #30)."""

from __future__ import annotations

from datetime import UTC, datetime

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.requests import Request

from api.auth import CurrentClient, SignedClient, identity, public
from api.public.identity import Document, Json, Text, check_own
from api.public.objects import STATES, moment, shown_status
from api.services import Services, ServicesDep
from db import clients, referrals
from db.client_reads import display_name
from db.referrals import Referred
from domain import referrals as rules
from domain.clients import masked
from domain.errors import Refused
from domain.money import pips

router = APIRouter(tags=["Contrato: referidos"])


class CodeTyped(BaseModel):
    """A code as it was typed. The public calculator sends no `client_dni`."""

    code: Text = Field(examples=["QHRX7K"])
    client_dni: Document | None = None


class Redemption(BaseModel):
    """Whose pips."""

    client_dni: Document | None = None


@router.post("/api/referrals/validate", dependencies=[public("la calculadora de la página de inicio prueba códigos")])
async def validate(body: CodeTyped, request: Request, services: ServicesDep) -> Json:
    """Whether a code would improve the rate, by the same rule that creating the operation applies.

    A code that would not is an answer, not an error: 200 with `is_valid` false and why.
    """
    signed = await identity(request)
    client = signed if isinstance(signed, SignedClient) else None
    if client is not None:
        check_own(client, body.client_dni)
    now = datetime.now(UTC)
    try:
        async with services.sessions() as session:
            code = rules.code(body.code)
            worth = await referrals.benefit(session, code, client_id=client.id if client else None, now=now)
    except Refused as refusal:
        return {"success": True, "is_valid": False, "message": refusal.message}
    words = f"Código válido: mejora tu tipo de cambio en {pips(worth)}."
    return {"success": True, "is_valid": True, "message": words, "benefit_pips": worth, "discount": float(pips(worth))}


@router.get("/api/referrals/stats/{dni}")
async def stats(dni: str, client: CurrentClient, services: ServicesDep) -> Json:
    """The client's own referrals. Of other people it shows a first name and a masked document, never more."""
    check_own(client, dni)
    async with services.sessions() as session:
        mine = await clients.live(session, client.id)
        found = await referrals.stats(session, client.id)
    return {
        "success": True,
        "referral_code": mine.referral_code,
        "total_referred_clients": len(found.referred),
        "total_completed_operations": found.completed,
        "total_pips_earned": found.balance.earned,
        "pips_available": found.balance.available,
        "completed_uses": found.benefits,
        "referred_clients": [_referred(services, person) for person in found.referred],
    }


@router.post("/api/referrals/generate-reward-code")
async def generate_reward_code(client: CurrentClient, services: ServicesDep, body: Redemption | None = None) -> Json:
    """Turn pips into a code that any other client may use once. Refused when there are too few."""
    check_own(client, body.client_dni if body else None)
    async with services.sessions.begin() as session:
        reward = await referrals.redeem(session, client.id, datetime.now(UTC))
        left = (await referrals.balance(session, client.id)).available
    return {
        "success": True,
        "message": "Creamos tu código. Compártelo: vale para una operación de otra persona.",
        "reward_code": {"code": reward.code, "pips": reward.pips, "discount": float(pips(reward.pips))},
        "pips_available": left,
    }


def _referred(services: Services, person: Referred) -> Json:
    dates = services.settings.client_dates
    newest = person.newest
    return {
        "name": _discreet(display_name(person.client)),
        "dni": masked(person.client.document_number),
        "document_type": person.client.document_type.value,
        "created_at": moment(person.client.created_at, dates),
        "status": shown_status(person.client).value,
        "operation_status": STATES[newest.state] if newest else None,
        "operation_date": moment(newest.created_at, dates) if newest else None,
    }


def _discreet(name: str) -> str:
    """`MARÍA Q.`: enough for a friend to know who it is."""
    first, *others = name.split() or [""]
    return f"{first} {others[0][0]}." if others else first
