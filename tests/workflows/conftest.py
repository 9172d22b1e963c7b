"""The house that each workflow test gets for itself."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from db.session import Sessions
from domain.operations import Actor
from domain.permissions import Role
from tests.people import Customer, add_client, add_rate, add_user
from tests.temporal_server import TemporalServer
from tests.workflows.house import House, running_house, staff


@dataclass(frozen=True, kw_only=True)
class People:
    """One of each."""

    client: Customer
    other_client: Customer
    trader: Actor
    operator: Actor
    other_operator: Actor
    master: Actor
    other_master: Actor
    officer: Actor


@pytest.fixture
async def people(sessions: Sessions) -> People:
    return await make_people(sessions)


async def make_people(sessions: Sessions) -> People:
    """Everybody that an operation needs, and a published rate."""
    async with sessions.begin() as session:
        trader = await add_user(session, "trader", Role.TRADER)
        operator = await add_user(session, "operador", Role.OPERADOR)
        other_operator = await add_user(session, "operador2", Role.OPERADOR)
        master = await add_user(session, "master", Role.MASTER)
        other_master = await add_user(session, "master2", Role.MASTER)
        officer = await add_user(session, "oficial", Role.MIDDLE_OFFICE)
        client = await add_client(session, "40000001", trader_id=trader)
        other_client = await add_client(session, "40000002")
        await add_rate(session)
    return People(
        client=client,
        other_client=other_client,
        trader=staff(trader, Role.TRADER),
        operator=staff(operator, Role.OPERADOR),
        other_operator=staff(other_operator, Role.OPERADOR),
        master=staff(master, Role.MASTER),
        other_master=staff(other_master, Role.MASTER),
        officer=staff(officer, Role.MIDDLE_OFFICE),
    )


@pytest.fixture
async def house(temporal_of_tests: TemporalServer, sessions: Sessions) -> AsyncIterator[House]:
    async with running_house(await temporal_of_tests.env(), sessions) as made:
        yield made
