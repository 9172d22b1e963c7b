"""People of a company client, and the exchanges that one of them prepares and another approves."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from db.tables.base import Base, Id, Instant, Money, Now, Words, one_of
from domain.companies import RequestState
from domain.operations import Kind


class CompanyPerson(Base):
    """Somebody who comes in for a company with its own password. Once removed, the row stays and opens nothing."""

    __tablename__ = "company_people"
    __table_args__ = (
        Index(
            "uq_company_people_live", "client_id", "document", unique=True, postgresql_where=text("removed_at IS NULL")
        ),
        CheckConstraint("may_prepare OR may_approve", name="rights"),
    )

    id: Mapped[Id]
    client_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("clients.id"))
    document: Mapped[Words]
    full_name: Mapped[Words]
    may_prepare: Mapped[bool]
    may_approve: Mapped[bool]
    password_hash: Mapped[Words]
    failed_attempts: Mapped[int] = mapped_column(server_default="0")
    locked_until: Mapped[Instant | None]
    created_at: Mapped[Now]
    removed_at: Mapped[Instant | None]


class OperationRequest(Base):
    """An exchange that one person of a company prepared. A null person is the company's own sign-in.

    It has no rate: the operation is quoted when another person approves. `key` is of the click that prepared it.
    """

    __tablename__ = "operation_requests"
    __table_args__ = (
        Index("uq_operation_requests_click", "client_id", "key", unique=True),
        Index("ix_operation_requests_client", "client_id", "id"),
        CheckConstraint("amount_usd > 0", name="amount"),
    )

    id: Mapped[Id]
    client_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("clients.id"))
    key: Mapped[Words]
    kind: Mapped[Kind] = mapped_column(one_of(Kind, "kind"))
    amount_usd: Mapped[Money]
    source_account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("client_accounts.id"))
    destination_account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("client_accounts.id"))
    coupon: Mapped[Words] = mapped_column(server_default="")
    state: Mapped[RequestState] = mapped_column(one_of(RequestState, "state"))
    prepared_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("company_people.id"))
    prepared_at: Mapped[Now]
    decided_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("company_people.id"))
    decided_at: Mapped[Instant | None]
    operation_code: Mapped[Words] = mapped_column(server_default="")
