"""Who did what, what the house is told by parameter, and what does not tie."""

from __future__ import annotations

from datetime import date

from sqlalchemy import BigInteger, Identity, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from db.tables.base import Base, Id, Instant, Now, Words


class AuditEntry(Base):
    """One act of a person or of the house, with before and after. Append-only."""

    __tablename__ = "audit_log"
    __table_args__ = (Index("ix_audit_log_entity", "entity", "entity_id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    actor_kind: Mapped[Words]
    actor_id: Mapped[int] = mapped_column(BigInteger)
    actor_role: Mapped[str | None]
    action: Mapped[Words]
    entity: Mapped[Words]
    entity_id: Mapped[Words]
    changes: Mapped[list[dict[str, str]]] = mapped_column(JSONB)
    reason: Mapped[Words] = mapped_column(server_default="")
    at: Mapped[Now]


class Parameter(Base):
    """A value of the house from a day on, with where it comes from. Definitions: domain/parameters.py."""

    __tablename__ = "parameters"
    __table_args__ = (UniqueConstraint("name", "valid_from"),)

    id: Mapped[Id]
    name: Mapped[Words]
    value: Mapped[Words]
    valid_from: Mapped[date]
    source: Mapped[Words]
    user_id: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[Now]


class Incident(Base):
    """Something that does not tie and that a person should know of. One open incident a kind and subject."""

    __tablename__ = "incidents"
    __table_args__ = (
        Index("uq_incidents_open", "kind", "subject", unique=True, postgresql_where=text("closed_at IS NULL")),
    )

    id: Mapped[Id]
    kind: Mapped[Words]
    subject: Mapped[Words]
    detail: Mapped[Words]
    opened_at: Mapped[Now]
    closed_at: Mapped[Instant | None]


class IdempotencyKey(Base):
    """A caller's key, the hash of what it asked, and the operation it got. A refused call frees its key (F001)."""

    __tablename__ = "idempotency_keys"

    scope: Mapped[Words] = mapped_column(primary_key=True)
    key: Mapped[Words] = mapped_column(primary_key=True)
    body_hash: Mapped[Words]
    operation_code: Mapped[Words]
    # The quote as it was given the first time: a repeat must start the very same workflow.
    quote: Mapped[dict[str, object]] = mapped_column(JSONB)
    created_at: Mapped[Now]
