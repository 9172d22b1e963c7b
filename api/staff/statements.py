"""The reconciliation workbench: statements in, movements matched, and what is left for a person."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, File, Form, Path, UploadFile
from pydantic import Field

from api.auth import SignedUser, requires
from api.services import ServicesDep
from api.staff.house_accounts import AccountId
from api.staff.shapes import MAX_ID, PAGE, Answer, Body, Cursor, Day, Done, Limit, Money, after, example, page
from db import ledger, statements
from db.statements import Settled
from db.tables import LedgerEntry, LedgerLine
from domain.accounts import Bank
from domain.calendar import business_day
from domain.money import Currency
from domain.permissions import Permission
from domain.statements import Layout, Outcome, Pairing
from integrations.statements import MOST_BYTES, read

router = APIRouter(prefix="/api/staff/reconciliation", tags=["Conciliación bancaria"])

Manager = Annotated[SignedUser, requires(Permission.RECONCILIATION_MANAGE)]
LineId = Annotated[int, Path(ge=1, le=MAX_ID)]
LONGEST = timedelta(days=92)
MOST_SUGGESTED = 5


class ImportView(Answer):
    """What a file brought. `new` is 0 for a file that was imported before; `matched` by itself, `left` for a person."""

    statement_id: int
    lines: int
    new: int
    first_day: date
    last_day: date
    matched: int
    left: int


class PairingView(Answer):
    """A movement that a line may be; score from 0 to 100."""

    movement_id: int
    score: int
    entry: str
    day: date
    words: str
    operation_code: str | None


class SettledMovementView(Answer):
    """A movement that a line is. `user_id` null: matched by itself."""

    movement_id: int
    score: int
    entry: str
    day: date
    amount: Money
    words: str
    operation_code: str | None
    user_id: int | None


class SettledLineView(Answer):
    """A line that waits for nobody: its movements, or why it needs none."""

    id: int
    day: date
    amount: Money
    reference: str
    description: str
    dismissed_reason: str
    movements: list[SettledMovementView]


class SettledLineList(Answer):
    """A page of lines."""

    items: list[SettledLineView]
    next_cursor: str | None


class StatementLineView(Answer):
    """A line of a statement that is no movement yet, with the movements that it may be, best first."""

    id: int
    day: date
    amount: Money
    reference: str
    description: str
    suggestions: list[PairingView]


class StatementLineList(Answer):
    """A page of lines."""

    items: list[StatementLineView]
    next_cursor: str | None


class LooseMovementView(Answer):
    """A movement of the books that no statement has shown."""

    id: int
    entry: str
    day: date
    amount: Money
    words: str
    operation_code: str | None


class LooseMovementList(Answer):
    """Movements, oldest first."""

    items: list[LooseMovementView]


class ConfirmBody(Body):
    """The movement that a line is, or several that add up to it."""

    model_config = example(movements=[101, 102])
    movements: list[Annotated[int, Field(ge=1, le=MAX_ID)]] = Field(min_length=1, max_length=statements.MOST_PARTS)


class DismissBody(Body):
    """Why a line needs no movement."""

    model_config = example(reason="Es un extorno del mismo banco, del mismo día")
    reason: str = Field(min_length=3, max_length=300)


class ProgressView(Answer):
    """How far an account is."""

    house_account_id: int
    bank: Bank
    currency: Currency
    lines: int
    unmatched: int
    last_day: date | None


class ProgressList(Answer):
    """Every account of the house."""

    items: list[ProgressView]


@router.get("")
async def read_progress(_user: Manager, services: ServicesDep) -> ProgressList:
    """Each account with its lines of statements and how many wait."""
    async with services.sessions() as session:
        rows = await statements.progress(session)
    items = [
        ProgressView(
            house_account_id=one.account.id,
            bank=one.account.bank,
            currency=one.account.currency,
            lines=one.lines,
            unmatched=one.unmatched,
            last_day=one.last_day,
        )
        for one in rows
    ]
    return ProgressList(items=items)


@router.post("/{account_id}/import")
async def import_statement(
    account_id: AccountId,
    user: Manager,
    services: ServicesDep,
    layout: Annotated[Layout, Form()],
    file: Annotated[UploadFile, File()],
) -> ImportView:
    """Bring a statement of an account in and match what is sure. The same file again changes nothing."""
    content = await file.read(MOST_BYTES + 1)
    rows = await asyncio.to_thread(read, layout, content)
    async with services.sessions.begin() as session:
        brought = await statements.import_rows(
            session,
            account_id,
            rows,
            layout=layout,
            file_name=file.filename or "",
            content=content,
            actor=user.actor,
        )
        outcome = await statements.reconcile(session, account_id)
        left = await statements.count_unmatched(session, account_id)
    return ImportView(
        statement_id=brought.statement.id,
        lines=brought.lines,
        new=brought.new,
        first_day=brought.statement.first_day,
        last_day=brought.statement.last_day,
        matched=len(outcome.matched),
        left=left,
    )


@router.post("/{account_id}/match")
async def match_again(account_id: AccountId, _user: Manager, services: ServicesDep) -> Done:
    """Match again what is sure: operations may have been completed since."""
    async with services.sessions.begin() as session:
        await statements.reconcile(session, account_id)
    return Done()


@router.get("/{account_id}/lines")
async def list_lines(
    account_id: AccountId, _user: Manager, services: ServicesDep, cursor: Cursor = None, limit: Limit = PAGE
) -> StatementLineList:
    """Lines that wait for a person, newest first, with what they may be."""
    async with services.sessions() as session:
        rows = await statements.unmatched_lines(session, account_id, before=after(cursor), limit=limit + 1)
        outcome = await statements.suggestions(session, account_id)
        shown, following = page(rows, limit, lambda row: row.id)
        pairings = {row.id: _pairings(outcome, row.id) for row in shown}
        named = await statements.movements_by_id(
            session, {one.movement_id for found in pairings.values() for one in found}
        )
    items = [
        StatementLineView(
            id=row.id,
            day=row.day,
            amount=row.amount,
            reference=row.reference,
            description=row.description,
            suggestions=[_suggested(one, *named[one.movement_id]) for one in pairings[row.id]],
        )
        for row in shown
    ]
    return StatementLineList(items=items, next_cursor=following)


@router.get("/lines/{line_id}")
async def read_line(line_id: LineId, _user: Manager, services: ServicesDep) -> StatementLineView:
    """One line, without suggestions."""
    async with services.sessions() as session:
        row = await statements.line_by_id(session, line_id)
    return StatementLineView(
        id=row.id,
        day=row.day,
        amount=row.amount,
        reference=row.reference,
        description=row.description,
        suggestions=[],
    )


@router.get("/{account_id}/settled")
async def list_settled(
    account_id: AccountId, _user: Manager, services: ServicesDep, cursor: Cursor = None, limit: Limit = PAGE
) -> SettledLineList:
    """Lines that were matched, with their movements, or dismissed, with why; newest first."""
    async with services.sessions() as session:
        rows = await statements.settled_lines(session, account_id, before=after(cursor), limit=limit + 1)
    shown, following = page(rows, limit, lambda row: row.line.id)
    return SettledLineList(items=[_settled(one) for one in shown], next_cursor=following)


@router.get("/{account_id}/movements")
async def list_loose_movements(
    account_id: AccountId,
    _user: Manager,
    services: ServicesDep,
    since: Day | None = None,
    until: Day | None = None,
) -> LooseMovementList:
    """Movements of the books that no statement has shown; the last month unless it is told, three at most."""
    last = until or business_day(datetime.now(UTC))
    first = max(since or last - timedelta(days=30), last - LONGEST)
    async with services.sessions() as session:
        rows = await statements.unmatched_movements(session, account_id, since=first, until=last)
    items = [
        LooseMovementView(
            id=line.id,
            entry=ledger.number_of(entry),
            day=entry.day,
            amount=line.amount,
            words=entry.words,
            operation_code=entry.operation_code,
        )
        for line, entry in rows
    ]
    return LooseMovementList(items=items)


@router.post("/lines/{line_id}/confirm")
async def confirm_line(line_id: LineId, body: ConfirmBody, user: Manager, services: ServicesDep) -> Done:
    """Say which movement a line is, or which ones add up to it."""
    async with services.sessions.begin() as session:
        await statements.confirm(session, line_id, body.movements, actor=user.actor)
    return Done()


@router.post("/lines/{line_id}/undo")
async def undo_line(line_id: LineId, user: Manager, services: ServicesDep) -> Done:
    """Take back what a line was matched to."""
    async with services.sessions.begin() as session:
        await statements.undo(session, line_id, actor=user.actor, at=datetime.now(UTC))
    return Done()


@router.post("/lines/{line_id}/dismiss")
async def dismiss_line(line_id: LineId, body: DismissBody, user: Manager, services: ServicesDep) -> Done:
    """Say that a line needs no movement, and why."""
    async with services.sessions.begin() as session:
        await statements.dismiss(session, line_id, actor=user.actor, at=datetime.now(UTC), reason=body.reason)
    return Done()


def _pairings(outcome: Outcome, line_id: int) -> list[Pairing]:
    return [one for one in (*outcome.matched, *outcome.suggested) if one.line_id == line_id][:MOST_SUGGESTED]


def _suggested(pairing: Pairing, line: LedgerLine, entry: LedgerEntry) -> PairingView:
    return PairingView(
        movement_id=line.id,
        score=pairing.score,
        entry=ledger.number_of(entry),
        day=entry.day,
        words=entry.words,
        operation_code=entry.operation_code,
    )


def _settled(one: Settled) -> SettledLineView:
    line = one.line
    return SettledLineView(
        id=line.id,
        day=line.day,
        amount=line.amount,
        reference=line.reference,
        description=line.description,
        dismissed_reason=line.dismissed_reason,
        movements=[
            SettledMovementView(
                movement_id=moved.id,
                score=match.score,
                entry=ledger.number_of(entry),
                day=entry.day,
                amount=moved.amount,
                words=entry.words,
                operation_code=entry.operation_code,
                user_id=match.user_id,
            )
            for match, moved, entry in one.movements
        ],
    )
