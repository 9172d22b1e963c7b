"""Writing an operation's versions: the projection of its workflow, fenced, with history and notifications.

Each write carries the whole operation, not a difference, so that it also replaces what a lost write left behind: a
local activity may commit just before its worker dies, and the workflow then decides that version anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.ext.asyncio import AsyncSession

from db import audit, desk, incidents
from db.limits import check_client_limit
from db.notifications import notify_each
from db.tables import (
    AuditEntry,
    Client,
    ClientAccount,
    Deposit,
    Note,
    OperationEvent,
    Payout,
    Proof,
    Refund,
    RewardCode,
    User,
)
from db.tables import Operation as OperationRow
from domain import operations as d
from domain.errors import Invalid
from domain.money import Currency
from domain.notifications import announcements
from domain.permissions import Role

# One queue for "who is least loaded", so that ten proofs in the same instant are dealt out evenly (F266).
ASSIGNMENT_LOCK = 7_301
# The fields of an operation that are rows of their own.
CHILDREN = frozenset({"deposits", "payouts", "proofs"})

Accounts = Mapping[int, ClientAccount]


class StaleWrite(Exception):
    """A write of a version that the row has already passed: the attempt of a worker that was thought dead."""

    def __init__(self, code: str, row_version: int) -> None:
        """`row_version` is where the row stands."""
        super().__init__(f"{code} ya está en la versión {row_version}.")
        self.row_version = row_version


async def record_transition(
    session: AsyncSession,
    after: d.Operation,
    *,
    event: str,
    actor: d.Actor,
    update_id: str,
    at: datetime,
    changes: tuple[d.FieldChange, ...],
    assign_operator: bool = False,
    whole: bool = True,
) -> int | None:
    """Write version `after.version`; answers the operator who has it.

    `changes` say which lines and proofs have to be looked at; `whole` says that the row may differ in any of them.
    Raises StaleWrite for a version that has passed, and Refused when a rule that only the database can tell forbids it.
    """
    row = await _locked(session, after.code)
    if row.version == after.version and row.last_update_id == update_id:
        return row.operator_id
    if row.version > after.version:
        raise StaleWrite(after.code, row.version)
    if row.version == after.version:
        await _set_orphan_aside(session, row, at)
        whole = True
    before = _as_known(row)
    after = await _with_operator(session, after, changes, assign_operator=assign_operator)
    touched = CHILDREN if whole else CHILDREN & {change.field for change in changes}
    accounts = await _accounts_of_lines(session, after, touched)
    await _check_against_database(session, row, after, changes, at, accounts=accounts)
    _project(row, after, update_id=update_id, at=at)
    await _sync_children(session, after, at, accounts, touched)
    await _sync_coupon(session, after)
    await _open_refund(session, after, at)
    await session.flush()
    await tell(session, row, before, after, event=event, actor=actor, update_id=update_id, at=at, changes=changes)
    return after.operator_id


async def record_note(
    session: AsyncSession, code: str, *, user_id: int | None, words: str, key: str, at: datetime
) -> None:
    """Store a remark once."""
    known = select(Note.id).where(Note.operation_code == code, Note.key == key)
    if await session.scalar(known) is None:
        session.add(Note(operation_code=code, user_id=user_id, text=words, key=key, at=at))


async def tell(
    session: AsyncSession,
    row: OperationRow,
    before: d.Operation | None,
    after: d.Operation,
    *,
    event: str,
    actor: d.Actor,
    update_id: str,
    at: datetime,
    changes: tuple[d.FieldChange, ...],
) -> None:
    """The event row and the audit row of a version, and word of it to every room that it concerns, in one statement.

    In the transaction that changes the state; the rooms hear when it commits, once each.
    """
    happened = {
        "operation_code": after.code,
        "version": after.version,
        "event": event,
        "state": after.state,
        "actor_kind": actor.kind.value,
        "actor_id": actor.id,
        "actor_role": actor.role.value if actor.role else None,
        "reason": after.reason,
        "update_id": update_id,
        "changes": audit.as_json(changes),
        "at": at,
    }
    act = audit.entry(
        actor=actor,
        action=f"operations.{event}",
        entity="operation",
        entity_id=after.code,
        changes=changes,
        reason=after.reason,
    )
    await notify_each(
        session,
        announcements(before, after, trader_id=row.trader_id),
        key=f"{after.code}:{after.version}",
        payload=_payload(row, before, after),
        operation_code=after.code,
        cause=[postgresql_insert(OperationEvent).values(happened), postgresql_insert(AuditEntry).values(act)],
    )


def _payload(row: OperationRow, before: d.Operation | None, after: d.Operation) -> dict[str, Any]:
    """What the existing clients read from an event (client contract, section 7), and what our pages need."""
    # The existing web compares the cancelled state with this spelling, although it is written `Cancelado` elsewhere.
    shown = "Cancelada" if after.state is d.State.CANCELADO else after.state.value
    key = {d.State.COMPLETADA: "completado", d.State.EXPIRADA: "cancelado"}.get(
        after.state, after.state.value.lower().replace(" ", "_")
    )
    return {
        "id": row.id,
        "operation_id": after.code,
        "status": shown,
        "status_key": key,
        "old_status": before.state.value if before else None,
        "amount_usd": str(after.amount_usd),
        "amount_pen": str(after.amount_pen),
        "exchange_rate": str(after.rate),
        "version": after.version,
        "operator_id": after.operator_id,
        "updated_at": row.updated_at.isoformat(),
        "title": f"Operación {after.code}",
        "message": f"{after.code}: {after.state}",
    }


async def _locked(session: AsyncSession, code: str) -> OperationRow:
    row = await session.scalar(_LOCKED, {"code": code})
    assert row is not None, f"{code} has no row: a workflow records version 1 before anything else"
    return row


# Every step asks these: writing a statement anew costs as much as carrying it out.
_LOCKED = select(OperationRow).where(OperationRow.code == bindparam("code")).with_for_update()
_ONE_AT_A_TIME = select(func.pg_advisory_xact_lock(ASSIGNMENT_LOCK))


async def _set_orphan_aside(session: AsyncSession, row: OperationRow, at: datetime) -> None:
    """A lost write holds this version: keep its event, marked, and say so."""
    await session.execute(
        update(OperationEvent)
        .where(OperationEvent.operation_code == row.code, OperationEvent.version == row.version)
        .where(OperationEvent.orphaned_at.is_(None))
        .values(orphaned_at=at)
    )
    await incidents.open_incident(
        session, kind="escritura huérfana", subject=row.code, detail=f"Se reemplazó la versión {row.version}."
    )


def _as_known(row: OperationRow) -> d.Operation:
    """The row as a domain operation, without its lines."""
    return d.Operation(
        code=row.code,
        version=row.version,
        client_id=row.client_id,
        kind=row.kind,
        origin=row.origin,
        amount_usd=row.amount_usd,
        base_rate=row.base_rate,
        rate=row.rate,
        amount_pen=row.amount_pen,
        source_account_id=row.source_account_id,
        destination_account_id=row.destination_account_id,
        created_at=row.created_at,
        created_by=d.SYSTEM,
        state=row.state,
        expires_at=row.expires_at,
        operator_id=row.operator_id,
        assessment=row.assessment,
    )


async def _with_operator(
    session: AsyncSession, after: d.Operation, changes: tuple[d.FieldChange, ...], *, assign_operator: bool
) -> d.Operation:
    """The operation with its operator: the least loaded for a new assignment, a checked one for a reassignment."""
    if assign_operator:
        return replace(after, operator_id=await _least_loaded(session))
    if after.operator_id is not None and any(change.field == "operator_id" for change in changes):
        user = await session.get(User, after.operator_id)
        if user is None or user.role is not Role.OPERADOR or user.status != "Activo":
            raise Invalid("OPERATOR_UNKNOWN", "Elige un Operador activo.", field="operator_id")
    return after


async def _least_loaded(session: AsyncSession) -> int | None:
    """The Operador whose turn it is (db/desk.py); None when there is none."""
    await session.execute(_ONE_AT_A_TIME)
    return await desk.next_operator(session)


async def _accounts_of_lines(session: AsyncSession, after: d.Operation, touched: frozenset[str]) -> Accounts:
    """The client accounts that the abonos and pagos name, in one read."""
    lines = [line for field in ("deposits", "payouts") if field in touched for line in getattr(after, field)]
    named = {line.account_id for line in lines if line.account_id is not None}
    if not named:
        return {}
    found = await session.scalars(select(ClientAccount).where(ClientAccount.id.in_(named)))
    return {account.id: account for account in found}


async def _check_against_database(
    session: AsyncSession,
    row: OperationRow,
    after: d.Operation,
    changes: tuple[d.FieldChange, ...],
    at: datetime,
    *,
    accounts: Accounts,
) -> None:
    """What the workflow cannot know: the client's limit when an amount grows, and whose accounts the lines name.

    Only what this command changed, by the workflow's own account and not the row's: a machine's event (expiry, hold,
    resync) changes none of it and so is never refused, whatever a lost write left in the row.
    """
    changed = {change.field: change.before for change in changes}
    if "amount_usd" in changed and after.amount_usd > Decimal(changed["amount_usd"]):
        client = await session.get_one(Client, row.client_id, with_for_update=True)
        await check_client_limit(session, client, after.amount_usd, code=row.code, now=at)
    if "deposits" in changed:
        _check_accounts(accounts, row.client_id, after.deposits, after.kind.client_pays, "deposits")
    if "payouts" in changed:
        _check_accounts(accounts, row.client_id, after.payouts, after.kind.client_receives, "payouts")


def _check_accounts(
    accounts: Accounts, client_id: int, lines: tuple[d.Line, ...], currency: Currency, field: str
) -> None:
    for account_id in [line.account_id for line in lines if line.account_id is not None]:
        account = accounts.get(account_id)
        if account is None or account.client_id != client_id or account.currency != currency:
            raise Invalid("ACCOUNT_UNKNOWN", f"Esa cuenta no es del cliente o no es en {currency.words}.", field=field)


def _project(row: OperationRow, after: d.Operation, *, update_id: str, at: datetime) -> None:
    row.version = after.version
    row.last_update_id = update_id
    row.state = after.state
    row.amount_usd = after.amount_usd
    row.amount_pen = after.amount_pen
    row.operator_id = after.operator_id
    row.assessment = after.assessment
    row.attention = after.attention
    row.comments = after.comments
    row.reason = after.reason
    row.expires_at = after.expires_at
    row.time_left = after.time_left
    row.in_process_since = after.in_process_since
    row.finished_at = after.finished_at
    row.updated_at = at


async def _sync_children(
    session: AsyncSession, after: d.Operation, at: datetime, accounts: Accounts, touched: frozenset[str]
) -> None:
    if "deposits" in touched:
        await _sync_lines(session, Deposit, after.code, after.deposits, at, accounts=accounts)
    if "payouts" in touched:
        await _sync_lines(session, Payout, after.code, after.payouts, at, accounts=accounts)
    if "proofs" in touched:
        await _sync_proofs(session, after, at)


async def _sync_lines(
    session: AsyncSession,
    table: type[Deposit | Payout],
    code: str,
    lines: tuple[d.Line, ...],
    at: datetime,
    *,
    accounts: Accounts,
) -> None:
    """The rows become the workflow's lines; a line that is gone keeps its row, with the instant of its removal."""
    rows = {row.number: row for row in await session.scalars(select(table).where(table.operation_code == code))}
    for line in lines:
        row = rows.pop(line.number, None)
        if row is None:
            row = table(operation_code=code, number=line.number, created_at=at)
            session.add(row)
        if row.account_id != line.account_id:
            # Copied when the line takes the account: later edits of the client's accounts change no history (F156).
            account = accounts[line.account_id] if line.account_id is not None else None
            row.bank, row.account = (account.bank.value, account.number) if account else ("", "")
        row.amount, row.account_id, row.transfer_code = line.amount, line.account_id, line.transfer_code
        row.removed_at = None
    for gone in rows.values():
        gone.removed_at = gone.removed_at or at


async def _sync_proofs(session: AsyncSession, after: d.Operation, at: datetime) -> None:
    rows = {row.number: row for row in await session.scalars(select(Proof).where(Proof.operation_code == after.code))}
    for proof in after.proofs:
        row = rows.pop(proof.number, None)
        if row is None:
            row = Proof(operation_code=after.code, number=proof.number, created_at=at)
            session.add(row)
        row.by_operator, row.comment, row.removed_at = proof.by_operator, proof.comment, None
        row.file_key, row.content_type, row.size = proof.file.key, proof.file.content_type, proof.file.size
    for gone in rows.values():
        gone.removed_at = gone.removed_at or at


async def _sync_coupon(session: AsyncSession, after: d.Operation) -> None:
    """Reserved while open, free again when it ends without being completed; `settle` consumes it (F126)."""
    if not after.coupon or after.state is d.State.COMPLETADA:
        return
    held_by, wanted = (None, after.code) if after.open else (after.code, None)
    await session.execute(
        update(RewardCode)
        .where(RewardCode.code == after.coupon, RewardCode.reserved_for.is_not_distinct_from(held_by))
        .where(RewardCode.used_at.is_(None))
        .values(reserved_for=wanted)
    )


async def _open_refund(session: AsyncSession, after: d.Operation, at: datetime) -> None:
    """A cancelled operation with abonos owes its client a refund; opened once."""
    total = sum((line.amount for line in after.deposits), start=Decimal(0))
    if after.state is not d.State.CANCELADO or total <= 0:
        return
    values = {"operation_code": after.code, "currency": after.kind.client_pays, "amount": total, "opened_at": at}
    await session.execute(postgresql_insert(Refund).values(values).on_conflict_do_nothing())
