"""An operation's row as its client reads it: amounts with their symbol, Lima hours, masked numbers."""

from __future__ import annotations

from datetime import datetime

from db.client_reads import display_name
from db.invoice_reads import InvoiceSubject
from db.invoices import TAKEN
from db.notices import Subject
from db.tables import Client, Complaint, HouseAccount, Invoice, Operation
from domain.accounts import Bank
from domain.calendar import business_day, format_day, format_moment, in_lima
from domain.clients import masked
from domain.complaints import code
from domain.invoices import InvoiceStatus, is_burnt
from domain.money import Currency, written
from domain.operations import Assessment, Kind, State
from domain.sunat import rejected
from integrations.notices import ClientFacts, ComplaintFacts, HouseAccountFacts, InvoiceFacts, OperationFacts

NOON = 12
ACCOUNT_TAIL = 4
_LABELS = {
    State.COMPLETADA: ("Pagaste", "Recibiste"),
    State.CANCELADO: ("Ibas a pagar", "Ibas a recibir"),
    State.EXPIRADA: ("Ibas a pagar", "Ibas a recibir"),
}


def told(subject: Subject, *, site: str, attached: bool) -> OperationFacts:
    """What the notices of an operation may say. `attached`: the comprobante's PDF goes with this mail."""
    row, client = subject.operation, subject.client
    pays, receives = _sides(row)
    pays_label, receives_label = _LABELS.get(row.state, ("Pagas", "Recibes"))
    invoice = subject.invoice if subject.invoice is not None and subject.invoice.status in TAKEN else None
    return OperationFacts(
        code=row.code,
        state=row.state.value,
        client=display_name(client),
        document=_document(client),
        buys_dollars=row.kind is Kind.VENTA,
        pays=pays,
        receives=receives,
        pays_label=pays_label,
        receives_label=receives_label,
        rate=f"{row.rate:.4f}",
        source_account=_account(row.source_bank, row.source_account),
        destination_account=_account(row.destination_bank, row.destination_account),
        paid_to=_paid_to(subject),
        house_account=_house_account(subject.house_account),
        awaits_transfer=row.state is State.PENDIENTE,
        proved=subject.proved,
        deadline=_deadline(row),
        # A hold is never explained, not even when it ends in a cancellation (duty of secrecy).
        reason="" if row.assessment is Assessment.HELD else row.reason,
        receipt=f"{invoice.type.value} {receipt_name(invoice)}" if invoice else "",
        receipt_attached=attached,
        receipt_confirmed=invoice is not None and invoice.status is InvoiceStatus.ACEPTADO,
        channel=row.origin.value,
        site=site,
    )


def about(client: Client, *, site: str, password: str = "", papers: tuple[tuple[str, str], ...] = ()) -> ClientFacts:
    """What notices about a client itself may say."""
    return ClientFacts(
        client=display_name(client),
        document=_document(client),
        password=password,
        site=site,
        reason=client.kyc_reason,
        papers=papers,
    )


def sheet(row: Complaint) -> ComplaintFacts:
    """A sheet of the Libro de Reclamaciones, whole."""
    return ComplaintFacts(
        code=code(row.year, row.number),
        kind=row.kind.value,
        received=format_moment(row.received_at),
        due=format_day(row.due_on),
        person=row.company_name or f"{row.names} {row.surnames}".strip(),
        document=f"{row.document_type} {row.document_number}",
        contact=" · ".join(part for part in (row.email, row.phone, row.address) if part),
        detail=row.detail,
        request=row.request,
        answer=row.answer,
    )


def invoice_facts(subject: InvoiceSubject, *, site: str, attached: bool = False) -> InvoiceFacts:
    """What notices about a comprobante itself may say."""
    invoice, amended = subject.invoice, subject.amended
    text, burnt = invoice.sunat_description, is_burnt(invoice.status, invoice.sunat_code)
    name = receipt_name(invoice)
    return InvoiceFacts(
        name=name,
        kind=invoice.type.value.replace("_", " ").replace("credito", "de crédito"),
        operation=invoice.operation_code,
        client=display_name(subject.client),
        document=_document(subject.client),
        total=written(invoice.total, invoice.currency),
        amends=f"la {amended.type.value} {receipt_name(amended)}" if amended is not None else "",
        attached=attached,
        why=rejected(name, invoice.sunat_code, text) if burnt else f"{name} no se emitió: {text}",
        site=site,
    )


def receipt_name(invoice: Invoice) -> str:
    """`B001-12`."""
    return f"{invoice.series}-{invoice.number}"


def _sides(row: Operation) -> tuple[str, str]:
    """What the client pays and receives."""
    amounts = {Currency.USD: row.amount_usd, Currency.PEN: row.amount_pen}
    pays, receives = row.kind.client_pays, row.kind.client_receives
    return written(amounts[pays], pays), written(amounts[receives], receives)


def _paid_to(subject: Subject) -> tuple[tuple[str, str], ...]:
    currency = subject.operation.kind.client_receives
    return tuple(
        (written(payout.amount, currency), _account(payout.bank, payout.account))
        for payout in subject.payouts
        if payout.account
    )


def _document(client: Client) -> str:
    """`DNI *****678`: which of a treasurer's companies this is about (F114)."""
    return f"{client.document_type.value} {masked(client.document_number)}"


def _account(bank: str, number: str) -> str:
    """`BCP ···1134`; a bank outside the list is only known by its CCI."""
    name = "CCI" if bank == Bank.OTROS else bank
    return f"{name} ···{number[-ACCOUNT_TAIL:]}"


def _house_account(account: HouseAccount | None) -> HouseAccountFacts | None:
    if account is None:
        return None
    return HouseAccountFacts(
        bank=account.bank.value, number=account.number, cci=account.cci, holder=account.holder, ruc=account.holder_ruc
    )


def _deadline(row: Operation) -> str:
    """`10:47 a. m.`, with the day when it is not the day of its creation."""
    if row.state is not State.PENDIENTE or row.expires_at is None:
        return ""
    day = business_day(row.expires_at)
    on = "" if day == business_day(row.created_at) else f" del {format_day(day)}"
    return _hour(row.expires_at) + on


def _hour(instant: datetime) -> str:
    local = in_lima(instant)
    return f"{(local.hour - 1) % NOON + 1}:{local:%M} {'a' if local.hour < NOON else 'p'}. m."
