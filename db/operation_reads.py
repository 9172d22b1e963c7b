"""What screens read about operations: lists by key, and one operation with everything that belongs to it.

Only reads: while an operation is open its workflow is the only writer (db/operations.py).
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TypeVar

from sqlalchemy import ColumnElement, Select, bindparam, false, or_, select, true, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute, aliased

from db.tables import (
    Client,
    Delivery,
    Deposit,
    Invoice,
    Note,
    OperationEvent,
    Payout,
    Proof,
    Refund,
    Reversal,
    TransactionMonitoring,
    User,
)
from db.tables import Operation as OperationRow
from domain import operations as d
from domain.errors import Missing
from domain.permissions import Role, Scope, scope

_Row = TypeVar("_Row", OperationEvent, Note, Invoice, TransactionMonitoring)
_Numbered = TypeVar("_Numbered", Deposit, Payout, Proof)


@dataclass(frozen=True, kw_only=True)
class OperationFilter:
    """What a list of operations is narrowed by. `since` and `until` bound `created_at`: since <= created < until."""

    states: tuple[d.State, ...] = ()
    kind: d.Kind | None = None
    origin: d.Origin | None = None
    operator_id: int | None = None
    client_id: int | None = None
    code: str = ""
    needs_attention: bool = False
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class OperationLine:
    """One row of a list."""

    row: OperationRow
    client: Client
    operator_name: str


@dataclass(frozen=True, kw_only=True)
class OperationDetail:
    """One operation with all that belongs to it, lines and proofs without the removed ones."""

    row: OperationRow
    client: Client
    deposits: Sequence[Deposit]
    payouts: Sequence[Payout]
    proofs: Sequence[Proof]
    events: Sequence[OperationEvent]
    notes: Sequence[Note]
    invoices: Sequence[Invoice]
    deliveries: Sequence[Delivery]
    refund: Refund | None
    reversal: Reversal | None
    monitoring: Sequence[TransactionMonitoring]
    names: dict[int, str]


def within(reader: d.Actor) -> ColumnElement[bool]:
    """The operations that this person may see, of a query that joins their clients.

    A Trader sees those it created or of its clients (F165).
    """
    return _within(reader, Client.trader_id == reader.id)


def seen_by(reader: d.Actor) -> ColumnElement[bool]:
    """The same of a query without their clients: who sees everything would pay for a join that tells it nothing."""
    own_clients = select(Client.id).where(Client.trader_id == reader.id).correlate(None)
    return _within(reader, OperationRow.client_id.in_(own_clients))


def _within(reader: d.Actor, of_own_client: ColumnElement[bool]) -> ColumnElement[bool]:
    if reader.role is None:
        return false()
    if scope(Role(reader.role), "operations") is Scope.ALL:
        return true()
    created, owned = OperationRow.created_by_user_id == reader.id, OperationRow.trader_id == reader.id
    return or_(created, owned, of_own_client)


async def may_read(session: AsyncSession, reader: d.Actor, code: str) -> bool:
    """Whether there is such an operation and this person may see it."""
    query = select(OperationRow.id).where(OperationRow.code == code, seen_by(reader))
    return await session.scalar(query) is not None


async def list_operations(
    session: AsyncSession, reader: d.Actor, wanted: OperationFilter, *, before: int | None, limit: int
) -> Sequence[OperationLine]:
    """Operations newest first; `before` is the row id to go on from."""
    operator = aliased(User)
    query = (
        select(OperationRow, Client, operator.full_name)
        .join(Client, Client.id == OperationRow.client_id)
        .outerjoin(operator, operator.id == OperationRow.operator_id)
        .where(within(reader), *_conditions(wanted))
    )
    if before is not None:
        query = query.where(OperationRow.id < before)
    found = await session.execute(query.order_by(OperationRow.id.desc()).limit(limit))
    return [OperationLine(row=row, client=client, operator_name=name or "") for row, client, name in found.all()]


# What a list may be ordered by, each with the row's id to tell equals apart.
ORDERS: dict[str, InstrumentedAttribute[Decimal] | InstrumentedAttribute[datetime]] = {
    "creada": OperationRow.created_at,
    "dolares": OperationRow.amount_usd,
}


async def ordered_operations(
    session: AsyncSession,
    reader: d.Actor,
    wanted: OperationFilter,
    *,
    order: str,
    ascending: bool,
    after: tuple[object, int] | None,
    limit: int,
) -> Sequence[OperationLine]:
    """The operations of a list in one of ORDERS; `after` is the value and the id of the last row of the page before."""
    column = ORDERS[order]
    operator = aliased(User)
    query = (
        select(OperationRow, Client, operator.full_name)
        .join(Client, Client.id == OperationRow.client_id)
        .outerjoin(operator, operator.id == OperationRow.operator_id)
        .where(within(reader), *_conditions(wanted))
    )
    keys = (column, OperationRow.id)
    if after is not None:
        here = tuple_(*keys)
        query = query.where(here > tuple_(*after) if ascending else here < tuple_(*after))
    query = query.order_by(*(key.asc() if ascending else key.desc() for key in keys))
    found = await session.execute(query.limit(limit))
    return [OperationLine(row=row, client=client, operator_name=name or "") for row, client, name in found.all()]


def _conditions(wanted: OperationFilter) -> list[ColumnElement[bool]]:
    exact = (
        (OperationRow.kind, wanted.kind),
        (OperationRow.origin, wanted.origin),
        (OperationRow.operator_id, wanted.operator_id),
        (OperationRow.client_id, wanted.client_id),
    )
    given = [column == value for column, value in exact if value is not None]
    if wanted.states:
        given.append(OperationRow.state.in_(wanted.states))
    if wanted.code:
        given.append(OperationRow.code.icontains(wanted.code.strip(), autoescape=True))
    if wanted.needs_attention:
        given.append(OperationRow.attention != "")
    if wanted.since is not None:
        given.append(OperationRow.created_at >= wanted.since)
    if wanted.until is not None:
        given.append(OperationRow.created_at < wanted.until)
    return given


async def check_visible(session: AsyncSession, reader: d.Actor, code: str) -> None:
    """Raises Missing when there is no such operation, or it is not this person's to see."""
    if await session.scalar(_visible(reader), {"code": code}) is None:
        raise _missing()


@functools.lru_cache(maxsize=256)
def _visible(reader: d.Actor) -> Select[int]:
    """The row of an operation, for this reader. Composed once a person: every command of the staff asks it."""
    return select(OperationRow.id).where(OperationRow.code == bindparam("code"), seen_by(reader))


async def get_operation(session: AsyncSession, reader: d.Actor, code: str) -> OperationDetail:
    """One operation with everything. Raises Missing."""
    row, client = await _row(session, reader, code)
    events = await _all(session, OperationEvent, code)
    notes = await _all(session, Note, code)
    refund = await session.scalar(select(Refund).where(Refund.operation_code == code))
    reversals = select(Reversal).where(Reversal.operation_code == code).order_by(Reversal.id.desc())
    sent = select(Delivery).where(Delivery.subject_key == code).order_by(Delivery.id)
    people = {event.actor_id for event in events if event.actor_kind == d.ActorKind.STAFF}
    people |= {note.user_id for note in notes if note.user_id}
    people |= {one for one in (row.operator_id, row.trader_id, row.created_by_user_id) if one}
    names = await session.execute(select(User.id, User.full_name).where(User.id.in_(people)))
    return OperationDetail(
        row=row,
        client=client,
        deposits=await _live(session, Deposit, code),
        payouts=await _live(session, Payout, code),
        proofs=await _live(session, Proof, code),
        events=events,
        notes=notes,
        invoices=await _all(session, Invoice, code),
        deliveries=(await session.scalars(sent)).all(),
        refund=refund,
        reversal=await session.scalar(reversals.limit(1)),
        monitoring=await _all(session, TransactionMonitoring, code),
        names=dict(names.all()),
    )


def assessment_of(detail: OperationDetail) -> d.Assessment:
    """Where compliance stands. Its "conforme" reaches the row with the next version only, so its record counts."""
    if detail.row.assessment is d.Assessment.PENDING and detail.monitoring:
        return detail.monitoring[-1].outcome
    return detail.row.assessment


def as_domain(detail: OperationDetail) -> d.Operation:
    """The operation as the rules of the domain read it, to tell what a person may do with it now."""
    row = detail.row
    effect = next((item for item in d.Effect if row.attention.startswith(f"{item}:")), None)
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
        in_process_since=row.in_process_since,
        finished_at=row.finished_at,
        operator_id=row.operator_id,
        deposits=tuple(_line(line) for line in detail.deposits),
        payouts=tuple(_line(line) for line in detail.payouts),
        proofs=tuple(_proof(proof) for proof in detail.proofs),
        assessment=assessment_of(detail),
        attention=row.attention,
        comments=row.comments,
        reason=row.reason,
        effects={effect: d.EffectState.REFUSED} if effect is not None else {},
    )


def _line(line: Deposit | Payout) -> d.Line:
    return d.Line(number=line.number, amount=line.amount, account_id=line.account_id, transfer_code=line.transfer_code)


def _proof(proof: Proof) -> d.Proof:
    file = d.StoredFile(key=proof.file_key, content_type=proof.content_type, size=proof.size)
    return d.Proof(number=proof.number, by_operator=proof.by_operator, file=file, comment=proof.comment)


async def _row(session: AsyncSession, reader: d.Actor, code: str) -> tuple[OperationRow, Client]:
    wanted = select(OperationRow, Client).join(Client, Client.id == OperationRow.client_id)
    found = (await session.execute(wanted.where(OperationRow.code == code, within(reader)))).one_or_none()
    if found is None:
        raise _missing()
    return found[0], found[1]


def _missing() -> Missing:
    return Missing("OPERATION_NOT_FOUND", "No encontramos esta operación.")


async def _all(session: AsyncSession, table: type[_Row], code: str) -> Sequence[_Row]:
    """The rows of an operation, oldest first."""
    return (await session.scalars(select(table).where(table.operation_code == code).order_by(table.id))).all()


async def _live(session: AsyncSession, table: type[_Numbered], code: str) -> Sequence[_Numbered]:
    """The rows of an operation that nobody has removed, by their number."""
    live = select(table).where(table.operation_code == code, table.removed_at.is_(None))
    return (await session.scalars(live.order_by(table.number))).all()
