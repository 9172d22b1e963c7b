"""Bank statements as the banks gave them, and which movements their lines are."""

from __future__ import annotations

from datetime import date

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from db.tables.base import Base, Id, Instant, Money, Now, Words, one_of
from domain.statements import Layout


class BankStatement(Base):
    """A file that was imported for an account. The same bytes, once."""

    __tablename__ = "bank_statements"
    __table_args__ = (UniqueConstraint("house_account_id", "file_hash"),)

    id: Mapped[Id]
    house_account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("house_accounts.id"))
    layout: Mapped[Layout] = mapped_column(one_of(Layout, "layout"))
    file_name: Mapped[Words]
    file_hash: Mapped[Words]
    first_day: Mapped[date]
    last_day: Mapped[date]
    user_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    at: Mapped[Now]


class StatementLine(Base):
    """A line of a statement: positive came in, negative went out.

    `mark` tells a line from another of any file of the account, so that overlapping files bring a line in once.
    `dismissed_at`: a person said that it needs no movement, and why.
    """

    __tablename__ = "statement_lines"
    __table_args__ = (
        UniqueConstraint("house_account_id", "mark"),
        CheckConstraint("amount <> 0", name="amount"),
        Index("ix_statement_lines_statement_id", "statement_id", "id"),
        Index("ix_statement_lines_account_day", "house_account_id", "day"),
    )

    id: Mapped[Id]
    statement_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("bank_statements.id"))
    house_account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("house_accounts.id"))
    day: Mapped[date]
    amount: Mapped[Money]
    reference: Mapped[Words]
    description: Mapped[Words]
    mark: Mapped[Words]
    dismissed_at: Mapped[Instant | None]
    dismissed_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    dismissed_reason: Mapped[Words] = mapped_column(server_default="")


class StatementMatch(Base):
    """A statement line and a movement (a ledger line) that are the same money, or part of it.

    `user_id` None: matched by itself, with this score. A movement of a split line has a row with each.
    """

    __tablename__ = "statement_matches"
    __table_args__ = (
        Index(
            "uq_statement_matches_movement", "ledger_line_id", unique=True, postgresql_where=text("undone_at IS NULL")
        ),
        Index("ix_statement_matches_line", "statement_line_id", postgresql_where=text("undone_at IS NULL")),
    )

    id: Mapped[Id]
    statement_line_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("statement_lines.id"))
    ledger_line_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("ledger_lines.id"))
    score: Mapped[int]
    user_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    at: Mapped[Now]
    undone_at: Mapped[Instant | None]
    undone_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
