"""A client's own operations, read from the projection: never from Temporal, and never anybody else's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import ARRAY, Text, any_, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.reversals import undone
from db.tables import Deposit, Invoice, Operation, OperationEvent, Proof
from domain.calendar import day_bounds
from domain.errors import Missing
from domain.operations import OPEN, Kind, State

RECENT = 50
# Beyond PostgreSQL's bigint there is no operation, and asking would be an error.
_LAST_ID = 2**63 - 1


@dataclass(frozen=True, kw_only=True)
class ClientOperation:
    """An operation with what belongs to it and its client may see; removed lines and proofs are left out."""

    row: Operation
    deposits: Sequence[Deposit]
    proofs: Sequence[Proof]
    invoices: Sequence[Invoice]


@dataclass(frozen=True, kw_only=True)
class Totals:
    """How much a client has exchanged. Only Completada counts in totals (F063); `open` is apart."""

    completed: int
    open: int
    usd: Decimal
    pen: Decimal


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a client's history is narrowed by. Days are Lima's, both included; `before` is the id to go on from."""

    state: State | None = None
    kind: Kind | None = None
    since: date | None = None
    until: date | None = None
    before: int | None = None


async def page(session: AsyncSession, client_id: int, wanted: Wanted, *, limit: int) -> Sequence[Operation]:
    """A client's own operations, newest first."""
    query = select(Operation).where(Operation.client_id == client_id)
    for column, value in ((Operation.state, wanted.state), (Operation.kind, wanted.kind)):
        if value is not None:
            query = query.where(column == value)
    if wanted.since is not None:
        query = query.where(Operation.created_at >= day_bounds(wanted.since)[0])
    if wanted.until is not None:
        query = query.where(Operation.created_at < day_bounds(wanted.until)[1])
    if wanted.before is not None:
        query = query.where(Operation.id < wanted.before)
    return (await session.scalars(query.order_by(Operation.id.desc()).limit(limit))).all()


async def owned_by_code(session: AsyncSession, client_id: int, code: str) -> ClientOperation:
    """One operation by its code. Raises Missing when there is none or it is another client's."""
    number = await session.scalar(select(Operation.id).where(Operation.code == code, Operation.client_id == client_id))
    return await owned(session, client_id, number or 0)


async def recent(session: AsyncSession, client_id: int) -> Sequence[ClientOperation]:
    """The newest operations of a client, newest first."""
    wanted = select(Operation).where(Operation.client_id == client_id).order_by(Operation.id.desc()).limit(RECENT)
    return await _with_children(session, (await session.scalars(wanted)).all())


async def owned(session: AsyncSession, client_id: int, operation_id: int) -> ClientOperation:
    """One operation by its number. Raises Missing when there is none or it is another client's."""
    return (await _with_children(session, [await owned_row(session, client_id, operation_id)]))[0]


async def owned_row(session: AsyncSession, client_id: int, operation_id: int) -> Operation:
    """The same without what belongs to it, for who only asks where it stands. Raises Missing."""
    wanted = {"id": operation_id, "client_id": client_id}
    row = await session.scalar(_OWNED, wanted) if 0 < operation_id <= _LAST_ID else None
    if row is None:
        raise Missing("OPERATION_NOT_FOUND", "No encontramos esa operación entre las tuyas.", field="operation_id")
    return row


async def by_code(session: AsyncSession, code: str) -> ClientOperation:
    """The operation that a command has just answered for. Raises Missing."""
    row = await session.scalar(_BY_CODE, {"code": code})
    if row is None:
        raise Missing("OPERATION_NOT_FOUND", "No encontramos esa operación.")
    return (await _with_children(session, [row]))[0]


# What a client asks all day: composing a statement anew costs as much as carrying it out.
_BY_CODE = select(Operation).where(Operation.code == bindparam("code"))
_OWNED = select(Operation).where(Operation.id == bindparam("id"), Operation.client_id == bindparam("client_id"))
_CODES = bindparam("codes", type_=ARRAY(Text))
_DEPOSITS = (
    select(Deposit).where(Deposit.operation_code == any_(_CODES), Deposit.removed_at.is_(None)).order_by(Deposit.number)
)
_PROOFS = select(Proof).where(Proof.operation_code == any_(_CODES), Proof.removed_at.is_(None)).order_by(Proof.number)
_INVOICES = select(Invoice).where(Invoice.operation_code == any_(_CODES)).order_by(Invoice.id)


async def totals(session: AsyncSession, client_id: int) -> Totals:
    """What the dashboard's tiles show."""
    done = (Operation.state == State.COMPLETADA) & ~undone()
    wanted = select(
        func.count().filter(done),
        func.count().filter(Operation.state.in_(OPEN)),
        func.coalesce(func.sum(Operation.amount_usd).filter(done), 0),
        func.coalesce(func.sum(Operation.amount_pen).filter(done), 0),
    ).where(Operation.client_id == client_id)
    completed, still_open, usd, pen = (await session.execute(wanted)).one()
    return Totals(completed=completed, open=still_open, usd=Decimal(usd), pen=Decimal(pen))


async def ended(session: AsyncSession, client_id: int) -> int:
    """How many operations of the client are over: it tells a repeated click from a new wish (F001)."""
    over = select(func.count()).where(Operation.client_id == client_id, Operation.state.not_in(OPEN))
    return await session.scalar(over) or 0


async def times_returned(session: AsyncSession, code: str) -> int:
    """How often the operation went back to Pendiente: the same proof may then be sent anew."""
    returns = (OperationEvent.operation_code == code, OperationEvent.event == "return_to_pending")
    return await session.scalar(select(func.count()).where(*returns, OperationEvent.orphaned_at.is_(None))) or 0


async def _with_children(session: AsyncSession, rows: Sequence[Operation]) -> list[ClientOperation]:
    """Only what there can be is asked for: nothing belongs to a new operation, and comprobantes are of Completada."""
    grown = [row.code for row in rows if row.version > 1 or row.state is not State.PENDIENTE]
    completed = [row.code for row in rows if row.state is State.COMPLETADA]
    found_deposits = await _grouped(session, _DEPOSITS, grown)
    found_proofs = await _grouped(session, _PROOFS, grown)
    found_invoices = await _grouped(session, _INVOICES, completed)
    return [
        ClientOperation(
            row=row,
            deposits=found_deposits.get(row.code, []),
            proofs=found_proofs.get(row.code, []),
            invoices=found_invoices.get(row.code, []),
        )
        for row in rows
    ]


async def _grouped(session: AsyncSession, wanted: Any, codes: Sequence[str]) -> dict[str, list[Any]]:
    """One read for a whole page, by operation (a read per row made lists slow)."""
    grouped: dict[str, list[Any]] = {code: [] for code in codes}
    if codes:
        for child in (await session.scalars(wanted, {"codes": codes})).all():
            grouped[child.operation_code].append(child)
    return grouped
