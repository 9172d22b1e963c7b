"""My code, who used it and how far they went, my pips, and turning pips into a coupon."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.auth import CurrentClient
from api.portal import pages
from api.portal.errors import PortalRoute, go
from api.portal.words import discreet, short_day
from api.public.referrals import generate_reward_code
from api.services import ServicesDep
from db import clients, parameters, referrals
from db.client_reads import display_name
from db.referrals import Referred
from db.tables import ReferralEntry
from domain.calendar import business_day
from domain.clients import ClientStatus
from domain.money import pips
from domain.operations import OPEN, State
from domain.referrals import LedgerKind

router = APIRouter(route_class=PortalRoute)

MOVEMENTS = 30


@dataclass(frozen=True, kw_only=True)
class Friend:
    """Somebody who came by the code: a first name and an initial, and how many of the four steps."""

    name: str
    reached: int
    said: str


@router.get("/referidos")
async def my_referrals(request: Request, client: CurrentClient, services: ServicesDep) -> Response:
    """Of other people only a first name and where they stand, never a document or an amount."""
    today = business_day(datetime.now(UTC))
    async with services.sessions() as session:
        row = await clients.live(session, client.id)
        found = await referrals.stats(session, client.id)
        ledger = await referrals.ledger(session, client.id, limit=MOVEMENTS)
        known: dict[str, Any] = {
            "code": row.referral_code,
            "link": f"{services.settings.public_url.rstrip('/')}/registro?codigo={row.referral_code}",
            "friends": [friend(one) for one in found.referred],
            "available": found.balance.available,
            "movements": _movements(ledger, found.balance.available),
            "rewards": await referrals.rewards(session, client.id),
            "cost": int(await parameters.value(session, "reward_code_pips", today)),
            "worth": pips(int(await parameters.value(session, "reward_code_benefit_pips", today))),
            "gain": int(await parameters.value(session, "referral_pips", today)),
        }
    return await pages.page(request, services, client, "referrals.html", active="referidos", **known)


@router.post("/referidos/cupon")
async def redeem(client: CurrentClient, services: ServicesDep) -> Response:
    """Turn pips into a coupon for somebody else."""
    await generate_reward_code(client, services)
    return go("/referidos#cupones")


def friend(person: Referred) -> Friend:
    """How far somebody went: registered, verified, created one, completed one."""
    name, newest = discreet(display_name(person.client)), person.newest
    if newest is not None and (newest.state is State.COMPLETADA or person.client.completed_operations):
        return Friend(name=name, reached=4, said="Ya completó una operación")
    if newest is not None and newest.state in OPEN:
        return Friend(name=name, reached=3, said="Tiene una operación en curso")
    if person.client.status is ClientStatus.ACTIVO:
        return Friend(name=name, reached=2, said="Identidad verificada")
    return Friend(name=name, reached=1, said=f"Se registró {short_day(person.client.created_at)}")


def _movements(ledger: Any, balance: int) -> list[tuple[str, datetime, int, int]]:
    """What, when, how many, and what was left: newest first, back from the present balance."""
    told = []
    for entry, code in ledger:
        told.append((_said(entry, code), entry.at, entry.pips, balance))
        balance -= entry.pips
    return told


def _said(entry: ReferralEntry, code: str) -> str:
    if entry.kind is LedgerKind.REDEMPTION:
        return f"Cupón {code}"
    return "Un referido completó una operación" if entry.kind is LedgerKind.OPERATION_BENEFIT else "Ajuste"
