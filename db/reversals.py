"""Undoing a completed operation: matches, books with their bank movements, pips, coupon and counters, in one go.

All of it stands or none does, in the transaction of the second person's decision: never a voided entry of an operation
that still earns (F016 and its kind). The comprobante follows, since SUNAT answers when it answers.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db import audit, invoice_voids, invoices, ledger, netting, notifications
from db.invoice_voids import Wish
from db.tables import (
    Client,
    InvoiceVoid,
    LedgerEntry,
    Match,
    Operation,
    ReferralEntry,
    Reversal,
    RewardCode,
    Settlement,
)
from domain.calendar import business_day
from domain.errors import Conflict, Forbidden, Missing
from domain.invoices import CreditNoteReason, InvoiceStatus, VoidState
from domain.ledger import Source
from domain.notifications import role_room
from domain.operations import Actor, ActorKind
from domain.permissions import Role
from domain.referrals import LedgerKind
from domain.reversals import STANDING, ReversalState, check_reversible

# What SUNAT never took needs no taking back.
NEVER_TAKEN = (InvoiceStatus.RECHAZADO, InvoiceStatus.ANULADO)
MOST_OF_A_REASON = 100  # what NubeFact takes as the motive of a baja


async def of_operation(session: AsyncSession, code: str) -> Reversal | None:
    """The newest request for an operation."""
    return await session.scalar(
        select(Reversal).where(Reversal.operation_code == code).order_by(Reversal.id.desc()).limit(1)
    )


CARRIED = (ReversalState.APROBADA, ReversalState.HECHA)


async def undone_at(session: AsyncSession, code: str) -> datetime | None:
    """When two people agreed to undo this operation; None while it stands."""
    wanted = select(Reversal.decided_at).where(Reversal.operation_code == code, Reversal.state.in_(CARRIED))
    return await session.scalar(wanted.limit(1))


def undone() -> ColumnElement[bool]:
    """Of an operation: it was undone, so it no longer counts among what was exchanged. Few are: one read tells all."""
    carried = select(Reversal.operation_code).where(Reversal.state.in_(CARRIED))
    return Operation.code.in_(carried)


async def ask(session: AsyncSession, code: str, *, actor: Actor, reason: str, at: datetime) -> Reversal:
    """Write a request. Raises Missing, or Conflict: not completed, not settled yet, or asked for before."""
    operation = await _held_operation(session, code)
    check_reversible(code, operation.state)
    known = select(Reversal).where(Reversal.operation_code == code, Reversal.state.in_(STANDING))
    if (standing := await session.scalar(known)) is not None:
        raise Conflict("REVERSAL_ASKED", f"El reverso de {code} ya está {standing.state}.")
    await _check_settled(session, code)
    row = Reversal(
        operation_code=code, state=ReversalState.SOLICITADA, reason=reason, requested_by=actor.id, requested_at=at
    )
    session.add(row)
    await session.flush()
    await _say(session, row, actor, "operations.reversal_ask", reason)
    return row


async def approve(session: AsyncSession, reversal_id: int, *, actor: Actor, at: datetime) -> Reversal:
    """A second person agrees, and all that the house holds of the operation is undone, on today's Lima day.

    Raises Forbidden for who asked, and Conflict when it was decided, a match is in a closed lote, or a month is closed.
    """
    row = await _held(session, reversal_id)
    if row.state in {ReversalState.APROBADA, ReversalState.HECHA} and row.decided_by == actor.id:
        return row
    _check_decides(row, actor)
    await _undo(session, row.operation_code, actor=actor, at=at, reason=row.reason)
    row.state, row.decided_by, row.decided_at = ReversalState.APROBADA, actor.id, at
    await _say(session, row, actor, "operations.reversal_approve", row.reason)
    return row


async def deny(session: AsyncSession, reversal_id: int, *, actor: Actor, reason: str, at: datetime) -> Reversal:
    """A second person says no, and why; the operation stands. Raises Forbidden, Conflict."""
    row = await _held(session, reversal_id)
    if row.state is ReversalState.NEGADA and row.decided_by == actor.id:
        return row
    _check_decides(row, actor)
    row.state, row.decided_by, row.decided_at = ReversalState.NEGADA, actor.id, at
    row.decision, row.ended_at = reason, at
    await _say(session, row, actor, "operations.reversal_deny", reason)
    return row


async def reclaim(session: AsyncSession, reversal_id: int, *, at: datetime) -> InvoiceVoid | None:
    """The annulment of its comprobante, agreed by the same two people; None when none stands.

    Raises Conflict while the comprobante waits for SUNAT, or somebody's own request for it is open.
    """
    row = await _held(session, reversal_id)
    if row.void_id is not None:
        return await session.get_one(InvoiceVoid, row.void_id)
    invoice = await invoices.by_operation(session, row.operation_code)
    if invoice is None or invoice.status in NEVER_TAKEN:
        return None
    if await invoice_voids.open_of(session, invoice.id) is not None:
        raise Conflict("VOID_ASKED", "Ya hay un pedido de anulación en curso para este comprobante.")
    wish = Wish(method=None, note_reason=CreditNoteReason.ANULACION, reason=f"Reverso: {row.reason}"[:MOST_OF_A_REASON])
    asker, decider = (Actor(kind=ActorKind.STAFF, id=one or 0) for one in (row.requested_by, row.decided_by))
    void = await invoice_voids.ask(session, invoice.id, wish, actor=asker, at=at)
    void = await invoice_voids.approve(session, void.id, actor=decider, at=at, today=business_day(at))
    row.void_id = void.id
    return void


async def end(session: AsyncSession, reversal_id: int, *, at: datetime) -> Reversal:
    """Nothing is left to do; how it ended with the comprobante is written."""
    row = await _held(session, reversal_id)
    if row.state is ReversalState.HECHA:
        return row
    void = None if row.void_id is None else await session.get_one(InvoiceVoid, row.void_id)
    row.state, row.ended_at = ReversalState.HECHA, at
    row.outcome = "No había comprobante que anular." if void is None else void.outcome
    if void is not None and void.state is VoidState.FALLIDA:
        row.outcome = f"Los libros quedaron deshechos; el comprobante sigue vigente: {void.outcome}"
    await _tell(session, row)
    return row


async def _undo(session: AsyncSession, code: str, *, actor: Actor, at: datetime, reason: str) -> None:
    """In the reverse order of `settle`."""
    operation = await _held_operation(session, code)
    await _check_settled(session, code)
    for match in await _standing_matches(session, code):
        await netting.annul(session, match, actor=actor, at=at, reason=reason)
    await _annul_entries(session, code, actor=actor, day=business_day(at), reason=reason)
    client = await session.get_one(Client, operation.client_id, with_for_update=True)
    done = {
        row.kind: row.detail
        for row in await session.scalars(select(Settlement).where(Settlement.operation_code == code))
    }
    if "contadores" in done:
        client.completed_operations -= 1
    if "pips" in done:
        await _take_pips_back(session, code, done["pips"], actor=actor, at=at, reason=reason)
    if "cupon" in done:
        free = update(RewardCode).where(RewardCode.code == operation.coupon, RewardCode.reserved_for == code)
        await session.execute(free.values(reserved_for=None, used_at=None))


async def _standing_matches(session: AsyncSession, code: str) -> list[int]:
    wanted = select(Match.id).where(or_(Match.buy_code == code, Match.sell_code == code), Match.annulled_at.is_(None))
    return list(await session.scalars(wanted.order_by(Match.id.desc())))


async def _annul_entries(session: AsyncSession, code: str, *, actor: Actor, day: date, reason: str) -> None:
    """What named the bank of its lines afterwards goes back first, then the operation's own entry."""
    mirrors = select(LedgerEntry.reverses_id).where(LedgerEntry.reverses_id.is_not(None))
    later = select(LedgerEntry.id).where(
        LedgerEntry.operation_code == code,
        LedgerEntry.source == Source.ASIGNACION,
        LedgerEntry.reverses_id.is_(None),
        LedgerEntry.id.not_in(mirrors),
    )
    for entry in list(await session.scalars(later.order_by(LedgerEntry.id.desc()))):
        await ledger.annul(session, entry, actor=actor, day=day, reason=reason)
    await ledger.annul_operation(session, code, actor=actor, day=day, reason=reason)


async def _take_pips_back(
    session: AsyncSession, code: str, paid: dict[str, int], *, actor: Actor, at: datetime, reason: str
) -> None:
    """The referrer earned them for an exchange that did not stand; who spent them already owes them."""
    session.add(
        ReferralEntry(
            client_id=paid["client_id"],
            kind=LedgerKind.REVERSAL,
            pips=-paid["pips"],
            operation_code=code,
            user_id=actor.id,
            reason=reason,
            at=at,
        )
    )


async def _check_settled(session: AsyncSession, code: str) -> None:
    posted = select(LedgerEntry.id).where(LedgerEntry.operation_code == code, LedgerEntry.source == Source.OPERACION)
    if await session.scalar(posted.limit(1)) is None:
        raise Conflict("NOT_SETTLED", f"{code} todavía se está liquidando. Inténtalo en unos segundos.")


async def _held_operation(session: AsyncSession, code: str) -> Operation:
    row = await session.scalar(select(Operation).where(Operation.code == code).with_for_update())
    if row is None:
        raise Missing("OPERATION_NOT_FOUND", "No encontramos esa operación.")
    return row


async def _held(session: AsyncSession, reversal_id: int) -> Reversal:
    return await session.get_one(Reversal, reversal_id, with_for_update=True)


def _check_decides(row: Reversal, actor: Actor) -> None:
    if row.state is not ReversalState.SOLICITADA:
        raise Conflict("REVERSAL_DECIDED", f"Este reverso ya está {row.state}.")
    if row.requested_by == actor.id:
        raise Forbidden("TWO_PEOPLE", "Lo pediste tú: lo decide otra persona.")


async def _say(session: AsyncSession, row: Reversal, actor: Actor, action: str, reason: str) -> None:
    audit.record(session, actor=actor, action=action, entity="operation", entity_id=row.operation_code, reason=reason)
    await _tell(session, row)


async def _tell(session: AsyncSession, row: Reversal) -> None:
    await notifications.notify(
        session,
        key=f"reverso-{row.id}-{row.state}",
        room=role_room(Role.MASTER),
        event="reverso",
        payload={"codigo": row.operation_code, "estado": row.state.value},
        operation_code=row.operation_code,
    )
