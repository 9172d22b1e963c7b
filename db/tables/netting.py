"""Matches of Compras with Ventas, their lotes, and the traders' goals."""

from __future__ import annotations

from datetime import date

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, SmallInteger, text
from sqlalchemy.orm import Mapped, mapped_column

from db.tables.base import Base, Id, Instant, Money, Now, Rate, Words, one_of
from domain.netting import BatchState, MatchType


class Batch(Base):
    """A lote of matches. Open until it is closed; closed for good."""

    __tablename__ = "batches"

    id: Mapped[Id]
    code: Mapped[Words] = mapped_column(unique=True)
    day: Mapped[date]
    state: Mapped[BatchState] = mapped_column(one_of(BatchState, "state"))
    opened_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    opened_at: Mapped[Now]
    closed_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    closed_at: Mapped[Instant | None]


class Match(Base):
    """A Compra with a Venta, for part or all of them. Annulled, it keeps its row and takes nothing any more.

    Rates, traders and parts of the profit are those of the instant of the match (F230); `day` is when it counts (F225).
    """

    __tablename__ = "matches"
    __table_args__ = (
        CheckConstraint("usd > 0", name="usd"),
        CheckConstraint("trader_buy + trader_sell + house = total", name="parts"),
        CheckConstraint("(annulled_at IS NULL) = (annulled_by IS NULL)", name="annulled"),
        Index("ix_matches_buy", "buy_code", postgresql_where=text("annulled_at IS NULL")),
        Index("ix_matches_sell", "sell_code", postgresql_where=text("annulled_at IS NULL")),
        Index("ix_matches_day", "day", "id"),
        Index("ix_matches_batch_id", "batch_id"),
    )

    id: Mapped[Id]
    buy_code: Mapped[Words] = mapped_column(ForeignKey("operations.code"))
    sell_code: Mapped[Words] = mapped_column(ForeignKey("operations.code"))
    usd: Mapped[Money]
    type: Mapped[MatchType] = mapped_column(one_of(MatchType, "type"))
    day: Mapped[date]
    buy_rate: Mapped[Rate]
    sell_rate: Mapped[Rate]
    buy_desk: Mapped[Rate]
    sell_desk: Mapped[Rate]
    buy_trader_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    sell_trader_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    total: Mapped[Money]
    trader_buy: Mapped[Money]
    trader_sell: Mapped[Money]
    house: Mapped[Money]
    batch_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("batches.id"))
    user_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    at: Mapped[Now]
    annulled_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    annulled_at: Mapped[Instant | None]
    annulled_reason: Mapped[Words] = mapped_column(server_default="")


class TraderGoal(Base):
    """What a Trader should earn in a month, in PEN. What it earned is never typed: it is derived."""

    __tablename__ = "trader_goals"
    __table_args__ = (
        CheckConstraint("goal_pen >= 0", name="goal"),
        CheckConstraint("month BETWEEN 1 AND 12", name="month"),
    )

    user_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"), primary_key=True)
    year: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    month: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    goal_pen: Mapped[Money]
    set_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    at: Mapped[Instant]
