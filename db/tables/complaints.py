"""The Libro de Reclamaciones."""

from __future__ import annotations

from datetime import date

from sqlalchemy import BigInteger, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from db.tables.base import Base, Id, Instant, Now, Words, one_of
from domain.complaints import ComplaintKind, ComplaintStatus


class Complaint(Base):
    """One sheet of the book. Sheets are never deleted."""

    __tablename__ = "complaints"
    __table_args__ = (UniqueConstraint("year", "number"),)

    id: Mapped[Id]
    year: Mapped[int]
    number: Mapped[int]
    document_type: Mapped[Words]
    document_number: Mapped[Words]
    names: Mapped[Words]
    surnames: Mapped[Words]
    company_name: Mapped[Words]
    contact_person: Mapped[Words]
    email: Mapped[Words]
    phone: Mapped[Words]
    address: Mapped[Words]
    kind: Mapped[ComplaintKind] = mapped_column(one_of(ComplaintKind, "kind"))
    detail: Mapped[Words]
    request: Mapped[Words]
    evidence_key: Mapped[Words]
    evidence_type: Mapped[Words]
    status: Mapped[ComplaintStatus] = mapped_column(one_of(ComplaintStatus, "status"))
    due_on: Mapped[date]
    answer: Mapped[Words] = mapped_column(server_default="")
    answered_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    answered_at: Mapped[Instant | None]
    answer_key: Mapped[Words] = mapped_column(server_default="")
    received_at: Mapped[Now]


class ComplaintYear(Base):
    """The last number given in a year; its row lock makes the numbers follow each other without gaps."""

    __tablename__ = "complaint_years"

    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last: Mapped[int]
