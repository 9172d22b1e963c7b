"""The paths of a client's onboarding that are recorded; `python -m tests.histories.record` lives them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime

from sqlalchemy import delete, update

from db.tables import Client, Parameter
from tests.workflows.conftest import People
from tests.workflows.house import House, Said
from tests.workflows.onboarding import SIDES, Newcomer, register
from workflows import client_messages as c
from workflows import messages as m
from workflows import names

DAY = 24 * 60
_DOCUMENTS = iter(range(41_000_000, 41_000_100))


async def newcomer(house: House) -> Newcomer:
    return await register(house, str(next(_DOCUMENTS)))


async def approved(house: House, people: People) -> Newcomer:
    client = await newcomer(house)
    await client.sends(SIDES[0])
    await client.sends(SIDES[1])
    await client.reviewed(people.officer)
    await client.decide(names.APPROVE, people.officer)
    return client


async def asked_again_then_rejected(house: House, people: People) -> Newcomer:
    client = await newcomer(house)
    await client.sends(*SIDES)
    await client.reviewed(people.officer, accepted=False, reason="No se lee")
    await client.decide(names.REJECT, people.officer, "No envió otro")
    return client


async def match_resolved_then_approved(house: House, people: People) -> Newcomer:
    house.outside.screened = m.Screened(open_hits=1, strongest="probable")
    client = await newcomer(house)
    await client.sends(*SIDES)
    await client.reviewed(people.officer)
    try:
        await client.decide(names.APPROVE, people.officer)
    except Said as said:
        assert said.code == "HITS_OPEN"  # noqa: PT017 - the refusal is part of the path
    house.outside.screened = m.Screened(open_hits=0, strongest="")
    await client.decide(names.APPROVE, people.officer)
    return client


async def activated_by_itself_then_approved(house: House, people: People) -> Newcomer:
    async with house.sessions.begin() as session:
        session.add(Parameter(name="auto_activation", value="1", valid_from=date(2020, 1, 1), source="prueba"))
    client = await newcomer(house)
    await client.sends(*SIDES)
    await client.told("aprobada")
    await client.reviewed(people.officer)
    await client.decide(names.APPROVE, people.officer)
    async with house.sessions.begin() as session:
        await session.execute(delete(Parameter).where(Parameter.name == "auto_activation"))
    return client


async def reminded_then_closed(house: House, people: People) -> Newcomer:
    client = await newcomer(house)
    await client.told("bienvenida")
    await house.pass_time(client.handle, 3 * DAY + 1)
    await client.told("recordatorio_documentos")
    async with house.sessions.begin() as session:
        await session.execute(update(Client).where(Client.id == client.id).values(closed_at=datetime.now(UTC)))
    await client.handle.signal(names.REFRESH)
    await house.pass_time(client.handle, 1)
    return client


async def never_registered(house: House, people: People) -> Newcomer:
    ghost = Newcomer(house, 999_999)
    handle = await house.client.start_workflow(
        names.CLIENT_ONBOARDING,
        c.OnboardingStart(client_id=ghost.id, welcome=True),
        id=names.onboarding_id(ghost.id),
        task_queue=names.OPERATIONS_QUEUE,
    )
    await house.pass_time(handle, 2)
    return ghost


ONBOARDINGS: tuple[Callable[[House, People], Awaitable[Newcomer]], ...] = (
    approved,
    asked_again_then_rejected,
    match_resolved_then_approved,
    activated_by_itself_then_approved,
    reminded_then_closed,
    never_registered,
)
