"""What compliance has looked at."""

from __future__ import annotations

from sqlalchemy import BigInteger, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from db.tables.base import Base, Id, Json, Now, Words, one_of
from domain.operations import Assessment


class TransactionMonitoring(Base):
    """One assessment of an operation: at its creation, and again at its closing."""

    __tablename__ = "transaction_monitoring"
    __table_args__ = (UniqueConstraint("operation_code", "occasion"),)

    id: Mapped[Id]
    operation_code: Mapped[Words] = mapped_column(ForeignKey("operations.code"))
    client_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("clients.id"), index=True)
    occasion: Mapped[Words]
    outcome: Mapped[Assessment] = mapped_column(one_of(Assessment, "outcome"))
    findings: Mapped[Json]
    at: Mapped[Now]
