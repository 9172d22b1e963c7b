"""A completed operation undone: everything that it left goes back together, once, with two people, or nothing does."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from db import control, invoices, ledger, movements, netting, position, reversals, settlement
from db.referrals import balance
from db.session import Sessions
from db.tables import AuditEntry, Client, Invoice, InvoiceSeries, Match, Operation, RewardCode
from domain.errors import Conflict, Forbidden
from domain.invoices import InvoiceStatus, InvoiceType
from domain.money import Currency
from domain.operations import Kind
from domain.reversals import ReversalState
from tests.books import NOON, Books, open_books
from tests.people import add_client

DAY = date(2026, 11, 25)


@pytest.fixture
async def books(sessions: Sessions) -> Books:
    async with sessions.begin() as session:
        return await open_books(session)


async def agreed(sessions: Sessions, books: Books, code: str) -> ReversalState:
    async with sessions.begin() as session:
        asked = await reversals.ask(session, code, actor=books.master, reason="se pagó a otra cuenta", at=NOON)
    async with sessions.begin() as session:
        return (await reversals.approve(session, asked.id, actor=books.other_master, at=NOON)).state


async def test_matches_books_pips_coupon_and_counter_go_back_together(sessions: Sessions, books: Books):
    """Support's fourth need: the predecessor's undid the ledger only."""
    async with sessions.begin() as session:
        referrer = await add_client(session, "40000077")
        client = await session.get_one(Client, books.client.id)
        client.referred_by = referrer.id
        buy = await books.completed(session, Kind.COMPRA, "1000.00", "3.7400", settle=False)
        session.add(RewardCode(code="REGALO", owner_id=referrer.id, pips=30, reserved_for=buy.code))
        buy.coupon = "REGALO"
        await session.flush()
        await settlement.settle(session, buy.code, at=NOON)
        sell = await books.completed(session, Kind.VENTA, "400.00", "3.7600")
        await netting.match(session, buy.code, sell.code, Decimal("400.00"), actor=books.master, at=NOON)
        earned = (await balance(session, referrer.id)).available
        before = client.completed_operations
    assert await agreed(sessions, books, buy.code) is ReversalState.APROBADA
    async with sessions.begin() as session:
        assert await session.scalar(select(Match.annulled_reason)) == "se pagó a otra cuenta"
        assert (await balance(session, referrer.id)).available == earned - 30
        assert (await session.get_one(Client, books.client.id)).completed_operations == before - 1
        reward = await session.scalar(select(RewardCode))
        assert reward is not None
        assert (reward.reserved_for, reward.used_at) == (None, None)
        # What is left is the Venta alone.
        assert await position.ledger_position(session, until=DAY) == Decimal("-400.00")
        assert await control.untied(session, until=DAY) == []
        # Nothing of it is left to bill or to match, on the control as on the board.
        found = {one.key: one.which for one in await control.findings(session, now=NOON + timedelta(hours=1))}
        assert (found["sin comprobante"], found["sin calce"]) == ((sell.code,), (sell.code,))
        # A retry of the workflow's activity, and of `settle`, changes nothing.
        row = await reversals.of_operation(session, buy.code)
        assert row is not None
        await reversals.approve(session, row.id, actor=books.other_master, at=NOON)
        await settlement.settle(session, buy.code, at=NOON)
        assert await position.ledger_position(session, until=DAY) == Decimal("-400.00")
        assert (await balance(session, referrer.id)).available == earned - 30


async def test_what_can_not_be_undone_whole_is_not_undone_at_all(sessions: Sessions, books: Books):
    """A match in a closed lote stays; so do the entry and the other match, and nobody has decided."""
    async with sessions.begin() as session:
        buy = await books.completed(session, Kind.COMPRA, "1000.00", "3.7400")
        sells = [await books.completed(session, Kind.VENTA, "300.00", "3.7600") for _ in range(2)]
        matched = [
            await netting.match(session, buy.code, one.code, Decimal("300.00"), actor=books.master, at=NOON)
            for one in sells
        ]
        batch = await netting.open_batch(session, [matched[0].id], actor=books.master, at=NOON)
        await netting.close_batch(session, batch.code, actor=books.master, at=NOON)
    with pytest.raises(Conflict, match="está cerrado"):
        await agreed(sessions, books, buy.code)
    async with sessions() as session:
        row = await reversals.of_operation(session, buy.code)
        assert row is not None
        assert row.state is ReversalState.SOLICITADA
        assert set(await session.scalars(select(Match.annulled_at))) == {None}
        assert await position.ledger_position(session, until=DAY) == Decimal("400.00")


async def test_no_comprobante_is_issued_for_it_again_and_no_number_is_lost(sessions: Sessions, books: Books):
    """Also when a person had asked for another one a moment before."""
    series = {InvoiceType.BOLETA: "B001", InvoiceType.FACTURA: "F001"}
    async with sessions.begin() as session:
        row = await books.completed(session, Kind.COMPRA, "1000.00", "3.7400")
        client = await session.get_one(Client, books.client.id)
        first = await invoices.reserve(session, row, client, series=series, currency=Currency.PEN, on=DAY)
        first.status = InvoiceStatus.ANULADO
    await agreed(sessions, books, row.code)
    with pytest.raises(Conflict, match="no se le emite otro"):
        async with sessions.begin() as session:
            await invoices.reserve(session, row, client, series=series, currency=Currency.PEN, on=DAY)
    async with sessions() as session:
        assert await session.scalar(select(InvoiceSeries.next_number)) == 2
        assert await session.scalar(select(func.count()).select_from(Invoice)) == 1


async def test_two_people_once_and_only_what_was_completed(sessions: Sessions, books: Books):
    async with sessions.begin() as session:
        row = await books.completed(session, Kind.VENTA, "500.00", "3.7600")
        unsettled = await books.completed(session, Kind.VENTA, "500.00", "3.7600", settle=False)
    async with sessions.begin() as session:
        with pytest.raises(Conflict, match="todavía se está liquidando"):
            await reversals.ask(session, unsettled.code, actor=books.master, reason="x", at=NOON)
    async with sessions.begin() as session:
        asked = await reversals.ask(session, row.code, actor=books.master, reason="duplicada", at=NOON)
        with pytest.raises(Conflict, match="ya está Solicitada"):
            await reversals.ask(session, row.code, actor=books.other_master, reason="duplicada", at=NOON)
        with pytest.raises(Forbidden, match="otra persona"):
            await reversals.approve(session, asked.id, actor=books.master, at=NOON)
        await reversals.deny(session, asked.id, actor=books.other_master, reason="no hay sustento", at=NOON)
    # A denied one may be asked for again, and what is undone is never undone again.
    await agreed(sessions, books, row.code)
    async with sessions.begin() as session:
        with pytest.raises(Conflict, match="ya está Aprobada"):
            await reversals.ask(session, row.code, actor=books.master, reason="otra vez", at=NOON)
        assert {one.amount for one in await movements.balances(session, until=DAY)} == {Decimal(0)}
        mine = select(AuditEntry.action).where(AuditEntry.entity_id == row.code)
        told = await session.scalars(mine.order_by(AuditEntry.id))
        actions = ["ask", "deny", "ask", "approve"]
        assert [one for one in told if "reversal" in one] == [f"operations.reversal_{one}" for one in actions]
        state = await session.scalar(select(Operation.state).where(Operation.code == row.code))
        assert state is not None
        assert await ledger.annul_operation(session, row.code, actor=books.master, day=DAY, reason="x") is None
