"""Comprobantes: one an operation, with its number reserved before anything is sent."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from db.tables.base import Base, Id, Instant, Json, Money, Now, Words, one_of
from domain.invoices import InvoiceStatus, InvoiceType, VoidMethod, VoidState
from domain.money import Currency

# What still has a link at NubeFact and no copy in the house's own store.
_UNCOPIED = "(pdf_url <> '' AND pdf_key = '') OR (xml_url <> '' AND xml_key = '') OR (cdr_url <> '' AND cdr_key = '')"


class InvoiceSeries(Base):
    """The next number of a series; read and moved under its row lock."""

    __tablename__ = "invoice_series"

    series: Mapped[Words] = mapped_column(primary_key=True)
    type: Mapped[InvoiceType] = mapped_column(one_of(InvoiceType, "type"))
    next_number: Mapped[int] = mapped_column(server_default="1")


class Invoice(Base):
    """A comprobante. (series, number) is unique and is never given away again, not even after an error (F088, F090).

    One stands for its operation at a time: notas, annulled ones and those with `superseded_at` (replaced after a
    rejection, or taken back whole by a nota de crédito) no longer do. `total` is in `currency`. `amends_id` is what a
    nota takes back, `replaces_id` the earlier comprobante of the operation; `ask_at` when SUNAT is asked for next;
    `told_at` when the house was told by mail of a rejection. `*_key` are the copies in our file store.
    """

    __tablename__ = "invoices"
    __table_args__ = (
        UniqueConstraint("series", "number"),
        CheckConstraint("total > 0", name="total"),
        CheckConstraint("(type = 'nota_credito') = (amends_id IS NOT NULL)", name="amends"),
        Index(
            "uq_invoices_live_operation",
            "operation_code",
            unique=True,
            postgresql_where=text("type <> 'nota_credito' AND status <> 'Anulado' AND superseded_at IS NULL"),
        ),
        Index("ix_invoices_status", "status", "id"),
        Index("ix_invoices_ask", "ask_at", postgresql_where=text("status = 'Enviado'")),
        Index("ix_invoices_uncopied", "paper_tries", "id", postgresql_where=text(_UNCOPIED)),
    )

    id: Mapped[Id]
    operation_code: Mapped[Words] = mapped_column(ForeignKey("operations.code"), index=True)
    type: Mapped[InvoiceType] = mapped_column(one_of(InvoiceType, "type"))
    series: Mapped[Words] = mapped_column(ForeignKey("invoice_series.series"))
    number: Mapped[int]
    status: Mapped[InvoiceStatus] = mapped_column(one_of(InvoiceStatus, "status"))
    total: Mapped[Money]
    currency: Mapped[Currency] = mapped_column(one_of(Currency, "currency"), server_default="PEN")
    issued_on: Mapped[str] = mapped_column(comment="Lima date of emission, ISO")
    request: Mapped[Json]
    pdf_url: Mapped[Words] = mapped_column(server_default="")
    xml_url: Mapped[Words] = mapped_column(server_default="")
    cdr_url: Mapped[Words] = mapped_column(server_default="")
    sunat_code: Mapped[Words] = mapped_column(server_default="")
    sunat_description: Mapped[Words] = mapped_column(server_default="")
    hash: Mapped[Words] = mapped_column(server_default="")
    reserved_at: Mapped[Now]
    sent_at: Mapped[Instant | None]
    accepted_at: Mapped[Instant | None]
    amends_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("invoices.id"), index=True)
    note_reason: Mapped[int | None]
    replaces_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("invoices.id"))
    superseded_at: Mapped[Instant | None]
    ask_at: Mapped[Instant | None]
    told_at: Mapped[Instant | None]
    pdf_key: Mapped[Words] = mapped_column(server_default="")
    xml_key: Mapped[Words] = mapped_column(server_default="")
    cdr_key: Mapped[Words] = mapped_column(server_default="")
    paper_tries: Mapped[int] = mapped_column(server_default="0")


class InvoiceVoid(Base):
    """Taking an accepted comprobante back: asked for by one person, decided by another, carried out by its workflow."""

    __tablename__ = "invoice_voids"
    __table_args__ = (
        CheckConstraint("decided_by <> requested_by", name="two_people"),
        Index(
            "uq_invoice_voids_open",
            "invoice_id",
            unique=True,
            postgresql_where=text("state IN ('Solicitada', 'Aprobada')"),
        ),
    )

    id: Mapped[Id]
    invoice_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("invoices.id"), index=True)
    method: Mapped[VoidMethod | None] = mapped_column(one_of(VoidMethod, "method"))
    note_reason: Mapped[int]
    reason: Mapped[Words]
    state: Mapped[VoidState] = mapped_column(one_of(VoidState, "state"))
    requested_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    requested_at: Mapped[Now]
    decided_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    decided_at: Mapped[Instant | None]
    decision: Mapped[Words] = mapped_column(server_default="")
    ticket: Mapped[Words] = mapped_column(server_default="")
    note_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("invoices.id"))
    outcome: Mapped[Words] = mapped_column(server_default="")
    ended_at: Mapped[Instant | None]


class InvoiceAttempt(Base):
    """One call to NubeFact, with what was asked and answered; the token is masked. Append-only."""

    __tablename__ = "invoice_attempts"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    invoice_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("invoices.id"), index=True)
    action: Mapped[Words]
    outcome: Mapped[Words]
    request: Mapped[Json]
    response: Mapped[Json]
    at: Mapped[Now]
