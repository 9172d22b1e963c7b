"""Taking comprobantes back: who asked, who decided, how it went. One open request a comprobante, two people always."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db import audit, incidents, invoices, notifications
from db.tables import Invoice, InvoiceVoid
from domain.errors import Conflict, Forbidden, Missing
from domain.invoices import CreditNoteReason, VoidMethod, VoidState, check_voidable, void_method
from domain.notifications import role_room
from domain.operations import Actor
from domain.permissions import Role

OPEN = (VoidState.SOLICITADA, VoidState.APROBADA)


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What is asked: `method` None lets the term decide; `note_reason` is for the nota, should it come to one."""

    method: VoidMethod | None
    note_reason: CreditNoteReason
    reason: str


async def ask(session: AsyncSession, invoice_id: int, wish: Wish, *, actor: Actor, at: datetime) -> InvoiceVoid:
    """Write a request. Raises Missing, or Conflict when it can't be taken back or somebody has asked already."""
    invoice = await session.get(Invoice, invoice_id, with_for_update=True)
    if invoice is None:
        raise Missing("INVOICE_NOT_FOUND", "No encontramos este comprobante.")
    _check(invoice)
    if await open_of(session, invoice_id) is not None:
        raise Conflict("VOID_ASKED", "Ya hay un pedido de anulación en curso para este comprobante.")
    row = InvoiceVoid(
        invoice_id=invoice_id,
        method=wish.method,
        note_reason=wish.note_reason.value,
        reason=wish.reason,
        state=VoidState.SOLICITADA,
        requested_by=actor.id,
        requested_at=at,
    )
    session.add(row)
    await session.flush()
    _audit(session, invoice, actor, "invoices.void_ask", wish.reason)
    await _tell(session, row, invoice, "anulacion_solicitada")
    return row


async def approve(session: AsyncSession, void_id: int, *, actor: Actor, at: datetime, today: date) -> InvoiceVoid:
    """A second person agrees; how it is done is settled now, by the term. Raises Forbidden, Conflict."""
    row, invoice = await _held(session, void_id)
    if row.state is VoidState.APROBADA and row.decided_by == actor.id:
        return row
    _check_decides(row, actor)
    _check(invoice)
    row.method = row.method or void_method(date.fromisoformat(invoice.issued_on), today)
    row.state, row.decided_by, row.decided_at = VoidState.APROBADA, actor.id, at
    _audit(session, invoice, actor, "invoices.void_approve", row.reason)
    return row


async def deny(session: AsyncSession, void_id: int, *, actor: Actor, reason: str, at: datetime) -> InvoiceVoid:
    """A second person says no, and why; the comprobante stands. Raises Forbidden, Conflict."""
    row, invoice = await _held(session, void_id)
    if row.state is VoidState.NEGADA and row.decided_by == actor.id:
        return row
    _check_decides(row, actor)
    row.state, row.decided_by, row.decided_at = VoidState.NEGADA, actor.id, at
    row.decision, row.ended_at = reason, at
    _audit(session, invoice, actor, "invoices.void_deny", reason)
    return row


async def one(session: AsyncSession, void_id: int) -> tuple[InvoiceVoid, Invoice]:
    """A request and its comprobante. Raises NoResultFound."""
    row = await session.get_one(InvoiceVoid, void_id)
    return row, await session.get_one(Invoice, row.invoice_id)


async def open_of(session: AsyncSession, invoice_id: int) -> InvoiceVoid | None:
    """The request that is still open for a comprobante."""
    wanted = select(InvoiceVoid).where(InvoiceVoid.invoice_id == invoice_id, InvoiceVoid.state.in_(OPEN))
    return await session.scalar(wanted)


async def of_invoice(session: AsyncSession, invoice_id: int) -> Sequence[InvoiceVoid]:
    """Every request for a comprobante, oldest first."""
    wanted = select(InvoiceVoid).where(InvoiceVoid.invoice_id == invoice_id).order_by(InvoiceVoid.id)
    return (await session.scalars(wanted)).all()


async def keep_ticket(session: AsyncSession, void_id: int, ticket: str) -> None:
    """SUNAT's number for the baja."""
    row, _ = await _held(session, void_id)
    row.ticket = ticket


async def by_note(session: AsyncSession, void_id: int, why: str) -> None:
    """The baja was not taken: a nota de crédito is what is left."""
    row, _ = await _held(session, void_id)
    row.method, row.outcome = VoidMethod.NOTA_CREDITO, why[:500]


async def annulled(session: AsyncSession, void_id: int, *, at: datetime) -> None:
    """SUNAT took the baja."""
    row, invoice = await _held(session, void_id)
    await invoices.mark_annulled(session, invoice.id, at=at)
    await _end(session, row, invoice, VoidState.HECHA, "La SUNAT aceptó la baja.", at=at)


async def note_of(session: AsyncSession, void_id: int, *, series: str, on: date) -> int:
    """The nota de crédito of an approved request: the one it has, or one with the next number of `series`."""
    row, invoice = await _held(session, void_id)
    if row.note_id is None:
        row.note_id = (await invoices.reserve_note(session, invoice, series=series, reason=row.note_reason, on=on)).id
    return row.note_id


async def credited(session: AsyncSession, void_id: int, *, at: datetime) -> None:
    """SUNAT took the nota: what it takes back stands in the books, but no longer for its operation."""
    row, invoice = await _held(session, void_id)
    await invoices.supersede(session, invoice, at=at)
    await _end(session, row, invoice, VoidState.HECHA, "La SUNAT aceptó la nota de crédito.", at=at)


async def failed(session: AsyncSession, void_id: int, why: str, *, at: datetime) -> None:
    """Neither baja nor nota was taken: the comprobante stands, and the house is told."""
    row, invoice = await _held(session, void_id)
    named = invoices.name(invoice)
    detail = f"{named} no se pudo anular: {why} Sigue vigente; corrige y pide la anulación otra vez."
    await incidents.open_incident(session, kind=invoices.VOID_FAILED, subject=named, detail=detail)
    await _end(session, row, invoice, VoidState.FALLIDA, why, at=at)


async def _end(
    session: AsyncSession, row: InvoiceVoid, invoice: Invoice, state: VoidState, outcome: str, *, at: datetime
) -> None:
    row.state, row.outcome, row.ended_at = state, outcome[:500], at
    if state is VoidState.HECHA:
        await incidents.close_incidents(session, kind=invoices.VOID_FAILED, subject=invoices.name(invoice), at=at)
    await _tell(session, row, invoice, "anulacion_terminada")


async def _held(session: AsyncSession, void_id: int) -> tuple[InvoiceVoid, Invoice]:
    row = await session.get_one(InvoiceVoid, void_id, with_for_update=True)
    return row, await session.get_one(Invoice, row.invoice_id, with_for_update=True)


def _check(invoice: Invoice) -> None:
    check_voidable(invoice.type, invoice.status, superseded=invoice.superseded_at is not None)


def _check_decides(row: InvoiceVoid, actor: Actor) -> None:
    if row.state is not VoidState.SOLICITADA:
        raise Conflict("VOID_DECIDED", f"Este pedido ya está {row.state}.")
    if row.requested_by == actor.id:
        raise Forbidden("TWO_PEOPLE", "La pediste tú: la aprueba otra persona.")


def _audit(session: AsyncSession, invoice: Invoice, actor: Actor, action: str, reason: str) -> None:
    audit.record(session, actor=actor, action=action, entity="invoice", entity_id=invoice.id, reason=reason)


async def _tell(session: AsyncSession, row: InvoiceVoid, invoice: Invoice, event: str) -> None:
    await notifications.notify(
        session,
        key=f"anulacion-{row.id}-{row.state}",
        room=role_room(Role.MASTER),
        event=event,
        payload={"id": invoice.id, "comprobante": invoices.name(invoice), "estado": row.state.value},
        operation_code=invoice.operation_code,
    )
