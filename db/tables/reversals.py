"""The operations that were undone after they were completed, by whom, and why."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from db.tables.base import Base, Id, Instant, Now, Words, one_of
from domain.reversals import ReversalState


class Reversal(Base):
    """Undoing a completed operation: asked for by one person, decided by another, carried out by its workflow."""

    __tablename__ = "reversals"
    __table_args__ = (
        CheckConstraint("decided_by <> requested_by", name="two_people"),
        Index("uq_reversals_standing", "operation_code", unique=True, postgresql_where=text("state <> 'Negada'")),
    )

    id: Mapped[Id]
    operation_code: Mapped[str] = mapped_column(ForeignKey("operations.code"), index=True)
    state: Mapped[ReversalState] = mapped_column(one_of(ReversalState, "state"))
    reason: Mapped[Words]
    requested_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    requested_at: Mapped[Now]
    decided_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    decided_at: Mapped[Instant | None]
    decision: Mapped[Words] = mapped_column(server_default="")
    void_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("invoice_voids.id"))
    outcome: Mapped[Words] = mapped_column(server_default="")
    ended_at: Mapped[Instant | None]
