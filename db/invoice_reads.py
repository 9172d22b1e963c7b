"""What screens, mails and files read of comprobantes, always within what the reader's role lets it see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from db.operation_reads import within
from db.tables import Client, Delivery, Invoice, InvoiceAttempt, InvoiceSeries, InvoiceVoid, Operation
from domain.errors import Missing
from domain.invoices import InvoiceStatus, InvoiceType
from domain.money import Currency
from domain.operations import Actor

# The notices whose deliveries show whether a comprobante reached its client.
NOTICES = ("completada", "comprobante", "comprobante_anulado", "nota_credito", "comprobante_rechazado_casa")


@dataclass(frozen=True, kw_only=True)
class InvoiceFilter:
    """What the list is narrowed by. `since` and `until` are Lima dates of emission, both included."""

    statuses: tuple[InvoiceStatus, ...] = ()
    type: InvoiceType | None = None
    series: str = ""
    operation_code: str = ""
    client_id: int | None = None
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, kw_only=True)
class InvoiceLine:
    """One row of a list."""

    invoice: Invoice
    client: Client


@dataclass(frozen=True, kw_only=True)
class InvoiceSubject:
    """A document, who it is for, and what it takes back when it is a nota."""

    invoice: Invoice
    client: Client
    amended: Invoice | None


@dataclass(frozen=True, kw_only=True)
class InvoiceDetail:
    """One document with everything that belongs to it. `family` are the operation's other documents, oldest first."""

    invoice: Invoice
    client: Client
    operation: Operation
    attempts: Sequence[InvoiceAttempt]
    voids: Sequence[InvoiceVoid]
    family: Sequence[Invoice]
    deliveries: Sequence[Delivery]


@dataclass(frozen=True, kw_only=True)
class Sum:
    """How many documents of a type, state and currency, and what they add up to."""

    type: InvoiceType
    status: InvoiceStatus
    currency: Currency
    count: int
    total: Decimal


async def list_invoices(
    session: AsyncSession, reader: Actor, wanted: InvoiceFilter, *, before: int | None, limit: int
) -> Sequence[InvoiceLine]:
    """Documents newest first; `before` is the id to go on from."""
    query = (
        select(Invoice, Client)
        .join(Operation, Operation.code == Invoice.operation_code)
        .join(Client, Client.id == Operation.client_id)
        .where(within(reader))
    )
    if wanted.statuses:
        query = query.where(Invoice.status.in_(wanted.statuses))
    for column, value in (
        (Invoice.type, wanted.type),
        (Invoice.series, wanted.series.upper() or None),
        (Invoice.operation_code, wanted.operation_code.upper() or None),
        (Operation.client_id, wanted.client_id),
    ):
        if value is not None:
            query = query.where(column == value)
    if wanted.since is not None:
        query = query.where(Invoice.issued_on >= wanted.since.isoformat())
    if wanted.until is not None:
        query = query.where(Invoice.issued_on <= wanted.until.isoformat())
    if before is not None:
        query = query.where(Invoice.id < before)
    rows = await session.execute(query.order_by(Invoice.id.desc()).limit(limit))
    return [InvoiceLine(invoice=invoice, client=client) for invoice, client in rows.all()]


def sums(lines: Sequence[InvoiceLine]) -> Sequence[Sum]:
    """Totals by type, state and currency, in the order of the books."""
    found: dict[tuple[InvoiceType, InvoiceStatus, Currency], list[Decimal]] = {}
    for line in lines:
        one = line.invoice
        found.setdefault((one.type, one.status, one.currency), []).append(one.total)
    return [
        Sum(type=kind, status=status, currency=currency, count=len(amounts), total=sum(amounts, Decimal(0)))
        for (kind, status, currency), amounts in sorted(found.items())
    ]


async def get_invoice(session: AsyncSession, reader: Actor, invoice_id: int) -> InvoiceDetail:
    """One document. Raises Missing, also for somebody else's portfolio."""
    query = (
        select(Invoice, Client, Operation)
        .join(Operation, Operation.code == Invoice.operation_code)
        .join(Client, Client.id == Operation.client_id)
        .where(within(reader), Invoice.id == invoice_id)
    )
    found = (await session.execute(query)).one_or_none()
    if found is None:
        raise Missing("INVOICE_NOT_FOUND", "No encontramos este comprobante.")
    invoice, client, operation = found
    attempts = select(InvoiceAttempt).where(InvoiceAttempt.invoice_id == invoice_id).order_by(InvoiceAttempt.id)
    voids = select(InvoiceVoid).where(InvoiceVoid.invoice_id == invoice_id).order_by(InvoiceVoid.id)
    family = select(Invoice).where(Invoice.operation_code == operation.code, Invoice.id != invoice_id)
    mails = select(Delivery).where(Delivery.subject_key == operation.code, Delivery.notice.in_(NOTICES))
    return InvoiceDetail(
        invoice=invoice,
        client=client,
        operation=operation,
        attempts=(await session.scalars(attempts)).all(),
        voids=(await session.scalars(voids)).all(),
        family=(await session.scalars(family.order_by(Invoice.id))).all(),
        deliveries=(await session.scalars(mails.order_by(Delivery.id))).all(),
    )


async def own_invoice(session: AsyncSession, client_id: int, invoice_id: int) -> Invoice:
    """A client's own document that NubeFact has. Raises Missing for anybody else's."""
    query = select(Invoice).join(Operation, Operation.code == Invoice.operation_code)
    own = query.where(Invoice.id == invoice_id, Operation.client_id == client_id, Invoice.pdf_url != "")
    invoice = await session.scalar(own)
    if invoice is None:
        raise Missing("INVOICE_NOT_FOUND", "No encontramos este comprobante.")
    return invoice


async def subject(session: AsyncSession, invoice_id: int) -> InvoiceSubject:
    """A document for its mails. Raises NoResultFound."""
    amended = aliased(Invoice)
    query = (
        select(Invoice, Client, amended)
        .join(Operation, Operation.code == Invoice.operation_code)
        .join(Client, Client.id == Operation.client_id)
        .outerjoin(amended, amended.id == Invoice.amends_id)
        .where(Invoice.id == invoice_id)
    )
    invoice, client, taken_back = (await session.execute(query)).one()
    return InvoiceSubject(invoice=invoice, client=client, amended=taken_back)


async def series(session: AsyncSession) -> Sequence[tuple[InvoiceSeries, int]]:
    """Every series with the highest number that the house has given in it."""
    # Asked of each series, the last number is the end of its index; of all of them at once, every comprobante is read.
    last = select(func.max(Invoice.number)).where(Invoice.series == InvoiceSeries.series).scalar_subquery()
    query = select(InvoiceSeries, func.coalesce(last, 0)).order_by(InvoiceSeries.series)
    return [(row, last) for row, last in (await session.execute(query)).all()]
