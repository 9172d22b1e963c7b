"""Operations as the books have them: what each exchanged and earned against the desk, and what was undone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from db import ledger
from db.tables import LedgerEntry, LedgerLine, Operation, User
from domain import ledger as d
from domain.ledger import Source
from domain.operations import Kind

ZERO = Decimal("0.00")


class Exchange(NamedTuple):
    """An operation in the books on the day that it counts. Of one that was undone, `undone`, everything is taken away.

    `usd` in dollars; `pen` and `margin` in soles; `rate` and `desk_rate` in PEN per USD.
    """

    id: int
    year: int
    number: int
    day: date
    undone: bool
    code: str
    kind: Kind
    client_id: int
    trader: str
    rate: Decimal
    desk_rate: Decimal | None
    usd: Decimal
    pen: Decimal
    margin: Decimal

    @property
    def entry(self) -> str:
        """The number of its entry, as people name it."""
        return ledger.named(self.year, self.number)


async def exchanges(
    session: AsyncSession, *, since: date, until: date, before: int | None = None, limit: int | None = None
) -> Sequence[Exchange]:
    """Operations and reversals between two days, newest first; `before` is the entry's id to go on from."""
    entry, row = LedgerEntry, Operation
    undone = entry.reverses_id.is_not(None)
    lines = select(func.coalesce(func.sum(LedgerLine.pen), ZERO)).where(LedgerLine.entry_id == entry.id)
    margin = lines.where(LedgerLine.account == d.POSITION_MARGIN).correlate(entry).scalar_subquery()
    query = (
        select(entry.id, entry.year, entry.number, entry.day, undone, row.code, row.kind, row.client_id)
        .add_columns(func.coalesce(User.full_name, ""), row.rate, row.desk_rate, row.amount_usd, row.amount_pen, margin)
        .join(row, row.code == entry.operation_code)
        .outerjoin(User, User.id == row.trader_id)
        .where(entry.source == Source.OPERACION, entry.day.between(since, until))
        .order_by(entry.id.desc())
    )
    if before is not None:
        query = query.where(entry.id < before)
    if limit is not None:
        query = query.limit(limit)
    return [_signed(Exchange(*found)) for found in (await session.execute(query)).all()]


def _signed(one: Exchange) -> Exchange:
    return one._replace(usd=-one.usd, pen=-one.pen) if one.undone else one
