"""Cases of compliance: what was found, where each stands, its story, and who looked at it."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, text
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
    decided_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    # Empty while the held operations have yet to hear the decision: it is written first, then told.
    told_at: Mapped[Instant | None]
    # When the ROS was sent through the UIF's portal by the officer, and the number that the portal gave.
    ros_sent_at: Mapped[Instant | None]
    ros_number: Mapped[Words] = mapped_column(server_default="")
    opened_at: Mapped[Now]
    closed_at: Mapped[Instant | None]


class CaseAlert(Base):
    """One finding. `source_key` names its cause, so that the same cause is one alert however often it is told.

    `rule_key` is the rule that rang, if one did; `holds` says that the operation waits for this case's decision.
    """

    __tablename__ = "compliance_alerts"

    id: Mapped[Id]
    case_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("compliance_cases.id"), index=True)
    source_key: Mapped[Words] = mapped_column(unique=True)
    operation_code: Mapped[str | None] = mapped_column(ForeignKey("operations.code"), index=True)
    rule_key: Mapped[Words] = mapped_column(server_default="")
    holds: Mapped[bool] = mapped_column(server_default="false")
    severity: Mapped[Severity] = mapped_column(one_of(Severity, "severity"))
    summary: Mapped[Words]
    at: Mapped[Now]


class CaseFile(Base):
    """A file that supports a case. Append-only: what supported a decision stays."""

    __tablename__ = "case_files"

    id: Mapped[Id]
    case_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("compliance_cases.id"), index=True)
    file_key: Mapped[Words]
    content_type: Mapped[Words]
    size: Mapped[int]
    title: Mapped[Words]
    user_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    at: Mapped[Now]


class ComplianceAudit(Base):
    """Every look and every act of compliance, with what was said. Append-only; of a case it is also the timeline.

    `subject` is what was looked at where it is no case: `regla:monto-alto`, `cliente:12`, `registro:2026-11`.
    """

    __tablename__ = "compliance_audit"
    __table_args__ = (CheckConstraint("(case_id IS NULL) <> (subject = '')", name="subject"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    case_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("compliance_cases.id"), index=True)
    subject: Mapped[Words] = mapped_column(server_default="")
    user_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    action: Mapped[Words]
    detail: Mapped[Words] = mapped_column(server_default="")
    at: Mapped[Now]
