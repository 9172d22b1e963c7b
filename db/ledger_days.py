"""Balances by day without adding up years of lines: what the roll-up holds, and the lines that came after it.

The mark is the last line rolled up. Ids are given before a transaction commits, so the roll-up takes the mark under a
lock that waits for whoever is writing: no line below the mark can appear later, whatever its day is (F245).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from domain.ledger import Source
from domain.money import Currency
from domain.position import DaySums

ZERO = Decimal("0.00")

_GROUPED = """
    SELECT e.day, l.account, coalesce(l.house_account_id, 0) AS house_account_id, l.currency, e.source,
           e.reverses_id IS NOT NULL AS mirrored,
           coalesce(sum(l.amount) FILTER (WHERE l.amount > 0), 0) AS debit,
           coalesce(-sum(l.amount) FILTER (WHERE l.amount < 0), 0) AS credit,
           coalesce(sum(l.pen) FILTER (WHERE l.pen > 0), 0) AS pen_debit,
           coalesce(-sum(l.pen) FILTER (WHERE l.pen < 0), 0) AS pen_credit,
           count(*) AS lines
    FROM ledger_lines l JOIN ledger_entries e ON e.id = l.entry_id
"""
_ROLL = text(f"""
    INSERT INTO ledger_days AS d (day, account, house_account_id, currency, source, mirrored,
                                  debit, credit, pen_debit, pen_credit, lines)
    {_GROUPED} WHERE l.id > :after AND l.id <= :upto GROUP BY 1, 2, 3, 4, 5, 6
    ON CONFLICT (day, account, house_account_id, currency, source, mirrored) DO UPDATE SET
        debit = d.debit + excluded.debit, credit = d.credit + excluded.credit,
        pen_debit = d.pen_debit + excluded.pen_debit, pen_credit = d.pen_credit + excluded.pen_credit,
        lines = d.lines + excluded.lines
""")
# One statement reads both, so that a roll-up in between moves a line from one side to the other and loses none:
# ledger_tail(), made by the migration, are the lines after the mark, in the same snapshot.
_READ = """
    SELECT day, account, house_account_id, currency, source, mirrored,
           sum(debit), sum(credit), sum(pen_debit), sum(pen_credit), sum(lines)
    FROM (
        SELECT * FROM ledger_days
        UNION ALL
        SELECT * FROM ledger_tail()
    ) AS both_sides
    WHERE day <= :until AND day >= :since
    GROUP BY 1, 2, 3, 4, 5, 6
"""
_ALL = text(_READ)
_TOTALS = text(
    f"""
    SELECT max(day), account, house_account_id, currency, min(source), false,
           sum(debit), sum(credit), sum(pen_debit), sum(pen_credit), sum(lines)
    FROM ({_READ}) AS days
      (day, account, house_account_id, currency, source, mirrored, debit, credit, pen_debit, pen_credit, lines)
    GROUP BY account, house_account_id, currency
    """  # noqa: S608 - made of constants
)
# A mirror of a Compra stands on the side of Ventas: it is a Compra less, not a Venta.
_EXCHANGED = text(
    """
    SELECT day,
           sum(CASE WHEN account <> '1038' THEN 0 WHEN mirrored THEN -debit ELSE credit END),
           sum(CASE WHEN account <> '1039' THEN 0 WHEN mirrored THEN -credit ELSE debit END),
           sum(CASE WHEN account <> '1038' THEN 0 WHEN mirrored THEN -credit ELSE debit END),
           sum(CASE WHEN account <> '1039' THEN 0 WHEN mirrored THEN -debit ELSE credit END),
           sum(CASE WHEN account <> '1037' THEN 0 ELSE pen_debit - pen_credit END),
           sum(CASE WHEN account <> '1038' THEN 0 WHEN mirrored THEN -lines ELSE lines END)
    FROM (
        SELECT * FROM ledger_days
        UNION ALL
        SELECT * FROM ledger_tail()
    ) AS both_sides
    WHERE day <= :until AND day >= :since AND source = 'operacion' AND account IN ('1037', '1038', '1039')
      AND (:mirrors OR NOT mirrored)
    GROUP BY day ORDER BY day
    """
)


@dataclass(frozen=True, kw_only=True)
class Sum:
    """What a kind of line adds up to on a day. `amount` in `currency`, `pen` in soles; debe less haber."""

    day: date
    account: str
    house_account_id: int
    currency: Currency
    source: Source
    mirrored: bool
    debit: Decimal
    credit: Decimal
    pen_debit: Decimal
    pen_credit: Decimal
    lines: int

    @property
    def amount(self) -> Decimal:
        """Debe less haber, in its currency."""
        return self.debit - self.credit

    @property
    def pen(self) -> Decimal:
        """Debe less haber, in soles."""
        return self.pen_debit - self.pen_credit


@dataclass(frozen=True, kw_only=True)
class Balance:
    """A balance in its currency and in soles."""

    amount: Decimal = ZERO
    pen: Decimal = ZERO


class Sums:
    """Sums by day, and the balances that they make."""

    def __init__(self, rows: Iterable[Sum]) -> None:
        """Keep them all."""
        self.rows = list(rows)

    def __iter__(self) -> Iterator[Sum]:
        """Each of them."""
        return iter(self.rows)

    def where(self, holds: Callable[[Sum], bool]) -> Balance:
        """The balance of those for which it holds."""
        chosen = [row for row in self.rows if holds(row)]
        return Balance(amount=sum((r.amount for r in chosen), ZERO), pen=sum((r.pen for r in chosen), ZERO))

    def of(self, house_account_id: int) -> Balance:
        """The balance of a bank account."""
        return self.where(lambda row: row.house_account_id == house_account_id)

    def account(self, code: str) -> Balance:
        """The balance of an account of the plan; of one currency, or its soles."""
        return self.where(lambda row: row.account == code)


async def balances(session: AsyncSession, *, until: date, since: date = date.min) -> Sums:
    """What each account adds up to between two Lima days, both included; days and sources are not told apart."""
    return await _read(session, _TOTALS, since, until)


async def by_day(session: AsyncSession, *, until: date, since: date = date.min) -> Sums:
    """Every sum of every day between two Lima days, both included."""
    return await _read(session, _ALL, since, until)


@dataclass(frozen=True, kw_only=True)
class Exchanged:
    """What operations did to the position on a day, and the margin (PEN) that they earned against the desk."""

    sums: DaySums
    margin: Decimal


async def exchanged(
    session: AsyncSession, *, until: date, since: date = date.min, mirrors: bool = True
) -> list[Exchanged]:
    """What operations did, by Lima day; annulments take away what was done, on their own day, unless they are left out.

    A row a day: years of them are read each time that somebody looks at the position.
    """
    rows = await session.execute(_EXCHANGED, {**_bounds(since, until), "mirrors": mirrors})
    return [
        Exchanged(
            sums=DaySums(
                day=day,
                bought_usd=bought_usd,
                bought_pen=bought_pen,
                sold_usd=sold_usd,
                sold_pen=sold_pen,
                operations=int(operations),
            ),
            margin=margin,
        )
        for day, bought_usd, bought_pen, sold_usd, sold_pen, margin, operations in rows
    ]


def _bounds(since: date, until: date) -> dict[str, date]:
    # date.min is beyond what PostgreSQL takes; the house is younger than this.
    return {"since": max(since, date(1900, 1, 1)), "until": until}


async def _read(session: AsyncSession, statement: object, since: date, until: date) -> Sums:
    rows = await session.execute(statement, _bounds(since, until))  # type: ignore[call-overload]
    return Sums(
        Sum(
            day=day,
            account=account,
            house_account_id=house,
            currency=Currency(currency),
            source=Source(source),
            mirrored=mirrored,
            debit=debit,
            credit=credit,
            pen_debit=pen_debit,
            pen_credit=pen_credit,
            lines=lines,
        )
        for day, account, house, currency, source, mirrored, debit, credit, pen_debit, pen_credit, lines in rows
    )


async def roll_up(session: AsyncSession, *, at: datetime) -> int:
    """Add what was posted since the last time; answers how many lines."""
    # One at a time, on the mark; then wait for whoever is posting, read the last line, and let the others go on.
    after = (await session.execute(text("SELECT last_line_id FROM ledger_mark FOR UPDATE"))).scalar_one()
    upto = await _last_line(session)
    if upto == after:
        return 0
    await session.execute(_ROLL, {"after": after, "upto": upto})
    await session.execute(text("UPDATE ledger_mark SET last_line_id = :upto, at = :at"), {"upto": upto, "at": at})
    return int(upto - after)


async def _last_line(session: AsyncSession) -> int:
    """The highest line below which nothing is still being written.

    The lock lasts to the end of the transaction that takes it: a savepoint that is rolled back gives it back at once.
    """
    async with session.begin_nested() as moment:
        await session.execute(text("LOCK TABLE ledger_lines IN SHARE MODE"))
        last = (await session.execute(text("SELECT coalesce(max(id), 0) FROM ledger_lines"))).scalar_one()
        await moment.rollback()
    return int(last)


async def recompute(session: AsyncSession, *, at: datetime) -> None:
    """Make the sums anew from every line; the nightly check compares, and this mends."""
    await session.execute(text("DELETE FROM ledger_days"))
    await session.execute(text("UPDATE ledger_mark SET last_line_id = 0, at = :at"), {"at": at})
    await roll_up(session, at=at)
