"""What must hold for an operation to exist."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from db.operation_creation import next_code, quote, record_creation
from db.session import Sessions
from db.tables import Notification, Operation, OperationEvent
from domain.clients import ClientStatus
from domain.commands import NewOperation
from domain.errors import Conflict, Invalid, Refused
from domain.operations import Actor, ActorKind, Kind, Origin
from tests.people import Customer, add_client, add_rate

NOW = datetime(2026, 11, 25, 15, 0, tzinfo=UTC)
EXPIRY = timedelta(minutes=15)


def request(
    client: Customer, *, kind: Kind = Kind.COMPRA, usd: str = "31.00", origin: Origin = Origin.WEB, coupon: str = ""
) -> NewOperation:
    source, destination = (client.usd, client.pen) if kind is Kind.COMPRA else (client.pen, client.usd)
    return NewOperation(
        actor=Actor(kind=ActorKind.CLIENT, id=client.id),
        client_id=client.id,
        kind=kind,
        origin=origin,
        amount_usd=Decimal(usd),
        source_account_id=source,
        destination_account_id=destination,
        coupon=coupon,
    )


async def create(sessions: Sessions, asked: NewOperation) -> str:
    async with sessions.begin() as session:
        operation = await quote(session, asked, code=await next_code(session), now=NOW, expiry=EXPIRY)
        await record_creation(session, operation, update_id="create", at=NOW)
        return operation.code


async def test_the_server_fixes_rate_and_soles(sessions: Sessions) -> None:
    """F058: 31.00 × 3.4150 is 105.87."""
    async with sessions.begin() as session:
        client = await add_client(session, "40000001")
        await add_rate(session, Decimal("3.4150"), Decimal("3.4250"))
    code = await create(sessions, request(client))
    async with sessions() as session:
        row = await session.scalar(select(Operation).where(Operation.code == code))
        assert row is not None
        assert (row.rate, row.amount_pen) == (Decimal("3.4150"), Decimal("105.87"))
        assert row.expires_at == NOW + EXPIRY


async def test_recording_twice_changes_nothing(sessions: Sessions) -> None:
    async with sessions.begin() as session:
        client = await add_client(session, "40000001")
        await add_rate(session)
        operation = await quote(session, request(client), code=await next_code(session), now=NOW, expiry=EXPIRY)
    for _ in range(3):
        async with sessions.begin() as session:
            await record_creation(session, operation, update_id="create", at=NOW)
    async with sessions() as session:
        assert await session.scalar(select(func.count(OperationEvent.id))) == 1
        told = (await session.scalars(select(Notification.room))).all()
        assert sorted(told) == sorted(["role_Master", "role_Operador", f"client_{client.id}"])


async def test_exactly_the_limit_passes_and_a_cent_more_does_not(sessions: Sessions) -> None:
    """F132: completed and open operations count together."""
    async with sessions.begin() as session:
        client = await add_client(session, "40000001", complete=False)
        await add_rate(session)
    await create(sessions, request(client, usd="400.00", origin=Origin.SISTEMA))
    with pytest.raises(Invalid, match=r"1,000\.01") as refused:
        await create(sessions, request(client, usd="600.01"))
    assert refused.value.code == "LIMIT_EXCEEDED"
    await create(sessions, request(client, usd="600.00"))


@pytest.mark.parametrize("origin", list(Origin))
async def test_every_channel_refuses_an_inactive_client(sessions: Sessions, origin: Origin) -> None:
    """F133, F024."""
    async with sessions.begin() as session:
        client = await add_client(session, "40000001", status=ClientStatus.INACTIVO)
        await add_rate(session)
    with pytest.raises(Invalid) as refused:
        await create(sessions, request(client, origin=origin))
    assert refused.value.code == "KYC_PENDING"


async def test_of_ten_creates_in_parallel_one_succeeds(sessions: Sessions) -> None:
    """F018: nine are told which operation is active."""
    async with sessions.begin() as session:
        client = await add_client(session, "40000001")
        await add_rate(session)
    async with sessions.begin() as session:
        quotes = [
            await quote(session, request(client), code=await next_code(session), now=NOW, expiry=EXPIRY)
            for _ in range(10)
        ]

    async def record(place: int) -> str:
        try:
            async with sessions.begin() as session:
                await record_creation(session, quotes[place], update_id="create", at=NOW)
        except Refused as refused:
            return refused.code
        return "created"

    outcomes = await asyncio.gather(*(record(place) for place in range(10)))
    assert sorted(outcomes) == ["ACTIVE_OPERATION"] * 9 + ["created"]


async def test_someone_elses_account_is_unknown(sessions: Sessions) -> None:
    async with sessions.begin() as session:
        client = await add_client(session, "40000001")
        other = await add_client(session, "40000002")
        await add_rate(session)
    stolen = Customer(id=client.id, usd=client.usd, pen=other.pen)
    with pytest.raises(Invalid) as refused:
        await create(sessions, request(stolen))
    assert (refused.value.code, refused.value.field) == ("ACCOUNT_UNKNOWN", "destination_account_id")


async def test_without_a_published_rate_nothing_is_created(sessions: Sessions) -> None:
    async with sessions.begin() as session:
        client = await add_client(session, "40000001")
    with pytest.raises(Conflict) as refused:
        await create(sessions, request(client))
    assert refused.value.code == "NO_RATE"
