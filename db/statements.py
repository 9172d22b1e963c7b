"""Bank reconciliation: importing statements, matching them to movements, and what is left for a person.

Everything may be run again: the same file changes nothing, and matching only looks at what is not matched.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from sqlalchemy import Select, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.ext.asyncio import AsyncSession

from db import audit, house_accounts
from db.client_reads import display_name
from db.tables import (
    BankStatement,
    Client,
    Deposit,
    HouseAccount,
    LedgerEntry,
    LedgerLine,
    Operation,
    Payout,
    StatementLine,
    StatementMatch,
)
from domain import statements as d
from domain.errors import Conflict, Invalid, Missing
from domain.operations import Actor
from domain.statements import Layout, Outcome, StatementRow

MARGIN = timedelta(days=d.MOST_DAYS)
MOST_PARTS = 20


@dataclass(frozen=True, kw_only=True)
class Imported:
    """What a file brought: how many lines it has, and how many were new."""

    statement: BankStatement
    lines: int
    new: int


async def import_rows(
    session: AsyncSession,
    account_id: int,
    rows: Sequence[StatementRow],
    *,
    layout: Layout,
    file_name: str,
    content: bytes,
    actor: Actor,
) -> Imported:
    """Keep the lines of a file that are not there yet. The same file again brings nothing. Raises Missing."""
    account = await house_accounts.by_id(session, account_id)
    digest = hashlib.sha256(content).hexdigest()
    await session.execute(select(func.pg_advisory_xact_lock(account.id)))
    known = select(BankStatement).where(BankStatement.house_account_id == account.id, BankStatement.file_hash == digest)
    found = await session.scalar(known)
    if found is not None:
        return Imported(statement=found, lines=len(rows), new=0)
    statement = BankStatement(
        house_account_id=account.id,
        layout=layout,
        file_name=file_name[:200],
        file_hash=digest,
        first_day=min(row.day for row in rows),
        last_day=max(row.day for row in rows),
        user_id=actor.id,
    )
    session.add(statement)
    await session.flush()
    new = await _insert_lines(session, statement, rows)
    audit.record(
        session,
        actor=actor,
        action="statements.import",
        entity="bank_statement",
        entity_id=statement.id,
        reason=f"{len(rows)} líneas, {new} nuevas",
    )
    return Imported(statement=statement, lines=len(rows), new=new)


async def _insert_lines(session: AsyncSession, statement: BankStatement, rows: Sequence[StatementRow]) -> int:
    values = [
        {
            "statement_id": statement.id,
            "house_account_id": statement.house_account_id,
            "day": row.day,
            "amount": row.amount,
            "reference": row.reference[:100],
            "description": row.description[:300],
            "mark": hashlib.sha256(mark.encode()).hexdigest(),
        }
        for row, mark in zip(rows, d.marks(rows), strict=True)
    ]
    before = await _count_lines(session, statement.house_account_id)
    for start in range(0, len(values), 1000):
        made = postgresql_insert(StatementLine).values(values[start : start + 1000])
        await session.execute(made.on_conflict_do_nothing(index_elements=["house_account_id", "mark"]))
    return await _count_lines(session, statement.house_account_id) - before


async def _count_lines(session: AsyncSession, account_id: int) -> int:
    wanted = select(func.count()).select_from(StatementLine).where(StatementLine.house_account_id == account_id)
    return await session.scalar(wanted) or 0


async def reconcile(session: AsyncSession, account_id: int) -> Outcome:
    """Match by itself what is sure in an account; the rest are suggestions, kept nowhere."""
    await session.execute(select(func.pg_advisory_xact_lock(account_id)))
    lines = [_line(row) for row in await unmatched_lines(session, account_id)]
    if not lines:
        return Outcome(matched=(), suggested=())
    since, until = min(line.day for line in lines) - MARGIN, max(line.day for line in lines) + MARGIN
    outcome = d.match(lines, await _movements(session, account_id, since, until))
    values = [
        {"statement_line_id": one.line_id, "ledger_line_id": one.movement_id, "score": one.score}
        for one in outcome.matched
    ]
    if values:
        await session.execute(insert(StatementMatch), values)
    return outcome


def _line(row: StatementLine) -> d.Line:
    return d.Line(id=row.id, day=row.day, amount=row.amount, reference=row.reference, description=row.description)


def _unmatched(account_id: int) -> Select[StatementLine]:
    standing = _standing().where(StatementMatch.statement_line_id == StatementLine.id)
    return select(StatementLine).where(
        StatementLine.house_account_id == account_id, StatementLine.dismissed_at.is_(None), ~standing.exists()
    )


async def unmatched_lines(
    session: AsyncSession, account_id: int, *, before: int | None = None, limit: int | None = None
) -> Sequence[StatementLine]:
    """Lines that are no movement yet and that nobody dismissed, newest first; `before` is the id to go on from."""
    wanted = _unmatched(account_id).order_by(StatementLine.id.desc())
    if before is not None:
        wanted = wanted.where(StatementLine.id < before)
    return (await session.scalars(wanted if limit is None else wanted.limit(limit))).all()


@dataclass(frozen=True, kw_only=True)
class Settled:
    """A line that waits for nobody: the movements that it is, or why it needs none."""

    line: StatementLine
    movements: tuple[tuple[StatementMatch, LedgerLine, LedgerEntry], ...]


async def settled_lines(session: AsyncSession, account_id: int, *, before: int | None, limit: int) -> list[Settled]:
    """Lines that were matched or dismissed, newest first; `before` is the id to go on from."""
    standing = _standing().where(StatementMatch.statement_line_id == StatementLine.id)
    wanted = (
        select(StatementLine)
        .where(StatementLine.house_account_id == account_id)
        .where(StatementLine.dismissed_at.is_not(None) | standing.exists())
        .order_by(StatementLine.id.desc())
        .limit(limit)
    )
    if before is not None:
        wanted = wanted.where(StatementLine.id < before)
    rows = (await session.scalars(wanted)).all()
    found = await session.execute(
        select(StatementMatch, LedgerLine, LedgerEntry)
        .join(LedgerLine, LedgerLine.id == StatementMatch.ledger_line_id)
        .join(LedgerEntry, LedgerEntry.id == LedgerLine.entry_id)
        .where(StatementMatch.statement_line_id.in_([row.id for row in rows]), StatementMatch.undone_at.is_(None))
        .order_by(LedgerLine.id)
    )
    by_line: dict[int, list[tuple[StatementMatch, LedgerLine, LedgerEntry]]] = {}
    for match, line, entry in found:
        by_line.setdefault(match.statement_line_id, []).append((match, line, entry))
    return [Settled(line=row, movements=tuple(by_line.get(row.id, ()))) for row in rows]


def _standing() -> Select[int]:
    return select(StatementMatch.id).where(StatementMatch.undone_at.is_(None))


async def movements_by_id(session: AsyncSession, ids: Iterable[int]) -> dict[int, tuple[LedgerLine, LedgerEntry]]:
    """Movements of the books by the id of their line."""
    wanted = select(LedgerLine, LedgerEntry).join(LedgerEntry, LedgerEntry.id == LedgerLine.entry_id)
    found = await session.execute(wanted.where(LedgerLine.id.in_(list(ids))))
    return {line.id: (line, entry) for line, entry in found.all()}


async def count_unmatched(session: AsyncSession, account_id: int) -> int:
    """How many lines of an account wait for a person."""
    return await session.scalar(select(func.count()).select_from(_unmatched(account_id).subquery())) or 0


async def unmatched_movements(
    session: AsyncSession, account_id: int, *, since: date, until: date
) -> Sequence[tuple[LedgerLine, LedgerEntry]]:
    """Movements of these days that no line of a statement is, oldest first."""
    standing = _standing().where(StatementMatch.ledger_line_id == LedgerLine.id)
    wanted = (
        select(LedgerLine, LedgerEntry)
        .join(LedgerEntry, LedgerEntry.id == LedgerLine.entry_id)
        .where(LedgerLine.house_account_id == account_id, LedgerLine.amount != 0, ~standing.exists())
        .where(LedgerEntry.day.between(since, until))
        .order_by(LedgerLine.id)
    )
    return [(line, entry) for line, entry in (await session.execute(wanted)).all()]


async def _movements(session: AsyncSession, account_id: int, since: date, until: date) -> list[d.Movement]:
    found = await unmatched_movements(session, account_id, since=since, until=until)
    codes = {entry.operation_code for _, entry in found if entry.operation_code}
    typed = await _typed_codes(session, codes)
    names = await _names(session, codes)
    return [
        d.Movement(
            id=line.id,
            day=entry.day,
            amount=line.amount,
            operation_code=entry.operation_code or "",
            codes=tuple(typed.get(entry.operation_code or "", ())),
            name=names.get(entry.operation_code or "", ""),
        )
        for line, entry in found
    ]


async def _typed_codes(session: AsyncSession, codes: set[str]) -> dict[str, list[str]]:
    """The transfer codes of an operation's abonos and pagos."""
    typed: dict[str, list[str]] = {}
    for table in (Deposit, Payout):
        wanted = select(table.operation_code, table.transfer_code).where(
            table.operation_code.in_(codes), table.removed_at.is_(None), table.transfer_code != ""
        )
        for code, given in await session.execute(wanted):
            typed.setdefault(code, []).append(given)
    return typed


async def _names(session: AsyncSession, codes: set[str]) -> dict[str, str]:
    wanted = select(Operation.code, Client).join(Client, Client.id == Operation.client_id)
    return {
        code: display_name(client) for code, client in await session.execute(wanted.where(Operation.code.in_(codes)))
    }


async def line_by_id(session: AsyncSession, line_id: int, *, lock: bool = False) -> StatementLine:
    """One line of a statement. Raises Missing."""
    line = await session.get(StatementLine, line_id, with_for_update=lock)
    if line is None:
        raise Missing("LINE_UNKNOWN", "No existe esa línea del extracto.")
    return line


async def confirm(
    session: AsyncSession, line_id: int, movement_ids: Sequence[int], *, actor: Actor
) -> Sequence[StatementMatch]:
    """Say that a line is these movements: one, or several that add up to it (split).

    Raises:
        Missing: the line or a movement is not there, or of another account.
        Invalid: the movements do not add up to the line.
        Conflict: the line or a movement is matched already.
    """
    line = await line_by_id(session, line_id, lock=True)
    wanted = select(LedgerLine).where(LedgerLine.id.in_(movement_ids[:MOST_PARTS]))
    rows = (await session.scalars(wanted.where(LedgerLine.house_account_id == line.house_account_id))).all()
    if not rows or len(rows) != len(set(movement_ids)):
        raise Missing("MOVEMENT_UNKNOWN", "Elige movimientos de la misma cuenta.", field="movements")
    if sum((row.amount for row in rows), Decimal(0)) != line.amount:
        raise Invalid("MATCH_SUM", "Los movimientos no suman lo que dice el extracto.", field="movements")
    await _check_free(session, line, rows)
    made = [
        StatementMatch(statement_line_id=line.id, ledger_line_id=row.id, score=100, user_id=actor.id) for row in rows
    ]
    session.add_all(made)
    audit.record(session, actor=actor, action="statements.confirm", entity="statement_line", entity_id=line.id)
    await session.flush()
    return made


async def _check_free(session: AsyncSession, line: StatementLine, rows: Sequence[LedgerLine]) -> None:
    mine = StatementMatch.statement_line_id == line.id
    theirs = StatementMatch.ledger_line_id.in_([row.id for row in rows])
    if await session.scalar(
        select(StatementMatch.id).where(mine | theirs, StatementMatch.undone_at.is_(None)).limit(1)
    ):
        raise Conflict("ALREADY_MATCHED", "La línea o un movimiento ya está conciliado.")


async def undo(session: AsyncSession, line_id: int, *, actor: Actor, at: datetime) -> None:
    """Take back what a line was matched to, by itself or by a person. Raises Missing when it is not matched."""
    undone = await session.scalars(
        update(StatementMatch)
        .where(StatementMatch.statement_line_id == line_id, StatementMatch.undone_at.is_(None))
        .values(undone_at=at, undone_by=actor.id)
        .returning(StatementMatch.id)
    )
    if not undone.all():
        raise Missing("NOT_MATCHED", "Esa línea no está conciliada.")
    audit.record(session, actor=actor, action="statements.undo", entity="statement_line", entity_id=line_id)


async def dismiss(session: AsyncSession, line_id: int, *, actor: Actor, at: datetime, reason: str) -> StatementLine:
    """Say that a line needs no movement, and why. Raises Missing, or Conflict when it is matched."""
    line = await session.get(StatementLine, line_id, with_for_update=True)
    if line is None or line.dismissed_at is not None:
        raise Missing("LINE_UNKNOWN", "Esa línea no está por conciliar.")
    await _check_free(session, line, [])
    line.dismissed_at, line.dismissed_by, line.dismissed_reason = at, actor.id, reason
    audit.record(
        session, actor=actor, action="statements.dismiss", entity="statement_line", entity_id=line.id, reason=reason
    )
    return line


async def suggestions(session: AsyncSession, account_id: int) -> Outcome:
    """What would be matched and suggested now, without keeping anything."""
    lines = [_line(row) for row in await unmatched_lines(session, account_id)]
    if not lines:
        return Outcome(matched=(), suggested=())
    since, until = min(line.day for line in lines) - MARGIN, max(line.day for line in lines) + MARGIN
    return d.match(lines, await _movements(session, account_id, since, until))


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far the reconciliation of an account is."""

    account: HouseAccount
    lines: int
    unmatched: int
    last_day: date | None


async def progress(session: AsyncSession) -> list[Progress]:
    """Every account of the house with its statement lines."""
    accounts = (await session.scalars(select(HouseAccount).order_by(HouseAccount.id))).all()
    counted = select(StatementLine.house_account_id, func.count(), func.max(StatementLine.day))
    found = await session.execute(counted.group_by(StatementLine.house_account_id))
    rows = {one: (count, day) for one, count, day in found}
    return [
        Progress(
            account=account,
            lines=rows.get(account.id, (0, None))[0],
            unmatched=await count_unmatched(session, account.id) if account.id in rows else 0,
            last_day=rows.get(account.id, (0, None))[1],
        )
        for account in accounts
    ]
