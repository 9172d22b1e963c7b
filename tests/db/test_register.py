"""The Registro de Operaciones: who goes in, at which cent, and that nothing in it is ever changed."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from sqlalchemy import delete, update
from sqlalchemy.exc import DBAPIError

from activities.compliance import ComplianceActivities
from db import register
from db.session import Sessions
from db.tables import Client, Parameter, RegisterEntry
from domain.clients import DocumentType
from domain.errors import Conflict, Invalid
from domain.operations import State
from domain.permissions import Role
from tests.activities.operations import add_operation
from tests.people import Customer, add_client, add_user
from workflows.messages import AssessOperation

# 30 November, 22:00 in Lima: in UTC it is already December.
LATE = datetime(2026, 12, 1, 3, 0, tzinfo=UTC)
NOVEMBER = (date(2026, 11, 1), date(2026, 12, 1))


async def _completed(sessions: Sessions, client: Customer, usd: str, at: datetime = LATE, **columns: object) -> str:
    async with sessions.begin() as session:
        code = await add_operation(
            session, client, usd=Decimal(usd), **{"created_at": at, "finished_at": at, **columns}
        )
    order = AssessOperation(code=code, client_id=client.id, occasion="cierre")
    for _ in range(2):
        await ComplianceActivities(sessions).assess_operation(order)
    return code


async def _registered(sessions: Sessions, month: tuple[date, date] = NOVEMBER) -> dict[str, str]:
    async with sessions() as session:
        rows = await register.listed(session, since=month[0], until=month[1])
    return {row.operation_code: row.modality.value for row in rows}


async def test_a_single_operation_goes_in_from_its_threshold_on_by_its_lima_day(sessions: Sessions) -> None:
    async with sessions.begin() as session:
        client = await add_client(session, "40000001")
    reached = await _completed(sessions, client, "5000.00")
    await _completed(sessions, client, "4999.99")
    cancelled = await _completed(sessions, client, "9000.00", state=State.CANCELADO)
    assert await _registered(sessions) == {reached: "única"}
    assert cancelled not in await _registered(sessions, (date(2026, 12, 1), date(2027, 1, 1)))


async def test_the_month_that_reaches_the_accumulated_threshold_goes_in_whole(sessions: Sessions) -> None:
    """The threshold is a dated parameter: 9,000.00 from November on."""
    async with sessions.begin() as session:
        client, other = await add_client(session, "40000001"), await add_client(session, "40000002")
        value = {"name": "register_accumulated_usd", "value": "9000.00", "source": "prueba"}
        session.add(Parameter(valid_from=date(2026, 11, 1), **value))
    october = datetime(2026, 10, 31, 12, 0, tzinfo=UTC)
    await _completed(sessions, client, "4000.00", october)
    first = await _completed(sessions, client, "4000.00")
    await _completed(sessions, other, "4999.00")
    assert await _registered(sessions) == {}
    second = await _completed(sessions, client, "4999.99")
    assert await _registered(sessions) == {}
    third = await _completed(sessions, client, "0.01")
    assert await _registered(sessions) == dict.fromkeys((first, second, third), "múltiple")


async def test_a_company_acts_by_its_representative_and_what_is_learnt_later_is_another_row(sessions: Sessions) -> None:
    async with sessions.begin() as session:
        client = await add_client(session, "20512333797", document_type=DocumentType.RUC)
        named = update(Client).where(Client.id == client.id).values(contact_person="Gloria Inventada")
        await session.execute(named)
        officer = await add_user(session, "oficial", Role.MIDDLE_OFFICE)
    code = await _completed(sessions, client, "6000.00")
    learnt = register.Correction(
        people={"beneficiario": {"name": "Otra Persona", "document_number": "40000077"}},
        funds_origin="Venta de un inmueble",
        observations="",
        reason="El cliente declaró un tercero",
    )
    async with sessions.begin() as session:
        wrong = register.Correction(people={"testigo": {}}, funds_origin="", observations="", reason="x")
        with pytest.raises(Invalid):
            await register.correct(session, code, wrong, by=officer)
        await register.correct(session, code, learnt, by=officer)
    async with sessions() as session:
        first, last = await register.entries(session, code)
    assert [first.people[role]["name"] for role in ("ordenante", "ejecutante", "beneficiario")] == [
        "Empresa de Prueba SAC",
        "Gloria Inventada",
        "Empresa de Prueba SAC",
    ]
    assert (first.entry, first.funds_origin, last.entry, last.funds_origin) == (1, "", 2, "Venta de un inmueble")
    assert last.people["beneficiario"]["name"] == "Otra Persona"
    assert last.people["ejecutante"] == first.people["ejecutante"]
    assert await _registered(sessions) == {code: "única"}


@pytest.mark.parametrize("change", [update(RegisterEntry).values(amount_usd=1), delete(RegisterEntry)])
async def test_the_database_itself_refuses_to_change_or_erase_a_row(sessions: Sessions, change: object) -> None:
    async with sessions.begin() as session:
        client = await add_client(session, "40000001")
    await _completed(sessions, client, "6000.00")
    with pytest.raises(DBAPIError):
        async with sessions.begin() as session:
            await session.execute(change)


async def test_of_two_corrections_at_once_none_hides_the_other(sessions: Sessions) -> None:
    async with sessions.begin() as session:
        client = await add_client(session, "40000001")
        officer = await add_user(session, "oficial", Role.MIDDLE_OFFICE)
    code = await _completed(sessions, client, "6000.00")

    async def correct(reason: str) -> bool:
        what = register.Correction(people={}, funds_origin="Ahorros", observations="", reason=reason)
        try:
            async with sessions.begin() as session:
                await register.correct(session, code, what, by=officer)
        except Conflict:
            return False
        return True

    done = await asyncio.gather(correct("uno"), correct("dos"))
    async with sessions() as session:
        rows = await register.entries(session, code)
    assert [row.entry for row in rows] == list(range(1, 2 + sum(done)))
