"""Whatever happens in a house, its books tie: sequences of events on a real database, checked after each of them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import TypeVar

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from db import accounting, control, ledger_days, movements, netting, position, reversals, settlement
from db.session import Sessions
from db.tables import LedgerLine, Operation
from domain.accounts import Bank
from domain.errors import Missing, Refused
from domain.ledger import margin
from domain.money import Currency
from domain.movements import Movement, MovementKind
from domain.operations import Kind
from tests.books import NOON, Books, open_books

DAY = date(2026, 11, 25)
BANKS = (Bank.BCP, Bank.INTERBANK)

Thing = TypeVar("Thing")

usd = st.decimals("1", "9000", places=2)
rate = st.decimals("3.6000", "3.9000", places=4)
event = st.one_of(
    st.tuples(
        st.just("completed"),
        st.sampled_from(Kind),
        usd,
        st.tuples(rate, rate),
        st.sampled_from(BANKS),
        st.integers(0, 2),
    ),
    st.tuples(st.just("cancelled"), st.sampled_from(Kind), usd),
    st.tuples(st.just("reversed"), st.integers(0, 20)),
    st.tuples(st.just("matched"), st.integers(0, 20), st.integers(0, 20), usd),
    st.tuples(st.just("annulled"), st.integers(0, 20)),
    st.tuples(st.just("transferred"), st.sampled_from(Currency), st.decimals("1", "2000", places=2)),
    st.tuples(st.just("adjusted"), st.sampled_from(Currency), st.decimals("-50", "50", places=2)),
    st.tuples(st.just("settled again"), st.integers(0, 20)),
    st.tuples(st.just("rolled up")),
)


@dataclass
class Story:
    """A house living through events; what is refused leaves nothing behind."""

    session: AsyncSession
    books: Books
    completed: list[str] = field(default_factory=list)
    undone: set[str] = field(default_factory=set)
    matches: list[int] = field(default_factory=list)
    number: int = 0

    async def live(self, happening: tuple[object, ...]) -> None:
        name, *told = happening
        doing: Callable[..., object] = getattr(self, f"_{str(name).replace(' ', '_')}")
        try:
            async with self.session.begin_nested():
                await doing(*told)  # type: ignore[misc]
        except Refused:
            return

    async def _completed(
        self, kind: Kind, amount: Decimal, rates: tuple[Decimal, Decimal], bank: Bank, ago: int
    ) -> None:
        at, desk = rates
        when = NOON - timedelta(days=ago)
        row = await self.books.completed(
            self.session, kind, str(amount), str(at), desk=str(desk), bank=bank, at=when, trader=self.books.trader
        )
        self.completed.append(row.code)

    async def _cancelled(self, kind: Kind, amount: Decimal) -> None:
        row = await self.books.completed(self.session, kind, str(amount), "3.7500", settle=False)
        await self.session.execute(text("UPDATE operations SET state = 'Cancelado' WHERE id = :id"), {"id": row.id})

    async def _reversed(self, place: int) -> None:
        code = self._any(self.completed, place)
        asked = await reversals.ask(self.session, code, actor=self.books.master, reason="reversa", at=NOON)
        await reversals.approve(self.session, asked.id, actor=self.books.other_master, at=NOON)
        self.undone.add(code)

    async def _matched(self, buy: int, sell: int, amount: Decimal) -> None:
        codes = self._any(self.completed, buy), self._any(self.completed, sell)
        row = await netting.match(self.session, *codes, amount, actor=self.books.master, at=NOON)
        self.matches.append(row.id)

    async def _annulled(self, place: int) -> None:
        match = self._any(self.matches, place)
        await netting.annul(self.session, match, actor=self.books.master, at=NOON, reason="mal calce")

    async def _transferred(self, currency: Currency, amount: Decimal) -> None:
        ids = [self.books.account(bank, currency) for bank in BANKS]
        await self._register(MovementKind.TRANSFERENCIA, ids[0], amount, target_id=ids[1], fee=Decimal("1.10"))

    async def _adjusted(self, currency: Currency, amount: Decimal) -> None:
        await self._register(MovementKind.AJUSTE, self.books.account(Bank.BCP, currency), amount)

    async def _register(self, kind: MovementKind, account: int, amount: Decimal, **told: object) -> None:
        self.number += 1
        movement = Movement(
            kind=kind,
            key=f"{self.number}",
            house_account_id=account,
            amount=amount,
            day=DAY,
            reason="prueba",
            **told,  # type: ignore[arg-type]
        )
        await movements.register(self.session, movement, actor=self.books.master, at=NOON)

    async def _settled_again(self, place: int) -> None:
        await settlement.settle(self.session, self._any(self.completed, place), at=NOON)

    async def _rolled_up(self) -> None:
        await ledger_days.roll_up(self.session, at=NOON)

    def _any(self, things: list[Thing], place: int) -> Thing:
        if not things:
            raise Missing("NOTHING", "No hay nada todavía.")
        return things[place % len(things)]


async def check(story: Story) -> None:
    """All that must hold, whatever happened."""
    session = story.session
    await session.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
    lines = (await session.scalars(select(LedgerLine))).all()
    held = await movements.balances(session, until=DAY)
    # The balances by day are the sum of the lines, whenever they were rolled up.
    for one in held:
        assert one.amount == sum(line.amount for line in lines if line.house_account_id == one.account.id)
    # The cash of the ledger is the treasury's.
    codes = {one.account.ledger_account for one in held}
    assert sum(line.pen for line in lines if line.account in codes) == sum(one.pen for one in held)
    assert await control.untied(session, until=DAY) == []
    # What operations earned is what the books say that they earned, and the position is theirs.
    rows = (await session.scalars(select(Operation).where(Operation.code.in_(story.completed)))).all()
    standing = [row for row in rows if row.code not in story.undone]
    earned = sum(
        (margin(row.kind, row.amount_usd, row.amount_pen, row.desk_rate or row.rate) for row in standing), Decimal(0)
    )
    assert (await accounting.income(session, since=date(2026, 1, 1), until=DAY)).margin == earned
    bought = sum(row.amount_usd * (1 if row.kind is Kind.COMPRA else -1) for row in standing)
    assert (await position.standing(session, day=DAY)).position.open_usd == bought
    assert await position.ledger_position(session, until=DAY) == bought
    # No operation is matched beyond what it has.
    taken: dict[str, Decimal] = {}
    for match in await netting.matches(session):
        for code in (match.buy_code, match.sell_code):
            taken[code] = taken.get(code, Decimal(0)) + match.usd
    assert all(taken.get(row.code, Decimal(0)) <= row.amount_usd for row in rows)
    assert not taken.keys() & story.undone


class Enough(Exception):
    """Rolls the example back, so that the next one finds the house as new."""


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(happenings=st.lists(event, min_size=1, max_size=10))
async def test_whatever_happens_the_books_tie(sessions: Sessions, happenings: list[tuple[object, ...]]) -> None:
    """F215, F221, F224, F228, F245: completed, cancelled, reversed, matched, annulled, transferred, adjusted."""
    with contextlib.suppress(Enough):
        async with sessions.begin() as session:
            story = Story(session, await open_books(session))
            for happening in happenings:
                await story.live(happening)
            await check(story)
            # The example is rolled back, and what the database refuses at commit must speak before.
            await session.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
            raise Enough
