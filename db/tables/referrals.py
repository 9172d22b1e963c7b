"""Pips as a ledger, and the reward codes that they buy."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from db.tables.base import Base, Id, Instant, Now, Words, one_of
from domain.referrals import LedgerKind


class ReferralEntry(Base):
    """Pips earned (+) or spent (−) by a client. Append-only; one benefit an operation (F125)."""

    __tablename__ = "referral_ledger"
    __table_args__ = (
        Index(
            "uq_referral_ledger_operation",
            "operation_code",
            "kind",
            unique=True,
            postgresql_where=text("operation_code IS NOT NULL"),
        ),
        CheckConstraint("pips <> 0", name="pips"),
    )

    id: Mapped[Id]
    client_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("clients.id"), index=True)
    kind: Mapped[LedgerKind] = mapped_column(one_of(LedgerKind, "kind"))
    pips: Mapped[int]
    operation_code: Mapped[str | None] = mapped_column(ForeignKey("operations.code"))
    reward_code_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("reward_codes.id"), unique=True)
    user_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    reason: Mapped[Words] = mapped_column(server_default="")
    at: Mapped[Now]


class RewardCode(Base):
    """A code worth `pips` on the rate of one operation of another client.

    Free → reserved at creation → used at completion; free again when the operation is cancelled or expires (F126).
    """

    __tablename__ = "reward_codes"

    id: Mapped[Id]
    code: Mapped[Words] = mapped_column(unique=True)
    owner_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("clients.id"), index=True)
    pips: Mapped[int]
    created_at: Mapped[Now]
    reserved_for: Mapped[str | None] = mapped_column(ForeignKey("operations.code"), unique=True)
    used_at: Mapped[Instant | None]
