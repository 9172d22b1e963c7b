"""Posting to the books, annulling, and closing months. Every posting of the house goes through `post`."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import func, or_, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from db import audit
from db.ledger_days import balances
from db.tables import HouseAccount, LedgerAccount, LedgerEntry, LedgerLine, LedgerPeriod, Match, Operation
from domain import ledger
from domain.calendar import format_day
from domain.errors import Conflict, Missing
from domain.ledger import Entry, Held, Line, Source, Till
from domain.money import Currency
from domain.operations import Actor, ActorKind, FieldChange

CLOSED_PERIOD = "QC001"  # what the trigger of ledger_entries answers
UNIQUE = "23505"  # the same key, at the same instant, from another connection

# Number, entry and lines in one statement: the year's row stays locked for one round trip and the commit.
_POST = text("""
WITH taken AS (
    INSERT INTO ledger_years (year, last_number) VALUES (:year, 1)
    ON CONFLICT (year) DO UPDATE SET last_number = ledger_years.last_number + 1
    RETURNING last_number
), entry AS (
    INSERT INTO ledger_entries (year, number, day, source, key, words, operation_code, reverses_id, user_id)
    SELECT :year, last_number, :day, :source, :key, :words, :operation_code, :reverses_id, :user_id FROM taken
    RETURNING id
), lines AS (
    INSERT INTO ledger_lines (entry_id, account, currency, amount, pen, house_account_id)
    SELECT entry.id, line.account, line.currency, line.amount, line.pen, line.house
    FROM entry, unnest(CAST(:accounts AS text[]), CAST(:currencies AS text[]), CAST(:amounts AS numeric[]),
                       CAST(:pens AS numeric[]), CAST(:houses AS bigint[]))
         WITH ORDINALITY AS line(account, currency, amount, pen, house, place)
    ORDER BY line.place
)
SELECT id FROM entry
""")
_POSTED = text("SELECT id FROM ledger_entries WHERE key = :key")


def till_of(account: HouseAccount) -> Till:
    """A bank account as the ledger names it."""
    return Till(currency=account.currency, account=account.ledger_account, house_account_id=account.id)


async def post(session: AsyncSession, entry: Entry, *, actor: Actor, reverses_id: int | None = None) -> int:
    """Write an entry once; its id. The same key again changes nothing.

    Raises Conflict in a closed month (F227), where nothing is silently left out, and for a key that another connection
    is posting at this very instant.
    """
    known: int | None = await session.scalar(_POSTED, {"key": entry.key})
    if known is not None:
        return known
    values = {
        "year": entry.day.year,
        "day": entry.day,
        "source": entry.source.value,
        "key": entry.key,
        "words": entry.words,
        "operation_code": entry.operation_code,
        "reverses_id": reverses_id,
        "user_id": actor.id if actor.kind is ActorKind.STAFF else None,
        **_columns(entry),
    }
    try:
        found: int | None = await session.scalar(_POST, values)
    except DBAPIError as error:
        state = getattr(error.orig, "sqlstate", None)
        if state == CLOSED_PERIOD:
            words = f"El mes {entry.day:%m/%Y} está cerrado. Reábrelo o usa otra fecha."
            raise Conflict("PERIOD_CLOSED", words) from error
        if state == UNIQUE:
            raise Conflict("ENTRY_POSTED", "Esto se acaba de registrar: vuelve a abrir la lista.") from error
        raise
    assert found is not None, "the statement answers the entry that it wrote"
    return found


def _columns(entry: Entry) -> dict[str, object]:
    return {
        "accounts": [line.account for line in entry.lines],
        "currencies": [line.currency.value for line in entry.lines],
        "amounts": [line.amount for line in entry.lines],
        "pens": [line.pen for line in entry.lines],
        "houses": [line.house_account_id for line in entry.lines],
    }


async def posted_entry(session: AsyncSession, entry_id: int) -> tuple[LedgerEntry, Entry]:
    """An entry as it stands in the books: the row, and the domain's. Raises Missing."""
    row = await session.get(LedgerEntry, entry_id)
    if row is None:
        raise Missing("ENTRY_UNKNOWN", "No existe ese asiento.")
    lines = await session.scalars(select(LedgerLine).where(LedgerLine.entry_id == row.id).order_by(LedgerLine.id))
    return row, Entry(
        source=row.source,
        key=row.key,
        day=row.day,
        words=row.words,
        operation_code=row.operation_code,
        lines=tuple(as_line(line) for line in lines),
    )


def as_line(row: LedgerLine) -> Line:
    """A row as a domain line."""
    return Line(
        account=row.account,
        currency=row.currency,
        amount=row.amount,
        pen=row.pen,
        house_account_id=row.house_account_id,
    )


async def annul(session: AsyncSession, entry_id: int, *, actor: Actor, day: date, reason: str) -> int:
    """Post the mirror of an entry, on a day that is open; the mirror's id. Its movements go back with it.

    Raises:
        Missing: there is no such entry.
        Conflict: it is a mirror itself, it has one already (F219), or the month of `day` is closed.
    """
    row, entry = await posted_entry(session, entry_id)
    await check_annullable(session, row)
    turned = ledger.mirror(entry, key=f"extorno:{row.id}", day=day, words=f"Extorno de {number_of(row)}: {reason}")
    made = await post(session, turned, actor=actor, reverses_id=row.id)
    audit.record(session, actor=actor, action="ledger.annul", entity="ledger_entry", entity_id=row.id, reason=reason)
    return made


async def check_annullable(session: AsyncSession, row: LedgerEntry) -> None:
    """Raises Conflict for a mirror, and for an entry that has one already (F219)."""
    if row.reverses_id is not None:
        raise Conflict("ENTRY_IS_MIRROR", "Un extorno no se anula. Registra el asiento correcto de nuevo.")
    if await mirror_of(session, row.id) is not None:
        raise Conflict("ENTRY_ANNULLED", f"{number_of(row)} ya está anulado.")


async def mirror_of(session: AsyncSession, entry_id: int) -> LedgerEntry | None:
    """The entry that annuls it, if one does."""
    return await session.scalar(select(LedgerEntry).where(LedgerEntry.reverses_id == entry_id))


async def entry_by_number(session: AsyncSession, number: str) -> LedgerEntry:
    """An entry as people name it, `AS-2026-0042`. Raises Missing."""
    _, year, within = number.split("-")
    wanted = select(LedgerEntry).where(LedgerEntry.year == int(year), LedgerEntry.number == int(within))
    row = await session.scalar(wanted)
    if row is None:
        raise Missing("ENTRY_UNKNOWN", "No existe ese asiento.")
    return row


async def first_day(session: AsyncSession) -> date | None:
    """The first day with an entry; None while the books are empty."""
    return await session.scalar(select(func.min(LedgerEntry.day)))


async def annul_operation(session: AsyncSession, code: str, *, actor: Actor, day: date, reason: str) -> int | None:
    """Undo what `settle` posted of an operation; once. None when it has no entry that stands.

    Raises Conflict while a match stands on it: those are annulled first.
    """
    matched = select(Match.id).where(or_(Match.buy_code == code, Match.sell_code == code), Match.annulled_at.is_(None))
    # Whoever matches holds the operation's row: a match that is being made is seen, or finds the operation undone.
    await session.execute(select(Operation.id).where(Operation.code == code).with_for_update())
    if await session.scalar(matched.limit(1)):
        raise Conflict("OPERATION_MATCHED", f"{code} tiene calces: anúlalos primero.")
    wanted = select(LedgerEntry.id).where(LedgerEntry.operation_code == code, LedgerEntry.source == Source.OPERACION)
    found = await session.scalar(wanted.where(LedgerEntry.reverses_id.is_(None)))
    if found is None or await session.scalar(select(LedgerEntry.id).where(LedgerEntry.reverses_id == found)):
        return None
    return await annul(session, found, actor=actor, day=day, reason=reason)


def number_of(row: LedgerEntry) -> str:
    """An entry as people name it."""
    return named(row.year, row.number)


def named(year: int, number: int) -> str:
    """`AS-2026-0042`."""
    return f"AS-{year}-{number:04}"


async def close_period(session: AsyncSession, year: int, month: int, *, actor: Actor, at: datetime) -> LedgerPeriod:
    """Nothing more is posted in this month. Raises Conflict when it is closed already."""
    # Whoever is posting commits first; whoever posts after sees the month closed.
    await session.execute(text("LOCK TABLE ledger_entries IN SHARE MODE"))
    return await _set_period(session, year, month, closed=True, actor=actor, at=at, reason="Cierre de mes")


async def reopen_period(
    session: AsyncSession, year: int, month: int, *, actor: Actor, at: datetime, reason: str
) -> LedgerPeriod:
    """Post in it again; the second person has agreed. Raises Conflict when it is open."""
    return await _set_period(session, year, month, closed=False, actor=actor, at=at, reason=reason)


async def _set_period(
    session: AsyncSession, year: int, month: int, *, closed: bool, actor: Actor, at: datetime, reason: str
) -> LedgerPeriod:
    row = await session.get(LedgerPeriod, (year, month), with_for_update=True)
    if (row is not None and row.closed) == closed:
        raise Conflict("PERIOD_STATE", f"El mes {month:02}/{year} ya está {'cerrado' if closed else 'abierto'}.")
    if row is None:
        row = LedgerPeriod(year=year, month=month)
        session.add(row)
    row.closed, row.user_id, row.at, row.reason = closed, actor.id, at, reason
    change = FieldChange(field="closed", before=str(not closed), after=str(closed))
    audit.record(
        session,
        actor=actor,
        action="ledger.close_period" if closed else "ledger.reopen_period",
        entity="ledger_period",
        entity_id=f"{year}-{month:02}",
        changes=[change],
        reason=reason,
    )
    return row


async def check_closed(session: AsyncSession, year: int, month: int) -> None:
    """Raises Conflict for a month that is open: there is nothing to reopen."""
    row = await session.get(LedgerPeriod, (year, month))
    if row is None or not row.closed:
        raise Conflict("PERIOD_STATE", f"El mes {month:02}/{year} está abierto.")


async def periods(session: AsyncSession) -> list[LedgerPeriod]:
    """Months that were closed at some time, newest first."""
    wanted = select(LedgerPeriod).order_by(LedgerPeriod.year.desc(), LedgerPeriod.month.desc())
    return list((await session.scalars(wanted)).all())


async def revalue(session: AsyncSession, *, day: date, rate: Decimal, actor: Actor) -> int | None:
    """Bring every dollar account to the closing rate of a day, from posted balances only; None when nothing changes.

    What was bought at one price and sold at another shows here as difference of exchange, realised or not.
    """
    dollars = select(HouseAccount).where(HouseAccount.currency == Currency.USD)
    accounts = (await session.scalars(dollars.order_by(HouseAccount.id))).all()
    sums = await balances(session, until=day)
    held = [Held(till=till_of(one), usd=sums.of(one.id).amount, pen=sums.of(one.id).pen) for one in accounts]
    loose = sums.account(ledger.UNALLOCATED_USD)
    held.append(Held(till=ledger.unallocated(Currency.USD), usd=loose.amount, pen=loose.pen))
    words = f"Diferencia de cambio al {format_day(day)}, cierre {rate:.4f}"
    entry = ledger.revaluation(held, key=f"revaluacion:{day}:{rate:.4f}", day=day, rate=rate, words=words)
    if entry is None:
        return None
    made = await post(session, entry, actor=actor)
    audit.record(session, actor=actor, action="ledger.revalue", entity="ledger_entry", entity_id=made, reason=words)
    return made


async def chart(session: AsyncSession) -> list[LedgerAccount]:
    """The accounts of the plan, by code."""
    return list((await session.scalars(select(LedgerAccount).order_by(LedgerAccount.code))).all())


async def add_account(session: AsyncSession, code: str, name: str, *, actor: Actor) -> LedgerAccount:
    """A new account of the plan. Raises Conflict for a code that is there."""
    if await session.get(LedgerAccount, code):
        raise Conflict("ACCOUNT_THERE", f"La cuenta {code} ya existe.", field="code")
    row = LedgerAccount(code=code, name=name, active=True)
    session.add(row)
    audit.record(session, actor=actor, action="ledger.add_account", entity="ledger_account", entity_id=code)
    return row


async def postable(session: AsyncSession, code: str) -> LedgerAccount:
    """An account that people may post to. Raises Missing; those of the position are only posted by operations."""
    row = await session.get(LedgerAccount, code)
    reserved = {ledger.POSITION_MARGIN, ledger.POSITION_USD, ledger.POSITION_PEN, ledger.BANK_PEN, ledger.BANK_USD}
    if row is None or not row.active or code in reserved:
        raise Missing("ACCOUNT_UNKNOWN", "Elige una cuenta contable del plan.", field="counterpart")
    return row
