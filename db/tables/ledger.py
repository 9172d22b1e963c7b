"""The double-entry ledger. Lines are signed: positive is debe, negative is haber. Never changed, never deleted.

A line with `house_account_id` is a bank movement of that account: treasury and ledger are one posting, so they can not
differ. The database refuses, at commit, an entry that does not balance in each currency and in PEN.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, SmallInteger, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from db.tables.base import Base, Id, Instant, Money, Now, Words, one_of
from domain.ledger import Source
from domain.money import Currency


class LedgerAccount(Base):
    """An account of the chart (PCGE)."""

    __tablename__ = "ledger_accounts"
    __table_args__ = (CheckConstraint("code ~ '^[0-9]{4,8}$'", name="code"),)

    code: Mapped[Words] = mapped_column(primary_key=True)
    name: Mapped[Words]
    active: Mapped[bool] = mapped_column(server_default=text("true"))


class LedgerYear(Base):
    """The last number given in a year: entries are numbered without gaps, under this row's lock (F228)."""

    __tablename__ = "ledger_years"

    year: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    last_number: Mapped[int]


class LedgerPeriod(Base):
    """A month that was closed at some time; a month without a row is open. `closed` false: it was reopened."""

    __tablename__ = "ledger_periods"
    __table_args__ = (CheckConstraint("month BETWEEN 1 AND 12", name="month"),)

    year: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    month: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    closed: Mapped[bool]
    user_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    reason: Mapped[Words] = mapped_column(server_default="")
    at: Mapped[Instant]


class LedgerEntry(Base):
    """One event in the books. `reverses_id`: it is the mirror that annuls that entry, which has at most one (F219)."""

    __tablename__ = "ledger_entries"
    __table_args__ = (
        UniqueConstraint("year", "number"),
        Index("ix_ledger_entries_day", "day", "id"),
        Index(
            "ix_ledger_entries_operation_code", "operation_code", postgresql_where=text("operation_code IS NOT NULL")
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    year: Mapped[int] = mapped_column(SmallInteger)
    number: Mapped[int]
    day: Mapped[date]
    source: Mapped[Source] = mapped_column(one_of(Source, "source"))
    key: Mapped[Words] = mapped_column(unique=True)
    words: Mapped[Words]
    operation_code: Mapped[str | None] = mapped_column(ForeignKey("operations.code"))
    reverses_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("ledger_entries.id"), unique=True)
    user_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    at: Mapped[Now]


class LedgerLine(Base):
    """One line of an entry, in its own currency and in PEN."""

    __tablename__ = "ledger_lines"
    __table_args__ = (
        CheckConstraint("amount <> 0 OR pen <> 0", name="something"),
        CheckConstraint("amount * pen >= 0", name="sides"),
        CheckConstraint("currency <> 'PEN' OR amount = pen", name="soles"),
        Index("ix_ledger_lines_entry_id", "entry_id"),
        Index(
            "ix_ledger_lines_movements", "house_account_id", "id", postgresql_where=text("house_account_id IS NOT NULL")
        ),
        Index("ix_ledger_lines_account", "account", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    entry_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("ledger_entries.id"))
    account: Mapped[Words] = mapped_column(ForeignKey("ledger_accounts.code"))
    currency: Mapped[Currency] = mapped_column(one_of(Currency, "currency"))
    amount: Mapped[Money]
    pen: Mapped[Money]
    house_account_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("house_accounts.id"))


class LedgerDay(Base):
    """What the lines up to the watermark add up to, by day: balances of years are read in milliseconds.

    Derived, and written only by the roll-up; what came after the watermark is added to it at reading.
    `house_account_id` 0 is no bank account.
    """

    __tablename__ = "ledger_days"

    day: Mapped[date] = mapped_column(primary_key=True)
    account: Mapped[Words] = mapped_column(primary_key=True)
    house_account_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    currency: Mapped[Currency] = mapped_column(one_of(Currency, "currency"), primary_key=True)
    source: Mapped[Source] = mapped_column(one_of(Source, "source"), primary_key=True)
    mirrored: Mapped[bool] = mapped_column(primary_key=True)
    debit: Mapped[Money]
    credit: Mapped[Money]
    pen_debit: Mapped[Money]
    pen_credit: Mapped[Money]
    lines: Mapped[int]


class LedgerMark(Base):
    """The last line that `ledger_days` holds. One row."""

    __tablename__ = "ledger_mark"
    __table_args__ = (CheckConstraint("id = 1", name="one"),)

    id: Mapped[Id]
    last_line_id: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[Instant]
