"""The limit without documents, with two requests racing for the same room."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import select, update

from db.limits import check_client_limit
from db.operation_creation import next_code, quote, record_creation
from db.session import Sessions
from db.tables import Client, Operation
from domain.clients import ClientStatus
from domain.errors import Invalid
from domain.money import dollars
from domain.operations import Origin
from tests.db.test_operation_creation import EXPIRY, NOW, request
from tests.people import add_client, add_rate


@pytest.mark.parametrize(("second", "recorded"), [("500.00", 2), ("500.01", 1)])
async def test_two_racing_requests_reach_exactly_the_limit_and_never_a_cent_more(
    sessions: Sessions, second: str, recorded: int
) -> None:
    """F132: 500.00 + 500.00 is 1,000.00 and passes twice; with 500.01 one of the two is refused, whichever comes last.

    Both were quoted while there was room for either: only the row lock while recording decides.
    """
    async with sessions.begin() as session:
        client = await add_client(session, "40000001", complete=False)
        await add_rate(session)
        quotes = [
            await quote(
                session,
                request(client, usd=usd, origin=Origin.SISTEMA),
                code=await next_code(session),
                now=NOW,
                expiry=EXPIRY,
            )
            for usd in ("500.00", second)
        ]

    async def record(place: int) -> str:
        try:
            async with sessions.begin() as session:
                await record_creation(session, quotes[place], update_id="create", at=NOW)
        except Invalid as refused:
            return refused.code
        return "recorded"

    outcomes = await asyncio.gather(record(0), record(1))
    assert sorted(outcomes, reverse=True) == ["recorded"] * recorded + ["LIMIT_EXCEEDED"] * (2 - recorded)
    async with sessions() as session:
        amounts = (await session.scalars(select(Operation.amount_usd))).all()
    assert len(amounts) == recorded
    if recorded == len(quotes):
        assert dollars(sum(amounts)) == "US$ 1,000.00"


async def test_a_blocked_client_has_no_room_at_all_also_when_an_amount_grows(sessions: Sessions) -> None:
    async with sessions.begin() as session:
        client = await add_client(session, "40000001")
        await session.execute(update(Client).where(Client.id == client.id).values(status=ClientStatus.BLOQUEADO))
    async with sessions.begin() as session:
        row = await session.get_one(Client, client.id, with_for_update=True)
        with pytest.raises(Invalid) as refused:
            await check_client_limit(session, row, request(client).amount_usd, code="EXP-1", now=NOW)
    assert refused.value.code == "CLIENT_BLOCKED"
