"""How the books are answered: the plan, months, the daily book and one entry, with people by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from api.staff.shapes import Answer, Money
from db import accounting, approvals, ledger, users
from db.accounting import ZERO, BookLine
from db.tables import Approval, LedgerEntry, LedgerPeriod
from domain.approvals import ApprovalKind
from domain.ledger import Source
from domain.money import Currency


class AccountView(Answer):
    """An account of the plan."""

    code: str
    name: str
    active: bool


class Chart(Answer):
    """The plan of accounts."""

    items: list[AccountView]


class WaitingView(Answer):
    """What somebody asked and waits for a second person."""

    approval_id: int
    reason: str
    requested_by: int
    requester: str
    requested_at: datetime


class PeriodView(Answer):
    """A month that was closed at some time."""

    year: int
    month: int
    closed: bool
    reason: str
    at: datetime
    by: str
    waiting: WaitingView | None


class PeriodList(Answer):
    """Months, newest first; a month that is not here is open. `since`: the first day with an entry."""

    items: list[PeriodView]
    since: date | None


class BookLineView(Answer):
    """A line of the daily book; `pen` is its worth in soles, debe when positive."""

    id: int
    entry: str
    entry_id: int
    day: date
    source: Source
    annulment: bool
    words: str
    operation_code: str | None
    account: str
    account_name: str
    bank: str
    currency: Currency
    amount: Money
    debit: Money
    credit: Money

    @classmethod
    def of(cls, row: BookLine) -> BookLineView:
        """A line of the books with its two sides."""
        own = {name: getattr(row, name) for name in cls.model_fields.keys() - {"debit", "credit"}}
        return cls(**own, debit=max(row.pen, ZERO), credit=max(-row.pen, ZERO))


class Book(Answer):
    """A page of the daily book, newest first."""

    items: list[BookLineView]
    next_cursor: str | None


class EntryView(Answer):
    """An entry. `annuls` and `annulled_by` name the other of a pair; `waiting`: somebody asked to annul it."""

    id: int
    entry: str
    day: date
    source: Source
    words: str
    operation_code: str | None
    made_by: str
    at: datetime
    lines: list[BookLineView]
    debit: Money
    credit: Money
    annuls: str
    annulled_by: str
    waiting: WaitingView | None


async def entry_view(session: AsyncSession, row: LedgerEntry) -> EntryView:
    """An entry with everything about it."""
    people = await users.names(session)
    lines = [BookLineView.of(one) for one in await accounting.entry_lines(session, row.id)]
    origin = await session.get(LedgerEntry, row.reverses_id) if row.reverses_id is not None else None
    mirror = await ledger.mirror_of(session, row.id)
    asked = await approvals.waiting(session, ApprovalKind.ANULAR_ASIENTO, [{"entry_id": row.id}])
    return EntryView(
        id=row.id,
        entry=ledger.number_of(row),
        day=row.day,
        source=row.source,
        words=row.words,
        operation_code=row.operation_code,
        made_by=people.get(row.user_id or 0, ""),
        at=row.at,
        lines=lines,
        debit=sum((one.debit for one in lines), ZERO),
        credit=sum((one.credit for one in lines), ZERO),
        annuls=ledger.number_of(origin) if origin else "",
        annulled_by=ledger.number_of(mirror) if mirror else "",
        waiting=_waiting(asked[0], people) if asked else None,
    )


async def period_views(session: AsyncSession, rows: Sequence[LedgerPeriod]) -> list[PeriodView]:
    """Months with who closed or reopened them, and who asked to."""
    people = await users.names(session)
    keys = [{"year": row.year, "month": row.month} for row in rows]
    asked = await approvals.waiting(session, ApprovalKind.REABRIR_PERIODO, keys)
    of_month = {(one.asked["year"], one.asked["month"]): one for one in asked}
    return [_period(row, people, of_month.get((row.year, row.month))) for row in rows]


def _period(row: LedgerPeriod, people: Mapping[int, str], asked: Approval | None) -> PeriodView:
    return PeriodView(
        year=row.year,
        month=row.month,
        closed=row.closed,
        reason=row.reason,
        at=row.at,
        by=people.get(row.user_id, ""),
        waiting=_waiting(asked, people) if asked else None,
    )


def _waiting(asked: Approval, people: Mapping[int, str]) -> WaitingView:
    return WaitingView(
        approval_id=asked.id,
        reason=asked.reason,
        requested_by=asked.requested_by,
        requester=people.get(asked.requested_by, ""),
        requested_at=asked.requested_at,
    )
