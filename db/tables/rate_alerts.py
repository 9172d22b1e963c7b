"""What clients ask to be told of the exchange rate, and each time it came to pass."""

from __future__ import annotations

from datetime import date

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from db.tables.base import Base, Id, Instant, Now, Rate, one_of
from domain.rate_alerts import Direction, Side


class RateAlert(Base):
    """A client's alert. `until` is its last day in Lima.

    `armed` is false from when it fires until the rate has gone back: a repeating alert tells a crossing, not each rate
    beyond it.
    """

    __tablename__ = "rate_alerts"
    __table_args__ = (
        CheckConstraint("value > 0", name="value"),
        Index("ix_rate_alerts_live", "client_id", postgresql_where=text("ended_at IS NULL")),
    )

    id: Mapped[Id]
    client_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("clients.id"))
    side: Mapped[Side] = mapped_column(one_of(Side, "side"))
    direction: Mapped[Direction] = mapped_column(one_of(Direction, "direction"))
    value: Mapped[Rate]
    repeats: Mapped[bool] = mapped_column(server_default=text("false"))
    until: Mapped[date]
    armed: Mapped[bool] = mapped_column(server_default=text("true"))
    created_at: Mapped[Now]
    ended_at: Mapped[Instant | None]


class RateAlertFiring(Base):
    """An alert that a published rate reached, written with that rate; `told_at` once its mail and push have left."""

    __tablename__ = "rate_alert_firings"
    __table_args__ = (
        UniqueConstraint("alert_id", "rate_id"),
        Index("ix_rate_alert_firings_waiting", "id", postgresql_where=text("told_at IS NULL")),
    )

    id: Mapped[Id]
    alert_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("rate_alerts.id"))
    rate_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("exchange_rates.id"), index=True)
    value: Mapped[Rate]
    at: Mapped[Now]
    told_at: Mapped[Instant | None]
