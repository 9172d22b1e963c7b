"""How risky each client is, and every calculation of it."""

from __future__ import annotations

from datetime import date

from sqlalchemy import BigInteger, ForeignKey, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from db.tables.base import Base, Id, Instant, Json, Now, Words, one_of
from domain.risk import ListStatus, PepKind, Regime, RiskLevel


class ClientRiskProfile(Base):
    """What is declared and known of a client's risk, and its present score. One a client (F144)."""

    __tablename__ = "client_risk_profiles"

    client_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("clients.id"), primary_key=True, autoincrement=False)
    score: Mapped[int]
    level: Mapped[RiskLevel] = mapped_column(one_of(RiskLevel, "level"))
    regime: Mapped[Regime] = mapped_column(one_of(Regime, "regime"))
    list_status: Mapped[ListStatus] = mapped_column(one_of(ListStatus, "list_status"), server_default="sin_revisar")
    screened_at: Mapped[Instant | None]
    pep_kind: Mapped[PepKind | None] = mapped_column(one_of(PepKind, "pep_kind"))
    pep_position: Mapped[Words] = mapped_column(server_default="")
    pep_entity: Mapped[Words] = mapped_column(server_default="")
    pep_since: Mapped[date | None]
    pep_until: Mapped[date | None]
    legal_issues: Mapped[bool] = mapped_column(server_default="false")
    notes: Mapped[Words] = mapped_column(server_default="")
    updated_at: Mapped[Now]


class ClientRiskScore(Base):
    """One calculation with its inputs, its explanation and the parameters then in force. Append-only."""

    __tablename__ = "client_risk_scores"
    __table_args__ = (Index("ix_client_risk_scores_client_id", "client_id", "id"),)

    id: Mapped[Id]
    client_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("clients.id"))
    occasion: Mapped[Words]
    score: Mapped[int]
    level: Mapped[RiskLevel] = mapped_column(one_of(RiskLevel, "level"))
    regime: Mapped[Regime] = mapped_column(one_of(Regime, "regime"))
    inputs: Mapped[Json]
    factors: Mapped[list[dict[str, object]]] = mapped_column(JSONB)
    parameters: Mapped[Json]
    at: Mapped[Now]
