"""The house's rates and its own bank accounts."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from db.tables.base import Base, Id, Instant, Money, Now, Rate, Words, one_of
from domain.accounts import Bank
from domain.ledger import BANK_PEN, BANK_USD
from domain.money import Currency


class ExchangeRate(Base):
    """A published pair of rates (PEN per USD). Append-only; the newest row is the rate of every channel (F054).

    `base_buy` and `base_sell` are the desk's; where nobody gave them, the middle of the pair stands for both.
    `confirmed_by` is the second person of a jump.
    """

    __tablename__ = "exchange_rates"
    __table_args__ = (
        CheckConstraint("buy > 0 AND sell >= buy", name="spread"),
        CheckConstraint("(base_buy IS NULL) = (base_sell IS NULL)", name="base"),
        CheckConstraint(
            "base_buy IS NULL OR (buy <= base_buy AND base_buy <= base_sell AND base_sell <= sell)", name="order"
        ),
    )

    id: Mapped[Id]
    buy: Mapped[Rate]
    sell: Mapped[Rate]
    base_buy: Mapped[Rate | None]
    base_sell: Mapped[Rate | None]
    user_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    confirmed_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    at: Mapped[Now]


class RateTier(Base):
    """From this many dollars on, so many pips better for the client. The set in force is replaced as a whole."""

    __tablename__ = "rate_tiers"
    __table_args__ = (CheckConstraint("from_usd > 0 AND pips > 0", name="figures"),)

    id: Mapped[Id]
    from_usd: Mapped[Money] = mapped_column(unique=True)
    pips: Mapped[int]


class ClientRate(Base):
    """So many pips better for one client, until a day or until it is taken away."""

    __tablename__ = "client_rates"
    __table_args__ = (CheckConstraint("pips > 0", name="pips"),)

    client_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("clients.id"), primary_key=True)
    pips: Mapped[int]
    until: Mapped[date | None]
    user_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    at: Mapped[Now]


class ReferenceRate(Base):
    """The rate that an authority (BCRP, SBS) published for a Lima day."""

    __tablename__ = "reference_rates"

    source: Mapped[Words] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    buy: Mapped[Rate]
    sell: Mapped[Rate]
    fetched_at: Mapped[Instant]


def _ledger_account(context: Any) -> str:
    """All accounts of a currency share one of the chart, unless somebody gives them their own."""
    return BANK_USD if context.get_current_parameters()["currency"] == Currency.USD else BANK_PEN


class HouseAccount(Base):
    """A bank account of the house. Clients pay into it and are paid from it; everything names it by its id (F246).

    `for_other_banks`: the one of its currency that takes clients of a bank where the house has none.
    """

    __tablename__ = "house_accounts"
    __table_args__ = (
        UniqueConstraint("bank", "currency", "number"),
        Index(
            "uq_house_accounts_for_other_banks",
            "currency",
            unique=True,
            postgresql_where=text("for_other_banks AND active"),
        ),
    )

    id: Mapped[Id]
    bank: Mapped[Bank] = mapped_column(one_of(Bank, "bank"))
    currency: Mapped[Currency] = mapped_column(one_of(Currency, "currency"))
    number: Mapped[Words]
    cci: Mapped[Words]
    holder: Mapped[Words]
    holder_ruc: Mapped[Words]
    ledger_account: Mapped[Words] = mapped_column(ForeignKey("ledger_accounts.code"), default=_ledger_account)
    for_other_banks: Mapped[bool] = mapped_column(server_default=text("false"))
    active: Mapped[bool] = mapped_column(server_default=text("true"))
