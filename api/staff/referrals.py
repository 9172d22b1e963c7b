"""The pips of referrals: their ledger, a client's balance, and pips by hand with a reason."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from api.auth import SignedUser, requires
from api.services import ServicesDep
from api.staff.client_actions import ClientId
from api.staff.shapes import MAX_ID, PAGE, Answer, Body, Cursor, Limit, after, example, page
from db import referral_ledger, referrals
from db.client_reads import display_name, get_client
from db.referral_ledger import LedgerLine
from domain.permissions import Permission
from domain.referrals import LedgerKind

router = APIRouter(prefix="/api/staff/referrals", tags=["Referidos"])
Manager = Annotated[SignedUser, requires(Permission.REFERRALS_MANAGE)]


class LedgerView(Answer):
    """One movement of pips: earned above zero, spent below."""

    id: int
    at: datetime
    client_id: int
    client: str
    kind: LedgerKind
    pips: int
    operation_code: str | None
    reward_code: str
    person: str
    reason: str


class LedgerList(Answer):
    """A page of movements."""

    items: list[LedgerView]
    next_cursor: str | None


class BalanceView(Answer):
    """What a client's movements add up to, in pips, and how many came by its code."""

    earned: int
    spent: int
    available: int
    referred: int


class CreditBody(Body):
    """How many pips (below zero takes them back), and why."""

    model_config = example(pips=30, reason="Su referida operó antes de poner el código")
    pips: int = Field(ge=-referral_ledger.MOST_BY_HAND, le=referral_ledger.MOST_BY_HAND)
    reason: str = Field(min_length=5, max_length=300)


@router.get("")
async def read_ledger(
    *,
    _user: Manager,
    services: ServicesDep,
    client_id: Annotated[int | None, Query(ge=1, le=MAX_ID)] = None,
    kind: LedgerKind | None = None,
    cursor: Cursor = None,
    limit: Limit = PAGE,
) -> LedgerList:
    """Movements, newest first."""
    async with services.sessions() as session:
        rows = await referral_ledger.ledger(
            session, client_id=client_id, kind=kind, before=after(cursor), limit=limit + 1
        )
    shown, following = page(rows, limit, lambda line: line.entry.id)
    return LedgerList(items=[_view(line) for line in shown], next_cursor=following)


@router.get("/{client_id}")
async def read_balance(client_id: ClientId, user: Manager, services: ServicesDep) -> BalanceView:
    """A client's balance."""
    async with services.sessions() as session:
        await get_client(session, user.actor, client_id)
        stats = await referrals.stats(session, client_id)
    known = stats.balance
    return BalanceView(earned=known.earned, spent=known.spent, available=known.available, referred=len(stats.referred))


@router.post("/{client_id}/credit")
async def credit(client_id: ClientId, body: CreditBody, user: Manager, services: ServicesDep) -> BalanceView:
    """Give or take back pips by hand. Audited."""
    async with services.sessions.begin() as session:
        await get_client(session, user.actor, client_id)
        await referral_ledger.credit(
            session, client_id, body.pips, actor=user.actor, reason=body.reason, now=datetime.now(UTC)
        )
    return await read_balance(client_id, user, services)


def _view(line: LedgerLine) -> LedgerView:
    entry = line.entry
    return LedgerView(
        id=entry.id,
        at=entry.at,
        client_id=entry.client_id,
        client=display_name(line.client),
        kind=entry.kind,
        pips=entry.pips,
        operation_code=entry.operation_code,
        reward_code=line.reward,
        person=line.person,
        reason=entry.reason,
    )
