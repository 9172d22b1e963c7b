"""Comprobantes: numbers reserved before anything is sent, attempts kept, and states that only go forward."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from sqlalchemy import bindparam, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from db import inbox, incidents, notifications
from db.session import HELD
from db.tables import Client, Invoice, InvoiceSeries, Operation, Reversal
from domain.errors import Conflict
from domain.invoices import InvoiceStatus, InvoiceType, ask_again_in, invoice_type_for, is_burnt, may_become
from domain.money import Currency
from domain.notifications import role_room
from domain.permissions import Role
from domain.reversals import ReversalState
from domain.sunat import rejected

NUMBER_TAKEN = "numeracion"
REJECTED, SILENT, VOID_FAILED = "comprobante", "sunat sin respuesta", "anulacion"
ACCOUNT_FAILS, ACCOUNT = "facturacion", "NubeFact"
TROUBLES = (ACCOUNT_FAILS, NUMBER_TAKEN, REJECTED, SILENT, VOID_FAILED)
# How far a person may send a series ahead at once: a number that was given is never taken back, and has eight digits.
MOST_SKIPPED = 100_000
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
    session: AsyncSession,
    operation: Operation,
    client: Client,
    *,
    series: Mapping[InvoiceType, str],
    currency: Currency,
    on: date,
) -> Invoice:
    """The operation's comprobante: the one it has, or a new one with the next number of its series.

    A client with RUC gets a factura, anyone else a boleta. `on` is the Lima date of emission. The caller commits before
    it sends anything, so that a number is never given twice (F088, F090). What NubeFact had refused is Pendiente again;
    what SUNAT rejected stays as it is: its number is burnt.
    """
    kind = invoice_type_for(client.document_type)
    known = await by_operation(session, operation.code)
    if known is not None:
        # Only what NubeFact has surely not taken may change its type: a lost answer may be a document.
        refused = known.status is InvoiceStatus.RECHAZADO and not is_burnt(known.status, known.sunat_code)
        again = await _again(session, known)
        wrong = refused and again.type is not kind
        return await _retype(session, again, kind, series[kind]) if wrong else again
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
        total=operation.amount_usd if currency is Currency.USD else operation.amount_pen,
        currency=currency,
        issued_on=on.isoformat(),
        replaces_id=await _last(session, operation.code),
        request={},
    )
    session.add(invoice)
    await session.flush()
    return invoice


async def reserve_note(session: AsyncSession, amended: Invoice, *, series: str, reason: int, on: date) -> Invoice:
    """A nota de crédito for the whole of `amended`, with the next number of its series. The caller commits first.

    One that NubeFact refused before, and SUNAT never saw, is tried again under its own number: no gap.
    """
    untaken = select(Invoice).where(
        Invoice.amends_id == amended.id,
        Invoice.status.in_([InvoiceStatus.PENDIENTE, InvoiceStatus.RECHAZADO]),
        Invoice.sunat_code == "",
    )
    known = await session.scalar(untaken.order_by(Invoice.id.desc()).limit(1))
    if known is not None:
        return await _again(session, known)
    counter = await _locked(session, series, InvoiceType.NOTA_CREDITO)
    note = Invoice(
        operation_code=amended.operation_code,
        type=InvoiceType.NOTA_CREDITO,
        series=counter.series,
        number=_next(counter),
        status=InvoiceStatus.PENDIENTE,
        total=amended.total,
        currency=amended.currency,
        issued_on=on.isoformat(),
        amends_id=amended.id,
        note_reason=reason,
        request={},
    )
    session.add(note)
    await session.flush()
    return note


async def supersede(session: AsyncSession, invoice: Invoice, *, at: datetime) -> None:
    """It no longer stands for its operation: a nota took it back whole, or another one is to replace it.

    Its incident stays open until that other one is taken: whoever dies in between leaves the house told.
    """
    invoice.superseded_at = at
    await session.flush()


def name(invoice: Invoice) -> str:
    """`B001-12`."""
    return f"{invoice.series}-{invoice.number}"


async def billed(session: AsyncSession, operation_code: str) -> tuple[Operation, Client]:
    """What the comprobante is about, and who it is for. Raises NoResultFound for an unknown code."""
    operation, client = (await session.execute(_BILLED, {"code": operation_code})).one()
    return operation, client


# Asked for several times an operation: writing a statement anew costs as much as carrying it out.
_BILLED = (
    select(Operation, Client).join(Client, Client.id == Operation.client_id).where(Operation.code == bindparam("code"))
)
_LAST = (
    select(Invoice.id)
    .where(Invoice.operation_code == bindparam("code"), Invoice.type != InvoiceType.NOTA_CREDITO)
    .order_by(Invoice.id.desc())
    .limit(1)
)
_LIVE = select(Invoice).where(
    Invoice.operation_code == bindparam("code"),
    Invoice.type != InvoiceType.NOTA_CREDITO,
    Invoice.status != InvoiceStatus.ANULADO,
    Invoice.superseded_at.is_(None),
)


async def move_to_next_number(session: AsyncSession, invoice_id: int) -> Invoice:
    """The reserved number turned out to be another document's, issued by other means (F089): take the next, and tell.

    Nothing of ours was ever taken under the old number, so no document of the house changes its name.
    """
    invoice = await session.get_one(Invoice, invoice_id, with_for_update=True)  # its name changes: a key
    counter = await _locked(session, invoice.series, invoice.type)
    old = name(invoice)
    invoice.number = _next(counter)
    detail = f"{old} ya existe en NubeFact con otro contenido; {invoice.operation_code} pasa al número siguiente."
    await incidents.open_incident(session, kind=NUMBER_TAKEN, subject=old, detail=detail)
    return invoice


async def move_to_series(session: AsyncSession, invoice_id: int, series: str) -> Invoice:
    """The reserved number is of a series that NubeFact never opened: take one of the series that replaced it."""
    invoice = await session.get_one(Invoice, invoice_id, with_for_update=True)  # its name changes: a key
    counter = await _locked(session, series, invoice.type)
    invoice.series, invoice.number = counter.series, _next(counter)
    return invoice


async def account_fails(session: AsyncSession, why: str) -> None:
    """NubeFact does not take the house's token, address or series: one incident, however many comprobantes wait."""
    said = why.strip().rstrip(".")
    detail = f"NubeFact no acepta a la casa: {said}. Corrígelo; los comprobantes que esperan salen solos."
    await incidents.open_incident(session, kind=ACCOUNT_FAILS, subject=ACCOUNT, detail=detail)


async def heard(session: AsyncSession, invoice: Invoice, *, at: datetime) -> None:
    """NubeFact has just answered for a comprobante: what was told of the account and of this answer is settled."""
    settled = [(ACCOUNT_FAILS, ACCOUNT)]
    if invoice.status in TAKEN:
        settled += [(REJECTED, name(one)) for one in await _with_replaced(session, invoice)]
    if invoice.status in {InvoiceStatus.ACEPTADO, InvoiceStatus.RECHAZADO}:
        settled.append((SILENT, name(invoice)))
    await incidents.close_each(session, settled, at=at)


async def by_operation(session: AsyncSession, operation_code: str) -> Invoice | None:
    """The comprobante that stands for an operation: no nota, none annulled, replaced or taken back."""
    return await session.scalar(_LIVE, {"code": operation_code})


async def check_stands(session: AsyncSession, code: str) -> None:
    """Raises Conflict for an operation that was reversed, or is about to be: it gets no comprobante any more.

    Its row is held: who is reversing it in this moment commits first, or meets the comprobante.
    """
    await session.execute(select(Operation.id).where(Operation.code == code).with_for_update(read=True))
    reversal = select(Reversal.id).where(Reversal.operation_code == code, Reversal.state != ReversalState.NEGADA)
    if await session.scalar(reversal) is not None:
        raise Conflict("OPERATION_REVERSED", f"{code} está reversada o en camino de estarlo: no se le emite otro.")


async def overdue(session: AsyncSession, *, before: datetime) -> int:
    """How many comprobantes got their number before that instant and were never taken by NubeFact."""
    waiting = select(func.count()).where(Invoice.status == InvoiceStatus.PENDIENTE, Invoice.reserved_at < before)
    return await session.scalar(waiting) or 0


async def mark_sent(session: AsyncSession, invoice_id: int, papers: Papers, *, at: datetime) -> Invoice:
    """NubeFact has it; SUNAT has not answered (F093)."""
    return await _mark(session, invoice_id, InvoiceStatus.ENVIADO, papers, at)


async def mark_accepted(session: AsyncSession, invoice_id: int, papers: Papers, *, at: datetime) -> Invoice:
    """SUNAT has accepted it."""
    return await _mark(session, invoice_id, InvoiceStatus.ACEPTADO, papers, at)


async def mark_refused(session: AsyncSession, invoice_id: int, papers: Papers, *, at: datetime) -> Invoice:
    """NubeFact did not take it, or SUNAT said no (`papers.sunat_code`): an incident, and a person decides."""
    invoice = await _mark(session, invoice_id, InvoiceStatus.RECHAZADO, papers, at)
    if invoice.status is not InvoiceStatus.RECHAZADO:
        return invoice
    text = papers.sunat_description
    burnt = is_burnt(invoice.status, invoice.sunat_code)
    detail = rejected(name(invoice), papers.sunat_code, text) if burnt else f"{name(invoice)} no se emitió: {text}"
    await incidents.open_incident(session, kind=REJECTED, subject=name(invoice), detail=detail)
    await notifications.notify(
        session,
        key=f"comprobante-{invoice.id}-{invoice.sunat_code}",
        room=role_room(Role.MASTER),
        event="comprobante_rechazado",
        payload={"id": invoice.id, "comprobante": name(invoice), "codigo": invoice.sunat_code},
        operation_code=invoice.operation_code,
    )
    return invoice


async def mark_annulled(session: AsyncSession, invoice_id: int, *, at: datetime) -> Invoice:
    """SUNAT took its baja, or somebody annulled it in NubeFact's panel. Raises Conflict where the life forbids it."""
    invoice = await session.get_one(Invoice, invoice_id, with_for_update=HELD, populate_existing=True)
    if not may_become(invoice.status, InvoiceStatus.ANULADO):
        raise Conflict("WRONG_STATE", f"{name(invoice)} está {invoice.status}: no se anula.")
    invoice.status, invoice.ask_at = InvoiceStatus.ANULADO, None
    invoice.superseded_at = invoice.superseded_at or at
    await inbox.tell_of_invoice(session, invoice, issued=False)
    return invoice


async def annulled_elsewhere(session: AsyncSession, invoice_id: int, *, at: datetime) -> Invoice:
    """Somebody annulled it in NubeFact's panel: the house is told, since its operation has no comprobante now."""
    invoice = await mark_annulled(session, invoice_id, at=at)
    detail = f"{name(invoice)} fue anulado en el panel de NubeFact: emite otro para {invoice.operation_code}."
    await incidents.open_incident(session, kind=REJECTED, subject=name(invoice), detail=detail)
    return invoice


async def _mark(session: AsyncSession, invoice_id: int, status: InvoiceStatus, papers: Papers, at: datetime) -> Invoice:
    """A late answer that the life does not allow changes nothing: an acceptance is never taken back."""
    invoice = await session.get_one(Invoice, invoice_id, with_for_update=HELD, populate_existing=True)
    if not may_become(invoice.status, status):
        return invoice
    invoice.status = status
    invoice.pdf_url = papers.pdf_url or invoice.pdf_url
    invoice.xml_url = papers.xml_url or invoice.xml_url
    invoice.cdr_url = papers.cdr_url or invoice.cdr_url
    invoice.hash = papers.hash or invoice.hash
    invoice.sunat_code, invoice.sunat_description = papers.sunat_code, papers.sunat_description
    if status in TAKEN:
        if invoice.sent_at is None:
            await inbox.tell_of_invoice(session, invoice, issued=True)
        invoice.sent_at = invoice.sent_at or at
    if status is InvoiceStatus.ACEPTADO:
        invoice.accepted_at = invoice.accepted_at or at
    invoice.ask_at = None
    if status is InvoiceStatus.ENVIADO:
        invoice.ask_at = at + ask_again_in(at - (invoice.sent_at or at))
    return invoice


async def _with_replaced(session: AsyncSession, taken: Invoice) -> Sequence[Invoice]:
    """This comprobante, and those that it replaces."""
    if taken.replaces_id is None:
        return [taken]
    earlier = select(Invoice).where(Invoice.operation_code == taken.operation_code, Invoice.id < taken.id)
    return [taken, *(await session.scalars(earlier)).all()]


async def _again(session: AsyncSession, known: Invoice) -> Invoice:
    """A person asked to try again what NubeFact had refused."""
    if known.status is not InvoiceStatus.RECHAZADO or is_burnt(known.status, known.sunat_code):
        return known
    held = await session.get_one(Invoice, known.id, with_for_update=HELD, populate_existing=True)
    if held.status is InvoiceStatus.RECHAZADO:
        held.status = InvoiceStatus.PENDIENTE
        await session.flush()
    return held


async def _retype(session: AsyncSession, invoice: Invoice, kind: InvoiceType, series: str) -> Invoice:
    """The client was corrected from a person to a company, or back: the comprobante is of the other type and series.

    Its number goes back when none was given since; else it is left out, and the house is told why.
    """
    old, counter = name(invoice), await _locked(session, invoice.series, invoice.type)
    if counter.next_number == invoice.number + 1:
        counter.next_number = invoice.number
    else:
        detail = f"{old} quedó sin usar: {invoice.operation_code} pasó a {kind.value} al corregir al cliente."
        await incidents.open_incident(session, kind=NUMBER_TAKEN, subject=old, detail=detail)
    await incidents.close_incidents(session, kind=REJECTED, subject=old, at=datetime.now(UTC))
    right = await _locked(session, series, kind)
    invoice.type, invoice.series, invoice.number = kind, right.series, _next(right)
    await session.flush()
    return invoice


async def _last(session: AsyncSession, operation_code: str) -> int | None:
    """The newest comprobante that the operation had before, when there was one. Raises as `check_stands`."""
    last = await session.scalar(_LAST, {"code": operation_code})
    if last is not None:
        await check_stands(session, operation_code)
    return last


async def _locked(session: AsyncSession, series: str, kind: InvoiceType) -> InvoiceSeries:
    """The series' counter, held until the end of the transaction; made the first time it is used."""
    counter = await session.get(InvoiceSeries, series, with_for_update=HELD, populate_existing=True)
    if counter is not None:
        return counter
    await session.execute(insert(InvoiceSeries).values(series=series, type=kind).on_conflict_do_nothing())
    return await session.get_one(InvoiceSeries, series, with_for_update=HELD, populate_existing=True)


def _next(counter: InvoiceSeries) -> int:
    number = counter.next_number
    counter.next_number = number + 1
    return number


async def retire(session: AsyncSession, invoice_id: int, *, at: datetime) -> Invoice:
    """Make room for another comprobante of the same operation, or for this one's own number once more.

    What SUNAT rejected, annulled or saw credited leaves its place; what only NubeFact refused, or nobody has sent yet,
    keeps it and its number. Raises Conflict for what stands, and when another one has taken its place already.
    """
    invoice = await session.get_one(Invoice, invoice_id, with_for_update=HELD, populate_existing=True)
    if invoice.type is InvoiceType.NOTA_CREDITO:
        raise Conflict("NOTE", "Una nota no se reemite: pide la anulación otra vez.")
    live = await by_operation(session, invoice.operation_code)
    if live is not None and live.id != invoice.id:
        raise Conflict("REPLACED", f"Ya lo reemplaza {name(live)}, que está {live.status}.")
    if live is not None and invoice.status in TAKEN:
        raise Conflict("INVOICE_STANDS", f"Está {invoice.status}: anúlalo antes de emitir otro.")
    if invoice.status is InvoiceStatus.ANULADO or is_burnt(invoice.status, invoice.sunat_code):
        await supersede(session, invoice, at=invoice.superseded_at or at)
    return invoice


async def set_next(session: AsyncSession, series: str, kind: InvoiceType, number: int) -> tuple[int, int]:
    """Where a series goes on, for one that was also used by other means (F089, need L). Answers before and after.

    Raises Conflict for a number that the house has given already or that leaves out more than MOST_SKIPPED, and for a
    series of another type.
    """
    counter = await _locked(session, series, kind)
    if counter.type is not kind:
        raise Conflict("SERIES_TYPE", f"La serie {series} es de {counter.type.value}.")
    last = await session.scalar(select(func.max(Invoice.number)).where(Invoice.series == series)) or 0
    if number <= last:
        raise Conflict("NUMBER_GIVEN", f"{series} ya llegó al {last}: elige {last + 1} o más.")
    if number - last > MOST_SKIPPED:
        words = f"{series} llegó al {last}: {number} deja más de {MOST_SKIPPED:,} números sin usar. Revisa el número."
        raise Conflict("NUMBER_FAR", words, field="next_number")
    before, counter.next_number = counter.next_number, number
    return before, number


async def open_troubles(session: AsyncSession) -> Sequence[str]:
    """What is open about comprobantes, in sentences for people: account, numbers, rejections, silence, annulments."""
    return await incidents.open_details(session, kinds=TROUBLES)
