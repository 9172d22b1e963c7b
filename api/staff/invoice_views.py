"""How comprobantes read in the staff JSON."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from api.files import link
from api.services import Services
from api.staff.operation_views import DeliveryView, delivery_view
from api.staff.shapes import Answer, Money
from db.client_reads import display_name
from db.invoice_reads import InvoiceDetail, InvoiceLine
from db.invoices import name
from db.tables import Client, Invoice, InvoiceVoid
from domain.clients import DocumentType, masked
from domain.errors import Conflict
from domain.files import FileKind
from domain.invoices import (
    InvoiceStatus,
    InvoiceType,
    VoidMethod,
    VoidState,
    baja_until,
    check_voidable,
    is_burnt,
)
from domain.money import Currency
from domain.sunat import plain
from integrations.files import XML, ZIP

PDF = FileKind.PDF.content_type


class InvoiceLineView(Answer):
    """One row of the queue. `what_to_do`: what a rejected one needs. `stands`: it is its operation's comprobante."""

    id: int
    name: str
    type: InvoiceType
    series: str
    number: int
    status: InvoiceStatus
    total: Money
    currency: Currency
    issued_on: date
    operation_code: str
    client_id: int
    client: str
    document_type: DocumentType
    document_masked: str
    sunat_code: str
    sunat_description: str
    what_to_do: str
    stands: bool
    reserved_at: datetime
    sent_at: datetime | None
    accepted_at: datetime | None


class AttemptView(Answer):
    """One call to NubeFact, as it was asked and answered. The token is masked."""

    action: str
    outcome: str
    request: dict[str, Any]
    response: dict[str, Any]
    at: datetime


class VoidView(Answer):
    """A request to take it back."""

    id: int
    state: VoidState
    method: VoidMethod | None
    note_reason: int
    reason: str
    requested_by: int
    requested_at: datetime
    decided_by: int | None
    decided_at: datetime | None
    decision: str
    ticket: str
    note_id: int | None
    outcome: str
    ended_at: datetime | None


class RelativeView(Answer):
    """Another document of the same operation."""

    id: int
    name: str
    type: InvoiceType
    status: InvoiceStatus
    relation: str


class PaperView(Answer):
    """Where to see a paper for the next 15 minutes; until we have our copy, NubeFact's own link."""

    kind: str
    url: str
    ours: bool


class InvoiceWhole(InvoiceLineView):
    """One comprobante with everything. `baja_until`: the last day of a comunicación de baja.

    `why_not_void` and `why_not_reissue` say why that can't be done now; empty when it can.
    """

    replaces_id: int | None
    amends_id: int | None
    superseded_at: datetime | None
    ask_at: datetime | None
    baja_until: date
    why_not_void: str
    why_not_reissue: str
    papers: list[PaperView]
    attempts: list[AttemptView]
    voids: list[VoidView]
    family: list[RelativeView]
    deliveries: list[DeliveryView]


def line_view(line: InvoiceLine) -> InvoiceLineView:
    """One row of the queue."""
    return InvoiceLineView(**_common(line.invoice, line.client))


def whole_view(services: Services, detail: InvoiceDetail) -> InvoiceWhole:
    """Everything about one comprobante."""
    row = detail.invoice
    return InvoiceWhole(
        **_common(row, detail.client),
        replaces_id=row.replaces_id,
        amends_id=row.amends_id,
        superseded_at=row.superseded_at,
        ask_at=row.ask_at,
        baja_until=baja_until(date.fromisoformat(row.issued_on)),
        why_not_void=_why_not_void(row, detail.voids),
        why_not_reissue=_why_not_reissue(row, detail.family),
        papers=_papers(services, row),
        attempts=[AttemptView.model_validate(one) for one in detail.attempts],
        voids=[VoidView.model_validate(one) for one in detail.voids],
        family=[_relative(row, other) for other in detail.family],
        deliveries=[delivery_view(one) for one in detail.deliveries],
    )


def stands(invoice: Invoice) -> bool:
    """Whether it is the comprobante of its operation today."""
    taken_back = invoice.status is InvoiceStatus.ANULADO or invoice.superseded_at is not None
    return invoice.type is not InvoiceType.NOTA_CREDITO and not taken_back


def _common(row: Invoice, client: Client) -> dict[str, Any]:
    copied = ("id", "type", "series", "number", "status", "total", "currency", "operation_code")
    told = ("sunat_code", "sunat_description", "reserved_at", "sent_at", "accepted_at")
    return {
        **{field: getattr(row, field) for field in copied + told},
        "name": name(row),
        "issued_on": date.fromisoformat(row.issued_on),
        "client_id": client.id,
        "client": display_name(client),
        "document_type": client.document_type,
        "document_masked": masked(client.document_number),
        "what_to_do": _what_to_do(row),
        "stands": stands(row),
    }


def _what_to_do(row: Invoice) -> str:
    if row.status is not InvoiceStatus.RECHAZADO or row.superseded_at is not None:
        return ""
    if is_burnt(row.status, row.sunat_code):
        return plain(row.sunat_code)
    return "NubeFact no lo tomó: corrige lo que dice y vuelve a intentar; conserva su número."


def _why_not_void(row: Invoice, voids: Sequence[InvoiceVoid]) -> str:
    if any(one.ended_at is None for one in voids):
        return "Ya hay un pedido de anulación en curso."
    try:
        check_voidable(row.type, row.status, superseded=row.superseded_at is not None)
    except Conflict as refused:
        return refused.message
    return ""


def _why_not_reissue(row: Invoice, family: Sequence[Invoice]) -> str:
    if row.type is InvoiceType.NOTA_CREDITO:
        return "Una nota no se reemite."
    if any(stands(other) for other in family):
        return "Otro comprobante ya ocupa su lugar."
    if stands(row) and row.status is not InvoiceStatus.RECHAZADO:
        return f"Está {row.status}."
    return ""


def _papers(services: Services, row: Invoice) -> list[PaperView]:
    cdr_type = ZIP if row.cdr_key.endswith(".zip") else XML
    known = (
        ("pdf", row.pdf_key, row.pdf_url, PDF),
        ("xml", row.xml_key, row.xml_url, XML),
        ("cdr", row.cdr_key, row.cdr_url, cdr_type),
    )
    return [
        PaperView(kind=kind, url=link(services, key, content_type) if key else url, ours=bool(key))
        for kind, key, url, content_type in known
        if key or url
    ]


def _relative(row: Invoice, other: Invoice) -> RelativeView:
    relations = {
        other.amends_id == row.id: "lo deja sin efecto",
        row.amends_id == other.id: "queda sin efecto por este",
        other.replaces_id == row.id: "lo reemplaza",
        row.replaces_id == other.id: "reemplazado por este",
    }
    return RelativeView(
        id=other.id,
        name=name(other),
        type=other.type,
        status=other.status,
        relation=relations.get(True, "de la misma operación"),
    )
