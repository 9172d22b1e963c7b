"""Writing an operation's versions: the projection of its workflow, fenced, with history and notifications.

Each write carries the whole operation, not a difference, so that it also replaces what a lost write left behind: a
local activity may commit just before its worker dies, and the workflow then decides that version anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ARRAY, BigInteger, Row, any_, bindparam, func, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.ext.asyncio import AsyncSession

from db import audit, closings, desk, house_accounts, incidents, operation_steps
from db.limits import check_client_limit
from db.notifications import word
from db.operation_steps import CHILDREN, Accounts
from db.session import HELD
from db.tables import Client, ClientAccount, Note, OperationEvent, Refund, RewardCode, User
from db.tables import Operation as OperationRow
from domain import operations as d
from domain.calendar import business_day
from domain.commands import Complete
from domain.errors import Invalid
from domain.lifecycle import RULES
from domain.money import Currency
from domain.notifications import announcements
from domain.permissions import Role

# One queue for "who is least loaded", so that ten proofs in the same instant are dealt out evenly (F266).
ASSIGNMENT_LOCK = 7_301


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
        operator: int | None = row.operator_id
        return operator
    if row.version > after.version:
        raise StaleWrite(after.code, row.version)
    if row.version == after.version:
        await _set_orphan_aside(session, row, at)
        whole = True
    before = _as_known(row, after)
    after = await _with_operator(session, after, changes, assign_operator=assign_operator)
    touched = CHILDREN if whole else CHILDREN & {change.field for change in changes}
    accounts = await _accounts_of_lines(session, after, touched)
    await _check_against_database(session, row, after, changes, at, accounts=accounts)
    await _check_value_day(session, after, event, at)
    told = Told(row_id=row.id, trader_id=row.trader_id, before=before)
    step = Step(event=event, actor=actor, update_id=update_id, at=at, changes=changes)
    await tell(session, told, after, step, children=touched, accounts=accounts)
    await _sync_coupon(session, after)
    await _open_refund(session, after, at)
    return after.operator_id


async def record_note(
    session: AsyncSession, code: str, *, user_id: int | None, words: str, key: str, at: datetime
) -> None:
    """Store a remark once."""
    known = select(Note.id).where(Note.operation_code == code, Note.key == key)
    if await session.scalar(known) is None:
        session.add(Note(operation_code=code, user_id=user_id, text=words, key=key, at=at))


@dataclass(frozen=True, kw_only=True)
class Step:
    """What was done, by whom and when; `update_id` is the key of who asked."""

    event: str
    actor: d.Actor
    update_id: str
    at: datetime
    changes: tuple[d.FieldChange, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Told:
    """What people are told of besides the operation: its row's number, its trader, and how it stood before."""

    row_id: int
    trader_id: int | None
    before: d.Operation | None = None


async def tell(
    session: AsyncSession,
    told: Told,
    after: d.Operation,
    step: Step,
    *,
    children: frozenset[str] = frozenset(),
    accounts: Accounts | None = None,
) -> None:
    """Write a version with its event and audit rows, and word of it to every room that it concerns, in one statement.

    In the transaction that changes the state; the rooms hear when it commits, once each. A first version has its row
    already.
    """
    actor, changes = step.actor, audit.as_json(step.changes)
    who = {
        "actor_kind": actor.kind.value,
        "actor_id": actor.id,
        "actor_role": actor.role.value if actor.role else None,
        "changes": changes,
        "reason": after.reason,
    }
    happened = {"operation_code": after.code, "version": after.version, "event": step.event, "state": after.state}
    act = {"action": f"operations.{step.event}", "entity": "operation", "entity_id": after.code}
    await operation_steps.write(
        session,
        after,
        event=who | happened | {"update_id": step.update_id, "at": step.at},
        act=who | act,
        word=word(
            announcements(told.before, after, trader_id=told.trader_id),
            key=f"{after.code}:{after.version}",
            payload=_payload(told, after, step.at),
            operation_code=after.code,
        ),
        children=children,
        accounts=accounts,
        projected=told.before is not None,
    )


def _payload(told: Told, after: d.Operation, at: datetime) -> dict[str, Any]:
    """What the existing clients read from an event (client contract, section 7), and what our pages need."""
    # The existing web compares the cancelled state with this spelling, although it is written `Cancelado` elsewhere.
    shown = "Cancelada" if after.state is d.State.CANCELADO else after.state.value
    key = {d.State.COMPLETADA: "completado", d.State.EXPIRADA: "cancelado"}.get(
        after.state, after.state.value.lower().replace(" ", "_")
    )
    return {
        "id": told.row_id,
        "operation_id": after.code,
        "status": shown,
        "status_key": key,
        "old_status": told.before.state.value if told.before else None,
        "amount_usd": str(after.amount_usd),
        "amount_pen": str(after.amount_pen),
        "exchange_rate": str(after.rate),
        "version": after.version,
        "operator_id": after.operator_id,
        "updated_at": at.isoformat(),
        "title": f"Operación {after.code}",
        "message": f"{after.code}: {after.state}",
    }


async def _locked(session: AsyncSession, code: str) -> Row[Any]:
    row = (await session.execute(_LOCKED, {"code": code})).one_or_none()
    assert row is not None, f"{code} has no row: a workflow records version 1 before anything else"
    return row


# Every step asks these: writing a statement anew costs as much as carrying it out.
_KNOWN = ("state", "amount_usd", "expires_at", "operator_id", "assessment")
_ROW = ("id", "code", "version", "last_update_id", "client_id", "trader_id", *_KNOWN)
_LOCKED = (
    select(*(OperationRow.__table__.c[name] for name in _ROW))
    .where(OperationRow.__table__.c.code == bindparam("code"))
    .with_for_update(key_share=True)
)
_ACCOUNTS = select(ClientAccount).where(ClientAccount.id == any_(bindparam("ids", type_=ARRAY(BigInteger))))
_ONE_AT_A_TIME = select(func.pg_advisory_xact_lock(ASSIGNMENT_LOCK))


async def _set_orphan_aside(session: AsyncSession, row: Row[Any], at: datetime) -> None:
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


def _as_known(row: Row[Any], after: d.Operation) -> d.Operation:
    """How the row stands, in what people are told of changes; the rest is as it will be."""
    return replace(after, **{name: getattr(row, name) for name in _KNOWN})


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
    return await accounts_by_id(session, [*named]) if named else {}


async def accounts_by_id(session: AsyncSession, ids: Sequence[int]) -> Accounts:
    """Client accounts, removed ones too, in one read."""
    return {account.id: account for account in await session.scalars(_ACCOUNTS, {"ids": ids})}


async def _check_against_database(
    session: AsyncSession,
    row: Row[Any],
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
        client = await session.get_one(Client, row.client_id, with_for_update=HELD)
        await check_client_limit(session, client, after.amount_usd, code=row.code, now=at)
    if "deposits" in changed:
        _check_accounts(accounts, row.client_id, after.deposits, after.kind.client_pays, "deposits")
        await house_accounts.check_lines(session, after.deposits, after.kind.client_pays, field="deposits")
    if "payouts" in changed:
        _check_accounts(accounts, row.client_id, after.payouts, after.kind.client_receives, "payouts")
        await house_accounts.check_lines(session, after.payouts, after.kind.client_receives, field="payouts")


async def _check_value_day(session: AsyncSession, after: d.Operation, event: str, at: datetime) -> None:
    """A completion with the date of an earlier day needs that day open, whatever the door was told a moment ago."""
    if event != RULES[Complete].name or after.finished_at is None:
        return
    if (day := business_day(after.finished_at)) < business_day(at):
        await closings.check_open(session, day)


def _check_accounts(
    accounts: Accounts, client_id: int, lines: tuple[d.Line, ...], currency: Currency, field: str
) -> None:
    for account_id in [line.account_id for line in lines if line.account_id is not None]:
        account = accounts.get(account_id)
        if account is None or account.client_id != client_id or account.currency != currency:
            raise Invalid("ACCOUNT_UNKNOWN", f"Esa cuenta no es del cliente o no es en {currency.words}.", field=field)


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
