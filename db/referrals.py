"""Referral codes and the pips that they earn, read from the ledger: a balance is the sum of its entries (F125)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from db import audit, clients, parameters
from db.reversals import undone
from db.tables import Client, Operation, ReferralEntry, RewardCode
from domain import referrals as rules
from domain.calendar import business_day
from domain.errors import Conflict, Invalid
from domain.operations import Actor, ActorKind, State


@dataclass(frozen=True, kw_only=True)
class Referred:
    """A client who came by this client's code, with its newest operation if it has any."""

    client: Client
    newest: Operation | None


@dataclass(frozen=True, kw_only=True)
class Stats:
    """What the referral page shows. `completed` counts the referred clients' completed operations."""

    balance: rules.Balance
    benefits: int
    completed: int
    referred: Sequence[Referred]


async def stats(session: AsyncSession, client_id: int) -> Stats:
    """A client's own referrals."""
    came = select(Client).where(Client.referred_by == client_id).order_by(Client.created_at.desc(), Client.id.desc())
    people = (await session.scalars(came)).all()
    newest = await _newest_operations(session, [person.id for person in people])
    done = select(func.count()).where(
        Operation.client_id.in_([person.id for person in people]), Operation.state == State.COMPLETADA, ~undone()
    )
    granted = select(func.count()).where(
        ReferralEntry.client_id == client_id, ReferralEntry.kind == rules.LedgerKind.OPERATION_BENEFIT
    )
    return Stats(
        balance=await balance(session, client_id),
        benefits=await session.scalar(granted) or 0,
        completed=await session.scalar(done) or 0,
        referred=[Referred(client=person, newest=newest.get(person.id)) for person in people],
    )


async def balance(session: AsyncSession, client_id: int) -> rules.Balance:
    """What the client's entries add up to, in pips."""
    # Earned and spent apart, added up where they are: a busy referrer has thousands.
    sums = select(ReferralEntry.kind, func.sum(ReferralEntry.pips)).where(ReferralEntry.client_id == client_id)
    rows = await session.execute(sums.group_by(ReferralEntry.kind, ReferralEntry.pips > 0))
    return rules.balance(rules.Entry(kind=kind, pips=int(pips)) for kind, pips in rows)


async def ledger(session: AsyncSession, client_id: int, *, limit: int) -> Sequence[tuple[ReferralEntry, str]]:
    """The newest movements of a client's pips, each with the reward code that it bought, if it did."""
    wanted = select(ReferralEntry, RewardCode.code).outerjoin(RewardCode, RewardCode.id == ReferralEntry.reward_code_id)
    newest = wanted.where(ReferralEntry.client_id == client_id).order_by(ReferralEntry.id.desc()).limit(limit)
    return [(entry, code or "") for entry, code in (await session.execute(newest)).all()]


async def rewards(session: AsyncSession, client_id: int) -> Sequence[RewardCode]:
    """The reward codes that a client has made, newest first."""
    mine = select(RewardCode).where(RewardCode.owner_id == client_id).order_by(RewardCode.id.desc())
    return (await session.scalars(mine)).all()


async def redeem(session: AsyncSession, client_id: int, now: datetime) -> RewardCode:
    """Spend pips on a reward code. Raises Conflict when there are too few.

    The client's row is held while the ledger is added up, so that two redemptions never spend the same pips.
    """
    await clients.lock(session, client_id)
    today = business_day(now)
    cost = int(await parameters.value(session, "reward_code_pips", today))
    worth = int(await parameters.value(session, "reward_code_benefit_pips", today))
    spent = rules.redeem(available=(await balance(session, client_id)).available, cost=cost)
    reward = RewardCode(code=await clients.free_code(session), owner_id=client_id, pips=worth)
    session.add(reward)
    await session.flush()
    session.add(ReferralEntry(client_id=client_id, kind=spent.kind, pips=spent.pips, reward_code_id=reward.id, at=now))
    themselves = Actor(kind=ActorKind.CLIENT, id=client_id)
    audit.record(session, actor=themselves, action="referrals.redeem", entity="reward_code", entity_id=reward.id)
    return reward


async def benefit(session: AsyncSession, code: str, *, client_id: int | None, now: datetime, held_by: str = "") -> int:
    """Pips by which `code` improves the rate of a new operation of this client, or of anybody's when None.

    A reward code of another client, or a first referral code. `held_by` is the operation that may already hold the
    reward. The calculator and the creation of an operation ask here alike. Raises Invalid or Conflict, with the reason.
    """
    reward = await session.scalar(select(RewardCode).where(RewardCode.code == code))
    if reward is not None:
        return _of_reward(reward, client_id, held_by)
    owner = await session.scalar(select(Client).where(Client.referral_code == code, Client.closed_at.is_(None)))
    if owner is None:
        raise Invalid("COUPON_UNKNOWN", "Ese código no existe. Revísalo o continúa sin código.", field="coupon")
    if client_id is not None:
        await _check_first_referral(session, owner, client_id)
    return int(await parameters.value(session, "reward_code_benefit_pips", business_day(now)))


def _of_reward(reward: RewardCode, client_id: int | None, held_by: str) -> int:
    if reward.owner_id == client_id:
        raise Invalid("COUPON_OWN", "Este cupón es para regalar; no puedes usarlo tú.", field="coupon")
    if reward.used_at is not None or reward.reserved_for not in {None, held_by}:
        raise Conflict("COUPON_USED", "Este cupón ya se usó. Cada cupón vale para una sola operación.", field="coupon")
    return reward.pips


async def _check_first_referral(session: AsyncSession, owner: Client, client_id: int) -> None:
    if owner.id == client_id:
        raise Invalid("COUPON_OWN", "No puedes usar tu propio código.", field="coupon")
    client = await clients.live(session, client_id)
    if client.used_referral_code is not None:
        raise Conflict("REFERRAL_USED", "Ya usaste un código de referido. Puedes usar un cupón.", field="coupon")


async def _newest_operations(session: AsyncSession, client_ids: Sequence[int]) -> dict[int, Operation]:
    newest = (
        select(Operation)
        .where(Operation.client_id.in_(client_ids))
        .ext(distinct_on(Operation.client_id))
        .order_by(Operation.client_id, Operation.id.desc())
    )
    return {row.client_id: row for row in (await session.scalars(newest)).all()}
