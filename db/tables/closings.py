"""Daily closes, and what waits for a second person."""

from __future__ import annotations

from datetime import date

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from db.tables.base import Base, Id, Instant, Json, Money, Now, Words, one_of
from domain.approvals import ApprovalKind, ApprovalState
from domain.closings import ClosingState


class Approval(Base):
    """Something that one person asks and another decides; the same person never does both."""

    __tablename__ = "approvals"
    __table_args__ = (
        CheckConstraint("decided_by <> requested_by", name="two_people"),
        CheckConstraint("(decided_by IS NULL) = (decided_at IS NULL)", name="decided"),
        Index("ix_approvals_open", "id", postgresql_where=text("state = 'Pendiente'")),
    )

    id: Mapped[Id]
    kind: Mapped[ApprovalKind] = mapped_column(one_of(ApprovalKind, "kind"))
    state: Mapped[ApprovalState] = mapped_column(one_of(ApprovalState, "state"))
    words: Mapped[Words]
    reason: Mapped[Words]
    asked: Mapped[Json]
    requested_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    requested_at: Mapped[Now]
    decided_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    decided_at: Mapped[Instant | None]
    decision: Mapped[Words] = mapped_column(server_default="")


class DailyClosure(Base):
    """A close of a Lima day. Reopened, it keeps its figures and the next one is a new row with the next `round`."""

    __tablename__ = "daily_closures"
    __table_args__ = (
        UniqueConstraint("day", "round"),
        Index("uq_daily_closures_live", "day", unique=True, postgresql_where=text("state <> 'Reabierto'")),
    )

    id: Mapped[Id]
    day: Mapped[date]
    round: Mapped[int]
    state: Mapped[ClosingState] = mapped_column(one_of(ClosingState, "state"))
    open_operations: Mapped[int]
    open_usd: Mapped[Money]
    realised_pen: Mapped[Money]
    margin_pen: Mapped[Money]
    drafted_at: Mapped[Instant]
    signed_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    signed_at: Mapped[Instant | None]
    reopened_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    reopened_at: Mapped[Instant | None]
    reopened_reason: Mapped[Words] = mapped_column(server_default="")


class DailyClosureLine(Base):
    """An account in a close: what the books say, what was counted, and why they differ."""

    __tablename__ = "daily_closure_lines"
    __table_args__ = (CheckConstraint("counted IS NULL OR counted = system OR reason <> ''", name="reason"),)

    closure_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("daily_closures.id"), primary_key=True)
    house_account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("house_accounts.id"), primary_key=True)
    opening: Mapped[Money]
    came_in: Mapped[Money]
    went_out: Mapped[Money]
    system: Mapped[Money]
    counted: Mapped[Money | None]
    reason: Mapped[Words] = mapped_column(server_default="")
