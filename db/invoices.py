"""Comprobantes: numbers reserved before anything is sent, attempts kept, and states that only go forward."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import bindparam, exists, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from db import incidents
from db.tables import Client, Invoice, InvoiceAttempt, InvoiceSeries, Operation
from domain.invoices import InvoiceStatus, InvoiceType, invoice_type_for

SENDING = "generar"
CONSULTING = "consultar"
NUMBER_TAKEN = "numeracion"
ACCOUNT_FAILS, ACCOUNT = "facturacion", "NubeFact"
# What NubeFact has taken is never sent again.
TAKEN = frozenset({InvoiceStatus.ENVIADO, InvoiceStatus.ACEPTADO})


@dataclass(frozen=True, kw_only=True)
class Papers:
    """What the provider gave for a document, and what SUNAT said of it."""

    pdf_url: str = ""
    xml_url: str = ""
    cdr_url: str = ""
    hash: str = ""
    sunat_code: str = ""
    sunat_description: str = ""


async def reserve(
    session: AsyncSession, operation: Operation, client: Client, *, series: Mapping[InvoiceType, str], on: date
) -> Invoice:
    """The operation's comprobante: the one it has, or a new one with the next number of its series.

    A client with RUC gets a factura, anyone else a boleta. `on` is the Lima date of emission. The caller commits before
    it sends anything, so that a number is never given twice (F088, F090).
    """
    known = await by_operation(session, operation.code)
    if known is not None:
        return known
    kind = invoice_type_for(client.document_type)
    counter = await _locked(session, series[kind], kind)
    known = await by_operation(session, operation.code)
    if known is not None:
        return known
    invoice = Invoice(
        operation_code=operation.code,
        type=kind,
        series=counter.series,
        number=_next(counter),
        status=InvoiceStatus.PENDIENTE,
        total_pen=operation.amount_pen,
        issued_on=on.isoformat(),
        request={},
    )
    session.add(invoice)
    await session.flush()
    return invoice


async def billed(session: AsyncSession, operation_code: str) -> tuple[Operation, Client]:
    """What the comprobante is about, and who it is for. Raises NoResultFound for an unknown code."""
    operation, client = (await session.execute(_BILLED, {"code": operation_code})).one()
    return operation, client


# Asked for several times an operation: writing a statement anew costs as much as carrying it out.
_BILLED = (
    select(Operation, Client).join(Client, Client.id == Operation.client_id).where(Operation.code == bindparam("code"))
)
_LIVE = select(Invoice).where(Invoice.operation_code == bindparam("code"), Invoice.status != InvoiceStatus.ANULADO)


async def move_to_next_number(session: AsyncSession, invoice_id: int) -> Invoice:
    """The reserved number turned out to be another document's, issued by other means (F089): take the next, and tell.

    Nothing of ours was ever taken under the old number, so no document of the house changes its name.
    """
    invoice = await session.get_one(Invoice, invoice_id, with_for_update=True)
    counter = await _locked(session, invoice.series, invoice.type)
    old = f"{invoice.series}-{invoice.number}"
    invoice.number = _next(counter)
    detail = f"{old} ya existe en NubeFact con otro contenido; {invoice.operation_code} pasa al número siguiente."
    await incidents.open_incident(session, kind=NUMBER_TAKEN, subject=old, detail=detail)
    return invoice


async def move_to_series(session: AsyncSession, invoice_id: int, series: str) -> Invoice:
    """The reserved number is of a series that NubeFact never opened: take one of the series that replaced it."""
    invoice = await session.get_one(Invoice, invoice_id, with_for_update=True)
    counter = await _locked(session, series, invoice.type)
    invoice.series, invoice.number = counter.series, _next(counter)
    return invoice


async def account_fails(session: AsyncSession, why: str) -> None:
    """NubeFact does not take the house's token, address or series: one incident, however many comprobantes wait."""
    detail = f"NubeFact no acepta a la casa: {why} Corrígelo; los comprobantes que esperan salen solos."
    await incidents.open_incident(session, kind=ACCOUNT_FAILS, subject=ACCOUNT, detail=detail)


async def account_works(session: AsyncSession, *, at: datetime) -> None:
    """NubeFact has just answered for a comprobante."""
    await incidents.close_incidents(session, kind=ACCOUNT_FAILS, subject=ACCOUNT, at=at)


async def by_operation(session: AsyncSession, operation_code: str) -> Invoice | None:
    """The live comprobante of an operation."""
    return await session.scalar(_LIVE, {"code": operation_code})


async def overdue(session: AsyncSession, *, before: datetime) -> int:
    """How many comprobantes got their number before that instant and were never taken by NubeFact."""
    waiting = select(func.count()).where(Invoice.status == InvoiceStatus.PENDIENTE, Invoice.reserved_at < before)
    return await session.scalar(waiting) or 0


async def was_sent(session: AsyncSession, invoice_id: int) -> bool:
    """Whether anything was ever sent under this number: then NubeFact is asked before sending again."""
    sent = exists().where(InvoiceAttempt.invoice_id == invoice_id, InvoiceAttempt.action == SENDING)
    return bool(await session.scalar(select(sent)))


async def record_attempt(
    session: AsyncSession,
    invoice_id: int,
    *,
    action: str,
    outcome: str,
    request: Mapping[str, Any],
    response: Mapping[str, Any],
) -> None:
    """Keep one call to the provider; the caller has masked the token."""
    values = {"invoice_id": invoice_id, "action": action, "outcome": outcome}
    await session.execute(insert(InvoiceAttempt).values(**values, request=dict(request), response=dict(response)))


async def mark_sending(session: AsyncSession, invoice_id: int, *, request: Mapping[str, Any], on: date) -> None:
    """What is about to be sent, and with which date of emission."""
    named = update(Invoice).where(Invoice.id == invoice_id)
    await session.execute(named.values(request=dict(request), issued_on=on.isoformat()))


async def mark_sent(session: AsyncSession, invoice_id: int, papers: Papers, *, at: datetime) -> Invoice:
    """NubeFact has it; SUNAT has not answered (F093)."""
    return await _mark(session, invoice_id, InvoiceStatus.ENVIADO, papers, at)


async def mark_accepted(session: AsyncSession, invoice_id: int, papers: Papers, *, at: datetime) -> Invoice:
    """SUNAT has accepted it."""
    return await _mark(session, invoice_id, InvoiceStatus.ACEPTADO, papers, at)


async def mark_refused(session: AsyncSession, invoice_id: int, papers: Papers, *, at: datetime) -> Invoice:
    """NubeFact did not take it, or SUNAT said no. A person decides what follows."""
    return await _mark(session, invoice_id, InvoiceStatus.RECHAZADO, papers, at)


async def _mark(session: AsyncSession, invoice_id: int, status: InvoiceStatus, papers: Papers, at: datetime) -> Invoice:
    invoice = await session.get_one(Invoice, invoice_id, with_for_update=True)
    # An answer that arrives late never takes an acceptance back.
    if invoice.status in {InvoiceStatus.ACEPTADO, InvoiceStatus.ANULADO}:
        return invoice
    invoice.status = status
    invoice.pdf_url = papers.pdf_url or invoice.pdf_url
    invoice.xml_url = papers.xml_url or invoice.xml_url
    invoice.cdr_url = papers.cdr_url or invoice.cdr_url
    invoice.hash = papers.hash or invoice.hash
    invoice.sunat_code, invoice.sunat_description = papers.sunat_code, papers.sunat_description
    if status in TAKEN:
        invoice.sent_at = invoice.sent_at or at
    if status is InvoiceStatus.ACEPTADO:
        invoice.accepted_at = at
    return invoice


async def _locked(session: AsyncSession, series: str, kind: InvoiceType) -> InvoiceSeries:
    """The series' counter, held until the end of the transaction; made the first time it is used."""
    counter = await session.get(InvoiceSeries, series, with_for_update=True, populate_existing=True)
    if counter is not None:
        return counter
    await session.execute(insert(InvoiceSeries).values(series=series, type=kind).on_conflict_do_nothing())
    return await session.get_one(InvoiceSeries, series, with_for_update=True, populate_existing=True)


def _next(counter: InvoiceSeries) -> int:
    number = counter.next_number
    counter.next_number = number + 1
    return number
