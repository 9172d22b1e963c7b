"""The money effects of a completed operation, posted once each by key and all in one transaction.

Pips, coupon and counters first, the books last: the entry's number is taken under a lock that all postings share.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from db import parameters, postings
from db.session import HELD
from db.tables import Client, Operation, ReferralEntry, RewardCode, Settlement
from domain.calendar import business_day
from domain.errors import Conflict
from domain.operations import State
from domain.referrals import LedgerKind


async def settle(session: AsyncSession, code: str, *, at: datetime) -> int:
    """Consume the coupon, link and credit the referrer, count the operation, post it; answers whose it is.

    Running it again changes nothing.

    Raises Conflict when the operation is not Completada, or when its month is closed.
    """
    operation = await session.scalar(select(Operation).where(Operation.code == code))
    if operation is None or operation.state is not State.COMPLETADA:
        raise Conflict("NOT_COMPLETED", f"{code} no está Completada; no se liquida.")
    client = await session.get_one(Client, operation.client_id, with_for_update=HELD)
    if operation.coupon and await _first_time(session, code, "cupon", {"coupon_pips": operation.coupon_pips}):
        await _consume_coupon(session, operation, client, at)
    if client.referred_by is not None:
        pips = int(await parameters.value(session, "referral_pips", business_day(at)))
        if await _first_time(session, code, "pips", {"client_id": client.referred_by, "pips": pips}):
            entry = ReferralEntry(
                client_id=client.referred_by, kind=LedgerKind.OPERATION_BENEFIT, pips=pips, operation_code=code, at=at
            )
            session.add(entry)
    if await _first_time(session, code, "contadores", {"client_id": client.id}):
        client.completed_operations += 1
    await postings.post_operation(session, operation, at=at)
    return client.id


async def _first_time(session: AsyncSession, code: str, kind: str, detail: dict[str, Any]) -> bool:
    """Whether this kind of effect is posted now; False when it already was (F125)."""
    values = {"operation_code": code, "kind": kind, "detail": detail}
    return await session.scalar(_POSTED, values) is not None


# Composed once: every completed operation asks it, and composing a statement costs as much as carrying it out.
_POSTED = insert(Settlement.__table__).on_conflict_do_nothing().returning(Settlement.__table__.c.kind)  # type: ignore[arg-type] # a Table


async def _consume_coupon(session: AsyncSession, operation: Operation, client: Client, at: datetime) -> None:
    """A reward code is spent; a referral code makes its owner this client's referrer, once for life (F120)."""
    spent = await session.scalar(
        update(RewardCode)
        .where(RewardCode.code == operation.coupon, RewardCode.reserved_for == operation.code)
        .values(used_at=at)
        .returning(RewardCode.id)
    )
    if spent is not None or client.used_referral_code is not None:
        return
    owner = await session.scalar(select(Client.id).where(Client.referral_code == operation.coupon))
    if owner is not None and owner != client.id:
        client.used_referral_code = operation.coupon
        client.referred_by = owner
