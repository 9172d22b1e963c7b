"""Reports of the books: daily book, ledger of an account, trial balance, results by day, trader, client and channel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, case, cast, func, select, tuple_
from sqlalchemy import Text as SqlText
from sqlalchemy.ext.asyncio import AsyncSession

from db import ledger, ledger_days
from db.tables import HouseAccount, LedgerAccount, LedgerEntry, LedgerLine, Operation, User
from domain import ledger as d
from domain.errors import Missing
from domain.ledger import Source
from domain.money import Currency

ZERO = Decimal("0.00")


class BookLine(NamedTuple):
    """A line of the daily book. `amount` in `currency`, `pen` in soles: positive is debe. A month has a great many."""

    id: int
    entry_id: int
    year: int
    number: int
    day: date
    source: Source
    annulment: bool
    words: str
    operation_code: str | None
    account: str
    account_name: str
    bank: str
    currency: Currency
    amount: Decimal
    pen: Decimal

    @property
    def entry(self) -> str:
        """The number of its entry, as people name it."""
        return ledger.named(self.year, self.number)


async def daily_book(
    session: AsyncSession, *, since: date, until: date, before: int | None = None, limit: int | None = None
) -> Sequence[BookLine]:
    """Every line between two days, newest first; `before` is the line's id to go on from."""
    query = _book().where(LedgerEntry.day.between(since, until)).order_by(LedgerLine.id.desc())
    if before is not None:
        query = query.where(LedgerLine.id < before)
    if limit is not None:
        query = query.limit(limit)
    return [BookLine(*row) for row in (await session.execute(query)).all()]


async def entry_lines(session: AsyncSession, entry_id: int) -> Sequence[BookLine]:
    """The lines of one entry, as they were written."""
    query = _book().where(LedgerEntry.id == entry_id).order_by(LedgerLine.id)
    return [BookLine(*row) for row in (await session.execute(query)).all()]


def _book() -> Select[*tuple[Any, ...]]:
    """What a BookLine is made of."""
    entry, line = LedgerEntry, LedgerLine
    return (
        select(line.id, entry.id, entry.year, entry.number, entry.day, entry.source, entry.reverses_id.is_not(None))
        .add_columns(entry.words, entry.operation_code, line.account, LedgerAccount.name)
        .add_columns(func.coalesce(cast(HouseAccount.bank, SqlText), ""), line.currency, line.amount, line.pen)
        .join(entry, entry.id == line.entry_id)
        .join(LedgerAccount, LedgerAccount.code == line.account)
        .outerjoin(HouseAccount, HouseAccount.id == line.house_account_id)
    )


class AccountLine(NamedTuple):
    """A line of the ledger of an account. `amount` in `currency`, `pen` in soles; `balance` in PEN after it."""

    id: int
    year: int
    number: int
    day: date
    words: str
    operation_code: str | None
    currency: Currency
    amount: Decimal
    pen: Decimal
    balance: Decimal

    @property
    def entry(self) -> str:
        """The number of its entry, as people name it."""
        return ledger.named(self.year, self.number)

    @property
    def key(self) -> AccountKey:
        """Where a page that ends with this line goes on."""
        return AccountKey(self.day, self.id)


class AccountKey(NamedTuple):
    """A place in the ledger of an account: its lines go by day, and within one by the line's id."""

    day: date
    line_id: int


@dataclass(frozen=True, kw_only=True)
class AccountLedger:
    """An account between two days, or a page of it. Everything in PEN.

    `opening` and `closing` are of the period; `carried` is the balance before the first of these lines.
    """

    code: str
    name: str
    opening: Decimal
    debit: Decimal
    credit: Decimal
    closing: Decimal
    carried: Decimal
    lines: Sequence[AccountLine]


async def account_ledger(
    session: AsyncSession,
    code: str,
    *,
    since: date,
    until: date,
    past: AccountKey | None = None,
    limit: int | None = None,
) -> AccountLedger:
    """The ledger (mayor) of an account, in order of day; `past` is the line to go on from.

    No page reads the lines of the pages before it: their days are summed, and the last one up to its line.

    Raises:
        Missing: there is no such account.
    """
    account = await session.get(LedgerAccount, code)
    if account is None:
        raise Missing("ACCOUNT_UNKNOWN", "Esa cuenta no está en el plan.", field="code")
    before = await ledger_days.balances(session, until=since - timedelta(days=1))
    moved = [one for one in await ledger_days.balances(session, since=since, until=until) if one.account == code]
    opening, debit = before.account(code).pen, sum((one.pen_debit for one in moved), ZERO)
    credit = sum((one.pen_credit for one in moved), ZERO)
    carried = opening if past is None else await _balance_at(session, code, past)
    return AccountLedger(
        code=code,
        name=account.name,
        opening=opening,
        debit=debit,
        credit=credit,
        closing=opening + debit - credit,
        carried=carried,
        lines=await _account_lines(session, code, since=since, until=until, past=past, limit=limit, carried=carried),
    )


async def _balance_at(session: AsyncSession, code: str, past: AccountKey) -> Decimal:
    """The balance of an account right after one of its lines: the days before its own, and its own up to it."""
    days = await ledger_days.balances(session, until=past.day - timedelta(days=1))
    own = (
        select(func.coalesce(func.sum(LedgerLine.pen), ZERO))
        .join(LedgerEntry, LedgerEntry.id == LedgerLine.entry_id)
        .where(LedgerEntry.day == past.day, LedgerLine.account == code, LedgerLine.id <= past.line_id)
    )
    return days.account(code).pen + (await session.execute(own)).scalar_one()


async def _account_lines(
    session: AsyncSession,
    code: str,
    *,
    since: date,
    until: date,
    past: AccountKey | None,
    limit: int | None,
    carried: Decimal,
) -> list[AccountLine]:
    entry, line = LedgerEntry, LedgerLine
    query = (
        select(line.id, entry.year, entry.number, entry.day, entry.words, entry.operation_code)
        .add_columns(line.currency, line.amount, line.pen)
        .join(entry, entry.id == line.entry_id)
        .where(line.account == code, entry.day.between(since, until))
        .order_by(entry.day, line.id)
    )
    if past is not None:
        query = query.where(entry.day >= past.day, tuple_(entry.day, line.id) > tuple_(past.day, past.line_id))
    if limit is not None:
        query = query.limit(limit)
    lines, balance = [], carried
    for row in (await session.execute(query)).all():
        line_id, year, number, day, words, operation, money, amount, pen = row
        balance += pen
        lines.append(
            AccountLine(
                id=line_id,
                year=year,
                number=number,
                day=day,
                words=words,
                operation_code=operation,
                currency=money,
                amount=amount,
                pen=pen,
                balance=balance,
            )
        )
    return lines


@dataclass(frozen=True, kw_only=True)
class TrialLine:
    """An account of the trial balance, in PEN; `usd` is what a dollar account holds at the end."""

    code: str
    name: str
    opening: Decimal
    debit: Decimal
    credit: Decimal
    closing: Decimal
    usd: Decimal


async def trial_balance(session: AsyncSession, *, since: date, until: date) -> list[TrialLine]:
    """Opening, debe, haber and closing of every account that moved or holds something. It adds up to zero."""
    before = await ledger_days.balances(session, until=since - timedelta(days=1))
    within = await ledger_days.balances(session, since=since, until=until)
    names = {row.code: row.name for row in await session.scalars(select(LedgerAccount))}
    codes = sorted({one.account for one in (*before, *within)})
    lines = []
    for code in codes:
        opening = before.account(code).pen
        moved = [one for one in within if one.account == code]
        debit = sum((one.pen_debit for one in moved), ZERO)
        credit = sum((one.pen_credit for one in moved), ZERO)
        own = [one for one in (*before, *moved) if one.account == code and one.currency is Currency.USD]
        usd = sum((one.amount for one in own), ZERO)
        closing = opening + debit - credit
        lines.append(
            TrialLine(
                code=code, name=names[code], opening=opening, debit=debit, credit=credit, closing=closing, usd=usd
            )
        )
    return [line for line in lines if line.opening or line.debit or line.credit]


class Dimension(StrEnum):
    """What results are told apart by."""

    DAY = "dia"
    TRADER = "trader"
    CLIENT = "cliente"
    CHANNEL = "canal"


@dataclass(frozen=True, kw_only=True)
class Result:
    """What operations exchanged and earned against the desk (margin, PEN), from the books."""

    key: str
    label: str
    operations: int
    bought_usd: Decimal
    sold_usd: Decimal
    margin: Decimal


async def results(
    session: AsyncSession, by: Dimension, *, since: date, until: date, trader_id: int | None = None
) -> list[Result]:
    """Results between two days, annulments taken away on the day that they were made; one Trader's only, if named."""
    key, label = _DIMENSIONS[by]
    mirrored = LedgerEntry.reverses_id.is_not(None)
    sign = case((mirrored, -1), else_=1)
    usd = LedgerLine.account == d.POSITION_USD
    bought = usd & (LedgerLine.amount * sign < 0)
    sold = usd & (LedgerLine.amount * sign > 0)
    query = (
        select(
            cast(key, SqlText).label("of"),
            cast(func.coalesce(label, "Sin trader"), SqlText).label("named"),
            func.sum(case((usd, sign), else_=0)),
            func.coalesce(func.sum(case((bought, -LedgerLine.amount))), ZERO),
            func.coalesce(func.sum(case((sold, LedgerLine.amount))), ZERO),
            func.coalesce(func.sum(case((LedgerLine.account == d.POSITION_MARGIN, LedgerLine.pen))), ZERO),
        )
        .join(LedgerEntry, LedgerEntry.id == LedgerLine.entry_id)
        .join(Operation, Operation.code == LedgerEntry.operation_code)
        .outerjoin(User, User.id == Operation.trader_id)
        .where(LedgerEntry.source == Source.OPERACION, LedgerEntry.day.between(since, until))
        .where(LedgerLine.account.in_((d.POSITION_USD, d.POSITION_MARGIN)))
        .group_by("of", "named")
        .order_by("of")
    )
    if trader_id is not None:
        query = query.where(Operation.trader_id == trader_id)
    return [
        Result(key=k or "", label=name, operations=count, bought_usd=buys, sold_usd=sells, margin=margin)
        for k, name, count, buys, sells, margin in (await session.execute(query)).all()
    ]


_DIMENSIONS: dict[Dimension, tuple[ColumnElement[object], ColumnElement[object]]] = {
    Dimension.DAY: (LedgerEntry.day, cast(LedgerEntry.day, SqlText)),  # type: ignore[dict-item]
    Dimension.TRADER: (Operation.trader_id, User.full_name),  # type: ignore[dict-item]
    # By internal number: a report that travels by mail names no client.
    Dimension.CLIENT: (Operation.client_id, cast(Operation.client_id, SqlText)),  # type: ignore[dict-item]
    Dimension.CHANNEL: (Operation.origin, cast(Operation.origin, SqlText)),  # type: ignore[dict-item]
}


@dataclass(frozen=True, kw_only=True)
class Income:
    """The profit of a period as the books have it, in PEN; losses are losses, subtracted once (F222)."""

    margin: Decimal
    exchange: Decimal
    other_income: Decimal
    expenses: Decimal

    @property
    def net(self) -> Decimal:
        """What is left."""
        return self.margin + self.exchange + self.other_income - self.expenses


async def income(session: AsyncSession, *, since: date, until: date) -> Income:
    """Gains 200, losses 100 and expenses 415 are a net exchange of 100 and a result of −315 (F222)."""
    sums = await ledger_days.balances(session, since=since, until=until)

    def earned(*codes: str) -> Decimal:
        return -sum((sums.account(code).pen for code in codes), ZERO)

    exchange_accounts = {d.MARGIN_GAIN, d.MARGIN_LOSS, d.EXCHANGE_GAIN, d.EXCHANGE_LOSS}
    others = [one for one in sums if one.account not in exchange_accounts]
    return Income(
        margin=earned(d.MARGIN_GAIN, d.MARGIN_LOSS),
        exchange=earned(d.EXCHANGE_GAIN, d.EXCHANGE_LOSS),
        other_income=-sum((one.pen for one in others if one.account.startswith(d.INCOME)), ZERO),
        expenses=sum((one.pen for one in others if one.account.startswith(d.EXPENSES)), ZERO),
    )


@dataclass(frozen=True, kw_only=True)
class Holder:
    """Whose books these are: the house's registered name and RUC."""

    name: str
    ruc: str


async def holder(session: AsyncSession) -> Holder:
    """The house, as its bank accounts have it; both empty before the first account."""
    wanted = select(HouseAccount.holder, HouseAccount.holder_ruc).order_by(HouseAccount.id).limit(1)
    found = (await session.execute(wanted)).first()
    return Holder(name=found.holder, ruc=found.holder_ruc) if found else Holder(name="", ruc="")
