"""Cases of compliance: what was found, where each stands, its story, and who looked at it."""

from __future__ import annotations

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from db.tables.base import Base, Id, Instant, Now, Words, one_of
from domain.cases import CaseState, Decision, Severity


class ComplianceCase(Base):
    """One matter about one client. While it is open, further alerts of its kind join it."""

    __tablename__ = "compliance_cases"
    __table_args__ = (
        Index(
            "uq_compliance_cases_open",
            "client_id",
            "kind",
            unique=True,
            postgresql_where=text("closed_at IS NULL"),
        ),
        Index("ix_compliance_cases_state_recent", "state", text("id DESC")),
    )

    id: Mapped[Id]
    kind: Mapped[Words]
    client_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("clients.id"), index=True)
    state: Mapped[CaseState] = mapped_column(one_of(CaseState, "state"))
    severity: Mapped[Severity] = mapped_column(one_of(Severity, "severity"))
    summary: Mapped[Words]
    assigned_to: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    suspicious_at: Mapped[Instant | None]
    decision: Mapped[Decision | None] = mapped_column(one_of(Decision, "decision"))
    resolution: Mapped[Words] = mapped_column(server_default="")
    # Empty while the held operations have yet to hear the decision: it is written first, then told.
    told_at: Mapped[Instant | None]
    opened_at: Mapped[Now]
    closed_at: Mapped[Instant | None]


class CaseAlert(Base):
    """One finding. `source_key` names its cause, so that the same cause is one alert however often it is told."""

    __tablename__ = "compliance_alerts"

    id: Mapped[Id]
    case_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("compliance_cases.id"), index=True)
    source_key: Mapped[Words] = mapped_column(unique=True)
    operation_code: Mapped[str | None] = mapped_column(ForeignKey("operations.code"), index=True)
    severity: Mapped[Severity] = mapped_column(one_of(Severity, "severity"))
    summary: Mapped[Words]
    at: Mapped[Now]


class ComplianceAudit(Base):
    """Every look at a case and every act on it, with what was said. Append-only; it is also the case's timeline."""

    __tablename__ = "compliance_audit"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    case_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("compliance_cases.id"), index=True)
    user_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    action: Mapped[Words]
    detail: Mapped[Words] = mapped_column(server_default="")
    at: Mapped[Now]
