"""The house's rates and its own bank accounts."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from db.tables.base import Base, Id, Now, Rate, Words, one_of
from domain.accounts import Bank
from domain.money import Currency


class ExchangeRate(Base):
    """A published pair of rates (PEN per USD). Append-only; the newest row is the rate of every channel (F054)."""

    __tablename__ = "exchange_rates"
    __table_args__ = (CheckConstraint("buy > 0 AND sell >= buy", name="spread"),)

    id: Mapped[Id]
    buy: Mapped[Rate]
    sell: Mapped[Rate]
    user_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    at: Mapped[Now]


class HouseAccount(Base):
    """A bank account of the house that clients pay into."""

    __tablename__ = "house_accounts"
    __table_args__ = (UniqueConstraint("bank", "currency", "number"),)

    id: Mapped[Id]
    bank: Mapped[Bank] = mapped_column(one_of(Bank, "bank"))
    currency: Mapped[Currency] = mapped_column(one_of(Currency, "currency"))
    number: Mapped[Words]
    cci: Mapped[Words]
    holder: Mapped[Words]
    holder_ruc: Mapped[Words]
    active: Mapped[bool] = mapped_column(server_default=text("true"))
