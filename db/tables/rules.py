"""Monitoring rules with every version of them, their trials on past operations, and whom they leave in peace."""

from __future__ import annotations

from datetime import date

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from db.tables.base import Base, Id, Instant, Json, Now, Words, one_of
from domain.rules import RuleStatus


class ComplianceRule(Base):
    """One version of a rule. `definition` is a domain.rules.Definition; once published it never changes.

    The versions that ship have neither author nor publisher: the house took them with the program.
    """

    __tablename__ = "compliance_rules"
    __table_args__ = (
        UniqueConstraint("key", "version"),
        Index("uq_compliance_rules_published", "key", unique=True, postgresql_where=text("status = 'Publicada'")),
        Index("uq_compliance_rules_draft", "key", unique=True, postgresql_where=text("status = 'Borrador'")),
    )

    id: Mapped[Id]
    key: Mapped[Words]
    version: Mapped[int]
    status: Mapped[RuleStatus] = mapped_column(one_of(RuleStatus, "status"))
    definition: Mapped[Json]
    author_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    drafted_at: Mapped[Now]
    publisher_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    published_at: Mapped[Instant | None]
    retired_at: Mapped[Instant | None]


class RuleTrial(Base):
    """One back-test of one definition over past operations: what it would have raised, and on whom. Append-only."""

    __tablename__ = "rule_trials"
    __table_args__ = (Index("ix_rule_trials_rule_id", "rule_id", "id"),)

    id: Mapped[Id]
    rule_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("compliance_rules.id"))
    definition: Mapped[Json]
    since: Mapped[date]
    until: Mapped[date]
    result: Mapped[Json]
    user_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    at: Mapped[Now]


class RuleSnooze(Base):
    """A rule leaves one client in peace until an instant: an officer has looked, and says why."""

    __tablename__ = "rule_snoozes"
    __table_args__ = (
        CheckConstraint("reason <> ''", name="reason"),
        Index("ix_rule_snoozes_client_id", "client_id", "rule_key"),
    )

    id: Mapped[Id]
    rule_key: Mapped[Words]
    client_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("clients.id"))
    until: Mapped[Instant]
    reason: Mapped[Words]
    user_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    at: Mapped[Now]
    ended_at: Mapped[Instant | None]
