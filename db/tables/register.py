"""The Registro de Operaciones and the reports that the compliance officer prepares."""

from __future__ import annotations

from datetime import date

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from db.tables.base import Base, Id, Instant, Json, Money, Now, Rate, Words, one_of
from domain.accounts import Bank
from domain.operations import Kind
from domain.register import Modality


class RegisterEntry(Base):
    """One operation of the Registro de Operaciones as it was on its day. Append-only.

    A correction is another row of the operation with the next `entry`, whole, with its reason; the last one counts.
    `people` holds the three roles (ordenante, ejecutante, beneficiario) as they were known when it was written.
    """

    __tablename__ = "operation_register"
    __table_args__ = (
        UniqueConstraint("operation_code", "entry"),
        CheckConstraint("entry = 1 OR reason <> ''", name="reason"),
        Index("ix_operation_register_day", "day", "id"),
        Index("ix_operation_register_client_id", "client_id"),
    )

    id: Mapped[Id]
    operation_code: Mapped[Words] = mapped_column(ForeignKey("operations.code"))
    client_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("clients.id"))
    entry: Mapped[int]
    modality: Mapped[Modality] = mapped_column(one_of(Modality, "modality"))
    day: Mapped[date]
    occurred_at: Mapped[Instant]
    kind: Mapped[Kind] = mapped_column(one_of(Kind, "kind"))
    amount_usd: Mapped[Money]
    amount_pen: Mapped[Money]
    rate: Mapped[Rate]
    source_bank: Mapped[Bank] = mapped_column(one_of(Bank, "source_bank"))
    source_account: Mapped[Words]
    destination_bank: Mapped[Bank] = mapped_column(one_of(Bank, "destination_bank"))
    destination_account: Mapped[Words]
    people: Mapped[Json]
    funds_origin: Mapped[Words] = mapped_column(server_default="")
    observations: Mapped[Words] = mapped_column(server_default="")
    reason: Mapped[Words] = mapped_column(server_default="")
    user_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    at: Mapped[Now]


class RosDraft(Base):
    """One state of the draft of a ROS: what the officer has written so far. Append-only, the last one counts."""

    __tablename__ = "ros_drafts"
    __table_args__ = (UniqueConstraint("case_id", "version"),)

    id: Mapped[Id]
    case_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("compliance_cases.id"))
    version: Mapped[int]
    content: Mapped[Json]
    user_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    at: Mapped[Now]
