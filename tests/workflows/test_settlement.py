"""The money effects of an ended operation: posted once each, however often they are run."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import select
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.settlement import SettlementActivities
from db.tables import Client, Deposit, ReferralEntry, Refund, RewardCode
from domain import commands as c
from domain.errors import Conflict
from domain.operations import Effect, Kind, Origin
from tests.people import add_client
from tests.workflows.conftest import People
from tests.workflows.house import PROOF, House, Said, client_of
from workflows import messages as m


async def test_settling_five_times_credits_thirty_pips_once(house: House, people: People) -> None:
    """F125: a balance is the sum of its entries, and the entry is there once; so is the counter."""
    async with house.sessions.begin() as session:
        client = await add_client(session, "42000031", referred_by=people.other_client.id)
    handle = await house.ready(client, people.operator)
    await house.do(handle, c.Complete(actor=people.operator))
    await house.ended(handle)
    settle = SettlementActivities(house.sessions).settle
    for _ in range(4):
        await ActivityEnvironment().run(settle, m.EffectOrder(code=handle.id, effect=Effect.SETTLEMENT))
    entries = await house.rows(ReferralEntry, handle)
    assert [(entry.client_id, entry.pips) for entry in entries] == [(people.other_client.id, 30)]
    async with house.sessions() as session:
        assert (await session.get_one(Client, client.id)).completed_operations == 1


async def test_what_is_not_completada_is_not_settled(house: House, people: People) -> None:
    handle = await house.create(people.client)
    settle = SettlementActivities(house.sessions).settle
    with pytest.raises(ApplicationError) as refused:
        await ActivityEnvironment().run(settle, m.EffectOrder(code=handle.id, effect=Effect.SETTLEMENT))
    assert (refused.value.type, refused.value.non_retryable) == ("NOT_COMPLETED", True)


async def test_a_coupon_is_reserved_against_a_second_operation_and_consumed_at_completion(
    house: House, people: People
) -> None:
    """F126: it improves the rate of one operation, once."""
    await add_reward(house, people)
    handle = await house.create(people.client, coupon="REGALO")
    row = await house.row(handle)
    assert (row.rate - row.base_rate, row.coupon_pips) == (Decimal("0.0030"), 30)
    async with house.sessions.begin() as session:
        third = await add_client(session, "42000033")
    with pytest.raises(Conflict, match="ya se usó"):
        await house.quoted(third, coupon="REGALO")
    await house.do(handle, c.SubmitProof(actor=client_of(people.client), files=(PROOF,)))
    await house.do(handle, c.AttachProof(actor=people.operator, files=(PROOF,)))
    await house.do(handle, c.Complete(actor=people.operator))
    await house.ended(handle)
    used = await reward(house)
    assert (used.reserved_for, used.used_at is None) == (handle.id, False)


async def test_two_operations_that_want_one_coupon_in_the_same_instant_share_it_not(
    house: House, people: People
) -> None:
    await add_reward(house, people)
    async with house.sessions.begin() as session:
        third = await add_client(session, "42000033")
    starts = [await house.quoted(client, coupon="REGALO") for client in (people.client, third)]
    await house.start(starts[0])
    with pytest.raises(Said) as said:
        await house.start(starts[1])
    assert said.value.code == "COUPON_USED"


async def test_a_cancelled_operation_gives_its_coupon_back(house: House, people: People) -> None:
    """F126."""
    await add_reward(house, people)
    handle = await house.create(people.client, coupon="REGALO")
    await house.do(handle, c.Cancel(actor=client_of(people.client), reason="ya no"))
    await house.ended(handle)
    free = await reward(house)
    assert (free.reserved_for, free.used_at) == (None, None)


async def test_a_referral_code_links_its_owner_at_completion_once_for_life(house: House, people: People) -> None:
    """F120: not at creation, and a second code changes nothing."""
    handle = await house.create(people.client, coupon="R00002", origin=Origin.SISTEMA, actor=people.trader)
    other = await house.create(people.client, coupon="R00002", origin=Origin.SISTEMA, actor=people.trader)
    async with house.sessions() as session:
        assert (await session.get_one(Client, people.client.id)).referred_by is None
    for one in (handle, other):
        await house.do(one, c.SubmitProof(actor=people.trader, files=(PROOF,)))
        await house.do(one, c.AttachProof(actor=people.master, files=(PROOF,)))
        await house.do(one, c.Complete(actor=people.master))
        await house.ended(one)
    async with house.sessions() as session:
        client = await session.get_one(Client, people.client.id)
        earned = (await session.scalars(select(ReferralEntry.client_id))).all()
    assert (client.referred_by, client.used_referral_code) == (people.other_client.id, "R00002")
    assert list(earned) == [people.other_client.id] * 2
    assert client.completed_operations == 2


@pytest.mark.parametrize("kind", Kind)
async def test_cancelling_with_abonos_opens_one_refund_of_what_came_in(
    house: House, people: People, kind: Kind
) -> None:
    handle = await house.processed(people.client, kind=kind)
    answer = await house.do(handle, c.Cancel(actor=people.master, reason="el abono es de un tercero"), key="one")
    assert (
        await house.do(handle, c.Cancel(actor=people.master, reason="el abono es de un tercero"), key="one") == answer
    )
    await house.ended(handle)
    refunds = await house.rows(Refund, handle)
    paid = await house.rows(Deposit, handle)
    assert [(refund.currency, refund.amount) for refund in refunds] == [(kind.client_pays.value, paid[0].amount)]


async def test_cancelling_without_abonos_opens_none(house: House, people: People) -> None:
    handle = await house.create(people.client)
    await house.do(handle, c.Cancel(actor=people.trader, reason="ya no"))
    await house.ended(handle)
    assert not await house.rows(Refund, handle)


async def add_reward(house: House, people: People) -> None:
    async with house.sessions.begin() as session:
        session.add(RewardCode(code="REGALO", owner_id=people.other_client.id, pips=30))


async def reward(house: House) -> RewardCode:
    async with house.sessions() as session:
        return (await session.scalars(select(RewardCode))).one()
