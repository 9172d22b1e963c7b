"""Treasury's tasks by the clock, with the central bank's stand-in as a program."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select, text
from temporalio.testing import ActivityEnvironment

from activities.treasury import TreasuryActivities
from db import control, movements, settlement
from db.session import Sessions
from db.tables import DailyClosure, Incident, LedgerDay, Notification, Operation, ReferenceRate
from domain.calendar import business_day
from domain.closings import ClosingState
from domain.operations import Kind, State
from integrations.bcrp import Bcrp, BcrpDown
from integrations.settings import BcrpSettings
from tests.books import open_books
from tests.clock import now, today
from tests.standins.programs import StandIn
from workflows.treasury_messages import TreasuryOrder, TreasuryTask


@pytest.fixture(scope="module")
def bcrp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    program = StandIn("push", tmp_path_factory.mktemp("push"), [])
    program.start()
    yield program
    program.stop()


@pytest.fixture
def house(sessions: Sessions, bcrp: StandIn) -> TreasuryActivities:
    settings = BcrpSettings(bcrp_api_url=f"{bcrp.url}/estadisticas/series/api")
    return TreasuryActivities(sessions, Bcrp(settings))


async def do(house: TreasuryActivities, task: TreasuryTask) -> str:
    return (await ActivityEnvironment().run(house.do_treasury_task, TreasuryOrder(task=task))).words


async def test_the_draft_of_the_day_tells_what_is_open_and_cancels_nothing(
    house: TreasuryActivities, sessions: Sessions
):
    async with sessions.begin() as session:
        books = await open_books(session)
        row = await books.completed(
            session, Kind.COMPRA, "100.00", "3.7400", at=now() - timedelta(days=2), settle=False
        )
        row.state = State.PENDIENTE
    for _ in range(2):
        assert "1 operaciones abiertas" in await do(house, TreasuryTask.DAILY_CLOSE)
    async with sessions() as session:
        (closure,) = (await session.scalars(select(DailyClosure))).all()
        (incident,) = (await session.scalars(select(Incident))).all()
        assert await session.scalar(select(Operation.state)) is State.PENDIENTE
    assert (closure.state, closure.day) == (ClosingState.BORRADOR, business_day(now() - timedelta(hours=6)))
    assert incident.kind == "operaciones abiertas al cierre"


async def test_the_night_finds_what_nobody_posted_and_is_silent_once_it_is(
    house: TreasuryActivities, sessions: Sessions
):
    """F215: a difference is an incident until it ties."""
    async with sessions.begin() as session:
        books = await open_books(session)
        long_ago = now() - timedelta(days=90)
        row = await books.completed(session, Kind.COMPRA, "100.00", "3.7400", at=long_ago, settle=False)
    assert "sin asiento: 1" in await do(house, TreasuryTask.NIGHTLY_CHECK)
    async with sessions.begin() as session:
        await settlement.settle(session, row.code, at=now())
        still = select(Incident.subject).where(Incident.kind == control.KIND, Incident.closed_at.is_(None))
        assert set(await session.scalars(still)) == {"sin asiento", "sin comprobante"}
    assert await do(house, TreasuryTask.NIGHTLY_CHECK) == "sin comprobante: 1"
    async with sessions.begin() as session:
        assert set(await session.scalars(still)) == {"sin comprobante"}
        await session.execute(text("UPDATE ledger_days SET debit = debit + 1"))
    assert "resúmenes: 1" in await do(house, TreasuryTask.NIGHTLY_CHECK)


async def test_a_position_beyond_its_limit_is_told_once_and_is_an_incident_until_it_is_back(
    house: TreasuryActivities, sessions: Sessions
):
    async with sessions.begin() as session:
        books = await open_books(session)
        await books.completed(session, Kind.COMPRA, "20000.01", "3.7400", at=now())
    for _ in range(2):
        assert "posición critica" in await do(house, TreasuryTask.ROLL_UP)
    async with sessions.begin() as session:
        told = select(func.count(Notification.id)).where(Notification.event == "posicion_limite")
        assert await session.scalar(told) == 2
        assert await session.scalar(select(func.count(LedgerDay.day))) == 6
        assert (await session.scalars(select(Incident.closed_at))).all() == [None]
        await books.completed(session, Kind.VENTA, "18000.00", "3.7600", at=now())
        held = await movements.balances(session, until=today())
    assert sum(one.amount for one in held if one.account.currency == "USD") == Decimal("2000.01")
    assert "posición normal" in await do(house, TreasuryTask.ROLL_UP)
    async with sessions() as session:
        assert None not in set(await session.scalars(select(Incident.closed_at)))


async def test_reference_rates_are_kept_once_a_day_and_a_silent_bank_changes_nothing(
    house: TreasuryActivities, sessions: Sessions
):
    """F291: what is there stays, with its age."""
    first, again = [await do(house, TreasuryTask.REFERENCE_RATES) for _ in range(2)]
    assert again == "0 días nuevos."
    assert first != again
    async with sessions() as session:
        rows = (await session.scalars(select(ReferenceRate))).all()
    assert {row.source for row in rows} == {"BCRP", "SBS"}
    assert all(row.buy <= row.sell and row.day.weekday() < 5 for row in rows)
    nobody = Bcrp(BcrpSettings(bcrp_api_url="http://127.0.0.1:9/nadie", bcrp_timeout=1))
    with pytest.raises(BcrpDown):
        await nobody.rates(today(), today())


async def test_goals_of_the_month_before_are_passed_on(house: TreasuryActivities):
    assert await do(house, TreasuryTask.GOALS) == "0 metas pasadas al mes."
