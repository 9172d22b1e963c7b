"""The books in the database: what it refuses, what is posted once, and that treasury and ledger are one."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from db import ledger, ledger_days, movements, postings, settlement
from db.session import Sessions
from db.tables import LedgerEntry, Refund
from domain import ledger as d
from domain.accounts import Bank
from domain.errors import Conflict, Invalid
from domain.ledger import Entry, Line, Source
from domain.money import Currency
from domain.movements import Movement, MovementKind
from domain.operations import Kind, State
from tests.books import NOON, Books, open_books

DAY = date(2026, 11, 25)


@pytest.fixture
async def books(sessions: Sessions) -> Books:
    async with sessions.begin() as session:
        return await open_books(session)


def simple(key: str, day: date = DAY, pen: str = "10.00") -> Entry:
    lines = tuple(
        Line(account=account, currency=Currency.PEN, amount=Decimal(amount), pen=Decimal(amount))
        for account, amount in ((d.SHORTAGE, pen), (d.CAPITAL, f"-{pen}"))
    )
    return Entry(source=Source.AJUSTE, key=key, day=day, words="prueba", lines=lines)


async def test_settling_twice_posts_once_and_the_banks_move(sessions: Sessions, books: Books):
    """F215, F216, F240: each completed operation has its entry; balances are derived from it."""
    async with sessions.begin() as session:
        row = await books.completed(session, Kind.COMPRA, "1000.00", "3.7400", deposits=("400.00", "600.00"))
        await settlement.settle(session, row.code, at=NOON)
    async with sessions.begin() as session:
        assert await session.scalar(select(func.count(LedgerEntry.id))) == 1
        held = {(one.account.bank, one.account.currency): one for one in await movements.balances(session, until=DAY)}
    assert held[Bank.BCP, Currency.USD].amount == Decimal("1000.00")
    assert held[Bank.BCP, Currency.USD].pen == Decimal("3750.00")
    assert held[Bank.BCP, Currency.PEN].amount == Decimal("-3740.00")
    assert held[Bank.BCP, Currency.PEN].overdrawn
    assert held[Bank.INTERBANK, Currency.PEN].amount == 0


async def test_a_bank_without_account_of_ours_follows_the_rule_and_none_at_all_waits_in_a_queue(
    sessions: Sessions, books: Books
):
    """F218: nothing is guessed by name and nothing is dropped."""
    async with sessions.begin() as session:
        await books.completed(session, Kind.COMPRA, "100.00", "3.7400", bank=Bank.OTROS)
        held = {(one.account.bank, one.account.currency): one for one in await movements.balances(session, until=DAY)}
        assert held[Bank.INTERBANK, Currency.USD].amount == Decimal("100.00")
        await session.execute(text("UPDATE house_accounts SET active = false WHERE currency = 'USD'"))
        session.expire_all()
        await books.completed(session, Kind.VENTA, "50.00", "3.7600", bank=Bank.OTROS)
        ((waiting, _),) = await postings.unallocated(session)
        assert (waiting.amount, waiting.account) == (Decimal("-50.00"), d.UNALLOCATED_USD)
    async with sessions.begin() as session:
        await session.execute(text("UPDATE house_accounts SET active = true"))
        pen = books.account(Bank.BCP, Currency.PEN)
        with pytest.raises(Invalid, match="dólares"):
            await postings.allocate(session, waiting.id, pen, actor=books.master, at=NOON)
        usd = books.account(Bank.BCP, Currency.USD)
        await postings.allocate(session, waiting.id, usd, actor=books.master, at=NOON)
        assert await postings.unallocated(session) == []
        sums = await ledger_days.balances(session, until=DAY)
    assert sums.of(usd).amount == Decimal("-50.00")
    assert sums.account(d.UNALLOCATED_USD).pen == 0


async def test_the_account_that_a_person_named_is_the_one_that_moves(sessions: Sessions, books: Books):
    named = books.account(Bank.INTERBANK, Currency.USD)
    async with sessions.begin() as session:
        row = await books.completed(session, Kind.COMPRA, "100.00", "3.7400", settle=False)
        await session.execute(
            text("UPDATE deposits SET house_account_id = :id WHERE operation_code = :code"),
            {"id": named, "code": row.code},
        )
        await settlement.settle(session, row.code, at=NOON)
        assert (await ledger_days.balances(session, until=DAY)).of(named).amount == Decimal("100.00")


async def test_the_database_refuses_an_entry_that_does_not_balance(sessions: Sessions, books: Books):
    """F228: to the cent, at commit, whoever writes it; and what is written is not touched again."""
    wrong = simple("a")
    wrong = replace(
        wrong, lines=(wrong.lines[0], replace(wrong.lines[1], amount=Decimal("-9.99"), pen=Decimal("-9.99")))
    )
    with pytest.raises(DBAPIError, match="does not balance"):
        await _post(sessions, wrong, books)
    await _post(sessions, simple("a"), books)
    for order in ("UPDATE ledger_lines SET pen = 1", "DELETE FROM ledger_lines", "TRUNCATE ledger_entries CASCADE"):
        with pytest.raises(DBAPIError, match="append-only"):
            await _execute(sessions, order)
    async with sessions() as session:
        assert list(await session.scalars(select(LedgerEntry.number))) == [1]


async def _post(sessions: Sessions, entry: Entry, books: Books) -> None:
    async with sessions.begin() as session:
        await ledger.post(session, entry, actor=books.master)


async def _execute(sessions: Sessions, order: str) -> None:
    async with sessions.begin() as session:
        await session.execute(text(order))


async def test_a_line_is_not_added_to_an_old_entry(sessions: Sessions, books: Books):
    async with sessions.begin() as session:
        made = await ledger.post(session, simple("a"), actor=books.master)
    statement = "INSERT INTO ledger_lines (entry_id, account, currency, amount, pen) VALUES (:id, '5011', 'PEN', 1, 1)"
    with pytest.raises(DBAPIError, match="does not balance"):
        async with sessions.begin() as session:
            await session.execute(text(statement), {"id": made})


async def test_fifty_at_once_are_numbered_without_gaps(sessions: Sessions, books: Books):
    """F228"""

    async def one(place: int) -> None:
        async with sessions.begin() as session:
            await ledger.post(session, simple(f"k{place}"), actor=books.master)

    await asyncio.gather(*(one(place) for place in range(50)))
    async with sessions() as session:
        numbers = list(await session.scalars(select(LedgerEntry.number).order_by(LedgerEntry.number)))
    assert numbers == list(range(1, 51))


async def test_two_clicks_of_one_key_at_the_same_instant_post_once_and_leave_no_gap(sessions: Sessions, books: Books):
    async def click() -> bool:
        try:
            await _post(sessions, simple("same"), books)
        except Conflict as refused:
            return refused.code != "ENTRY_POSTED"
        return True

    done = await asyncio.gather(*(click() for _ in range(4)))
    assert any(done)
    await _post(sessions, simple("next"), books)
    async with sessions() as session:
        assert list(await session.scalars(select(LedgerEntry.number).order_by(LedgerEntry.number))) == [1, 2]


async def test_a_closed_month_takes_nothing_and_is_reopened_with_its_reason(sessions: Sessions, books: Books):
    """F227: never left out in silence. A mirror is posted on a day that is open."""
    async with sessions.begin() as session:
        old = await ledger.post(session, simple("old", date(2026, 10, 5)), actor=books.master)
        await ledger.close_period(session, 2026, 10, actor=books.master, at=NOON)
    with pytest.raises(Conflict, match="10/2026 está cerrado"):
        async with sessions.begin() as session:
            await ledger.post(session, simple("late", date(2026, 10, 31)), actor=books.master)
    async with sessions.begin() as session:
        with pytest.raises(Conflict, match="ya está cerrado"):
            await ledger.close_period(session, 2026, 10, actor=books.master, at=NOON)
        await ledger.annul(session, old, actor=books.master, day=DAY, reason="mal registrado")
        await ledger.reopen_period(session, 2026, 10, actor=books.other_master, at=NOON, reason="ajuste del contador")
        await ledger.post(session, simple("late", date(2026, 10, 31)), actor=books.master)


async def test_an_entry_is_annulled_once_and_its_mirror_never(sessions: Sessions, books: Books):
    """F219"""
    async with sessions.begin() as session:
        row = await books.completed(session, Kind.COMPRA, "1000.00", "3.7400")
        mirror = await ledger.annul_operation(session, row.code, actor=books.master, day=DAY, reason="duplicada")
        assert mirror is not None
        assert await ledger.annul_operation(session, row.code, actor=books.master, day=DAY, reason="otra vez") is None
        original = await session.scalar(select(LedgerEntry.reverses_id).where(LedgerEntry.id == mirror))
        assert original is not None
        for entry in (original, mirror):
            with pytest.raises(Conflict):
                await ledger.annul(session, entry, actor=books.master, day=DAY, reason="no")
        held = await movements.balances(session, until=DAY)
    assert {one.amount for one in held} == {Decimal(0)}


async def test_a_back_dated_movement_moves_every_balance_after_it(sessions: Sessions, books: Books):
    """F245: computed, not stored; the roll-up does not lose it either."""
    account = books.account(Bank.BCP, Currency.PEN)
    async with sessions.begin() as session:
        for number, day in enumerate((DAY, DAY - timedelta(days=3), DAY - timedelta(days=1))):
            movement = Movement(
                kind=MovementKind.AJUSTE,
                key=f"m{number}",
                house_account_id=account,
                amount=Decimal(100 * 10**number),
                day=day,
                reason="prueba",
            )
            done = await movements.register(session, movement, actor=books.master, at=NOON)
            assert (done.approval is not None) == (number == 2)
            if number == 1:
                await ledger_days.roll_up(session, at=NOON)
    async with sessions.begin() as session:
        walked = await movements.running(session, account, until=DAY)
        sums = await ledger_days.balances(session, until=DAY - timedelta(days=1))
    assert [(entry.day, balance) for _, entry, balance in walked] == [
        (DAY - timedelta(days=3), Decimal("1000.00")),
        (DAY, Decimal("1100.00")),
    ]
    assert sums.of(account).amount == Decimal("1000.00")


async def test_revaluation_is_made_from_what_is_posted_and_only_once(sessions: Sessions, books: Books):
    """F234. Bought at 3.74 and sold at 3.76 with the desk at 3.75: the margin is 20.00 and there is nothing more."""
    async with sessions.begin() as session:
        await books.completed(session, Kind.COMPRA, "1000.00", "3.7400")
        await books.completed(session, Kind.VENTA, "600.00", "3.7600")
        assert await ledger.revalue(session, day=DAY, rate=Decimal("3.8000"), actor=books.master) is not None
        assert await ledger.revalue(session, day=DAY, rate=Decimal("3.8000"), actor=books.master) is None
        sums = await ledger_days.balances(session, until=DAY)
    assert sums.account(d.EXCHANGE_GAIN).pen == Decimal("-20.00")
    assert sums.account(d.MARGIN_GAIN).pen == Decimal("-16.00")


async def test_a_refund_is_owed_until_somebody_pays_it_and_both_movements_are_there(sessions: Sessions, books: Books):
    account = books.account(Bank.INTERBANK, Currency.USD)
    async with sessions.begin() as session:
        row = await books.completed(session, Kind.COMPRA, "100.00", "3.7400", settle=False)
        row.state = State.CANCELADO
        refund = Refund(operation_code=row.code, currency="USD", amount=Decimal("100.00"), opened_at=NOON)
        session.add(refund)
        await session.flush()
        assert [one.id for one, _ in await postings.refunds(session, owed=True)] == [refund.id]
        await postings.settle_refund(session, refund.id, account, reference="OP-77", actor=books.operator, at=NOON)
        assert list(await postings.refunds(session, owed=True)) == []
        with pytest.raises(Conflict, match="ya se pagó"):
            await postings.settle_refund(session, refund.id, account, reference="", actor=books.operator, at=NOON)
        held = {one.account.id: one.amount for one in await movements.balances(session, until=DAY)}
    assert held[books.account(Bank.BCP, Currency.USD)] == Decimal("100.00")
    assert held[account] == Decimal("-100.00")


async def test_who_posts_below_the_mark_is_never_lost(sessions: Sessions, books: Books):
    """A transaction that began before the roll-up and commits after it took a lower number."""
    async with sessions.begin() as session:
        await ledger.post(session, simple("first"), actor=books.master)
    async with sessions.begin() as slow:
        await ledger.post(slow, simple("slow", pen="5.00"), actor=books.master)
        rolling = asyncio.create_task(_roll(sessions))
        await asyncio.sleep(0.1)
        assert not rolling.done()
    await rolling
    async with sessions() as session:
        assert (await ledger_days.balances(session, until=DAY)).account(d.SHORTAGE).pen == Decimal("15.00")
        assert await session.scalar(text("SELECT sum(lines) FROM ledger_days")) == 4


async def _roll(sessions: Sessions) -> None:
    async with sessions.begin() as session:
        await ledger_days.roll_up(session, at=NOON)
