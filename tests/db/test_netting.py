"""Matches take what is left and never more, and their parts add up."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from decimal import Decimal

import pytest

from db import goals, ledger, netting, position
from db.session import Sessions
from db.tables import User
from domain.errors import Conflict, Invalid, Missing
from domain.netting import Pairing
from domain.operations import Kind
from tests.books import NOON, Books, open_books

DAY = date(2026, 11, 25)


@pytest.fixture
async def books(sessions: Sessions) -> Books:
    async with sessions.begin() as session:
        return await open_books(session)


async def pair(sessions: Sessions, books: Books, usd: str = "1000.00") -> tuple[str, str]:
    async with sessions.begin() as session:
        buy = await books.completed(session, Kind.COMPRA, usd, "3.7400")
        sell = await books.completed(session, Kind.VENTA, usd, "3.7650")
        return buy.code, sell.code


async def test_twenty_people_at_once_never_match_more_than_is_left(sessions: Sessions, books: Books):
    """Ten pieces of 100 fit in 1,000; the other ten are told that nothing is left."""
    buy, sell = await pair(sessions, books)

    async def one() -> bool:
        try:
            async with sessions.begin() as session:
                await netting.match(session, buy, sell, Decimal("100.00"), actor=books.master, at=NOON)
        except Conflict as refused:
            return refused.code != "MATCH_TOO_MUCH"
        return True

    done = await asyncio.gather(*(one() for _ in range(20)))
    assert sum(done) == 10
    async with sessions() as session:
        assert await netting.unmatched(session) == []
        rows = await netting.matches(session)
    assert sum(row.usd for row in rows) == Decimal("1000.00")
    assert sum(row.total for row in rows) == Decimal("25.00")


async def test_a_match_is_annulled_while_its_lote_is_open_and_gives_back_what_it_took(sessions: Sessions, books: Books):
    buy, sell = await pair(sessions, books)
    async with sessions.begin() as session:
        first = await netting.match(session, buy, sell, Decimal("300.00"), actor=books.master, at=NOON)
        second = await netting.match(session, buy, sell, Decimal("200.00"), actor=books.master, at=NOON)
        batch = await netting.open_batch(session, [first.id, second.id], actor=books.master, at=NOON)
        with pytest.raises(Conflict, match="ya están en un lote"):
            await netting.open_batch(session, [first.id], actor=books.master, at=NOON)
        await netting.annul(session, first.id, actor=books.master, at=NOON, reason="monto equivocado")
        await session.flush()
        assert {one.side.left for one in await netting.unmatched(session)} == {Decimal("800.00")}
        await netting.close_batch(session, batch.code, actor=books.master, at=NOON)
        with pytest.raises(Conflict, match="está cerrado"):
            await netting.annul(session, second.id, actor=books.master, at=NOON, reason="tarde")
        sums = await netting.totals(session, [batch.id])
    # Matched amounts only: the predecessor added whole operations up.
    assert (sums[batch.id].count, sums[batch.id].usd) == (1, Decimal("200.00"))


async def test_nothing_is_matched_or_annulled_in_a_closed_month(sessions: Sessions, books: Books):
    """F227"""
    buy, sell = await pair(sessions, books)
    async with sessions.begin() as session:
        row = await netting.match(session, buy, sell, Decimal("300.00"), actor=books.master, at=NOON)
        await ledger.close_period(session, 2026, 11, actor=books.master, at=NOON)
        with pytest.raises(Conflict, match="cerrado"):
            await netting.annul(session, row.id, actor=books.master, at=NOON, reason="tarde")
        with pytest.raises(Conflict, match="cerrado"):
            await netting.match(session, buy, sell, Decimal("1.00"), actor=books.master, at=NOON)


async def test_what_is_no_pair_is_refused(sessions: Sessions, books: Books):
    buy, sell = await pair(sessions, books)
    async with sessions.begin() as session:
        for one, other, usd in ((sell, buy, "1.00"), (buy, sell, "0.00"), (buy, sell, "0.001")):
            with pytest.raises(Invalid):
                await netting.match(session, one, other, Decimal(usd), actor=books.master, at=NOON)
        with pytest.raises(Conflict, match=r"quedan US\$ 1,000.00"):
            await netting.match(session, buy, sell, Decimal("1000.01"), actor=books.master, at=NOON)
        with pytest.raises(Missing):
            await netting.annul(session, 99, actor=books.master, at=NOON, reason="no hay")


async def test_what_was_left_of_other_days_is_seen_today_and_a_reversed_operation_is_not(
    sessions: Sessions, books: Books
):
    """F236"""
    yesterday = NOON - timedelta(days=1)
    async with sessions.begin() as session:
        for _ in range(3):
            await books.completed(session, Kind.VENTA, "3400.00", "3.7600", at=yesterday)
        gone = await books.completed(session, Kind.COMPRA, "50.00", "3.7400")
        await books.completed(session, Kind.COMPRA, "200.00", "3.7400")
        await ledger.annul_operation(session, gone.code, actor=books.master, day=DAY, reason="revertida")
        stands = await position.standing(session, day=DAY)
        suggested = await netting.suggestions(session, Pairing.FIFO)
        left = await netting.unmatched(session)
    assert (stands.position.carried_usd, stands.position.open_usd) == (Decimal("-10200.00"), Decimal("-10000.00"))
    assert (stands.level, stands.position.sums.operations) == ("aviso", 1)
    assert [(one.buy.code, one.sell.code, one.usd) for one in suggested] == [
        ("EXP-1005", "EXP-1001", Decimal("200.00"))
    ]
    assert gone.code not in {one.side.code for one in left}


async def test_a_traders_profit_is_derived_and_a_later_owner_does_not_get_it(sessions: Sessions, books: Books):
    """F225, F033: margin on the day of the operation, matches on the day of the match, and both say which they are."""
    yesterday = NOON - timedelta(days=1)
    async with sessions.begin() as session:
        buy = await books.completed(session, Kind.COMPRA, "1000.00", "3.7400", at=yesterday)
        sell = await books.completed(session, Kind.VENTA, "1000.00", "3.7650")
        await netting.match(session, buy.code, sell.code, Decimal("500.00"), actor=books.master, at=NOON)
        await goals.set_goal(
            session, books.trader.id, year=2026, month=11, goal=Decimal("100.00"), actor=books.master, at=NOON
        )
        with pytest.raises(Invalid):
            await goals.set_goal(
                session, books.master.id, year=2026, month=11, goal=Decimal("1.00"), actor=books.master, at=NOON
            )
        days = await goals.days(session, since=DAY - timedelta(days=1), until=DAY)
        (month,) = await goals.month(session, year=2026, month=11)
        assert await goals.roll_over(session, year=2026, month=12, at=NOON) == 1
        (await session.get_one(User, books.trader.id)).status = "Inactivo"
        assert len(await goals.month(session, year=2026, month=11)) == 1
    assert [(one.margin, one.matched) for one in days] == [
        (Decimal("10.00"), Decimal(0)),
        (Decimal("15.00"), Decimal("12.50")),
    ]
    assert (month.margin, month.matched, month.operations, month.reached) == (
        Decimal("25.00"),
        Decimal("12.50"),
        2,
        Decimal("25.0"),
    )
