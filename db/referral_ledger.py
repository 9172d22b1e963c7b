"""The ledger of pips as the house reads it, and the one movement that a person makes by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db import audit, clients
from db.referrals import balance
from db.tables import Client, ReferralEntry, RewardCode, User
from domain.errors import Conflict, Invalid
from domain.operations import Actor, FieldChange
from domain.referrals import Balance, LedgerKind

MOST_BY_HAND = 1000


@dataclass(frozen=True, kw_only=True)
class LedgerLine:
    """One movement, of whom, by whom of the house (empty when by itself), and the code that it bought."""

    entry: ReferralEntry
    client: Client
    person: str
    reward: str


async def ledger(
    session: AsyncSession, *, client_id: int | None, kind: LedgerKind | None, before: int | None, limit: int
) -> Sequence[LedgerLine]:
    """Movements, newest first; `before` is the id to go on from."""
    query = (
        select(ReferralEntry, Client, User.full_name, RewardCode.code)
        .join(Client, Client.id == ReferralEntry.client_id)
        .outerjoin(User, User.id == ReferralEntry.user_id)
        .outerjoin(RewardCode, RewardCode.id == ReferralEntry.reward_code_id)
    )
    if client_id is not None:
        query = query.where(ReferralEntry.client_id == client_id)
    if kind is not None:
        query = query.where(ReferralEntry.kind == kind)
    if before is not None:
        query = query.where(ReferralEntry.id < before)
    found = await session.execute(query.order_by(ReferralEntry.id.desc()).limit(limit))
    return [
        LedgerLine(entry=entry, client=client, person=name or "", reward=code or "")
        for entry, client, name, code in found
    ]


async def credit(
    session: AsyncSession, client_id: int, pips: int, *, actor: Actor, reason: str, now: datetime
) -> Balance:
    """Give pips to a client, or with a negative figure take back what it has. Raises Invalid or Conflict.

    The client's row is held, so that what is taken back was not spent in the same instant.
    """
    if pips == 0 or abs(pips) > MOST_BY_HAND:
        raise Invalid("PIPS_RANGE", f"Escribe de 1 a {MOST_BY_HAND} pips; con menos delante, los quita.", field="pips")
    await clients.lock(session, client_id)
    before = await balance(session, client_id)
    if before.available + pips < 0:
        raise Conflict("PIPS_SPENT", f"Solo tiene {before.available} pips disponibles.", field="pips")
    session.add(
        ReferralEntry(
            client_id=client_id, kind=LedgerKind.MANUAL, pips=pips, user_id=actor.id, reason=reason.strip(), at=now
        )
    )
    await session.flush()
    after = await balance(session, client_id)
    change = FieldChange(field="pips", before=str(before.available), after=str(after.available))
    audit.record(
        session,
        actor=actor,
        action="referrals.credit",
        entity="client",
        entity_id=client_id,
        changes=[change],
        reason=reason,
    )
    return after
