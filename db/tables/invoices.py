"""Comprobantes: one an operation, with its number reserved before anything is sent."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from db.tables.base import Base, Id, Instant, Json, Money, Now, Words, one_of
from domain.invoices import InvoiceStatus, InvoiceType


class InvoiceSeries(Base):
    """The next number of a series; read and moved under its row lock."""

    __tablename__ = "invoice_series"

    series: Mapped[Words] = mapped_column(primary_key=True)
    type: Mapped[InvoiceType] = mapped_column(one_of(InvoiceType, "type"))
    next_number: Mapped[int] = mapped_column(server_default="1")


class Invoice(Base):
    """A comprobante. (series, number) is unique and is never given away again, not even after an error (F088, F090)."""

    __tablename__ = "invoices"
    __table_args__ = (
        UniqueConstraint("series", "number"),
        CheckConstraint("total_pen > 0", name="total"),
        Index(
            "uq_invoices_live_operation",
            "operation_code",
            unique=True,
            postgresql_where=text("status <> 'Anulado'"),
        ),
    )

    id: Mapped[Id]
    operation_code: Mapped[Words] = mapped_column(ForeignKey("operations.code"))
    type: Mapped[InvoiceType] = mapped_column(one_of(InvoiceType, "type"))
    series: Mapped[Words] = mapped_column(ForeignKey("invoice_series.series"))
    number: Mapped[int]
    status: Mapped[InvoiceStatus] = mapped_column(one_of(InvoiceStatus, "status"))
    total_pen: Mapped[Money]
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
