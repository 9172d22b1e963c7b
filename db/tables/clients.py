"""Clients, their documents and their bank accounts."""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    Text,
    UniqueConstraint,
    literal_column,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from db.tables.base import Base, Id, Instant, Now, Words, one_of
from domain.accounts import AccountType, Bank, Region
from domain.clients import ClientStatus, DocumentType, KycStatus, PaperStatus
from domain.money import Currency

# What a search by name reads, written as PostgreSQL says its index back.
WHOLE_NAME = (
    "(((((company_name || ' '::text) || given_names) || ' '::text) || paternal_surname) || ' '::text)"
    " || maternal_surname"
)


class Client(Base):
    """A person or company that exchanges money here.

    Unique by type and number of document among those not closed (F137). `trader_id` is the owner of the portfolio and
    may be empty for a self-registered client (F182). `email` may hold several addresses joined by `;` (F113, F114).
    """

    __tablename__ = "clients"
    __table_args__ = (
        Index(
            "uq_clients_live_document",
            "document_type",
            "document_number",
            unique=True,
            postgresql_where=text("closed_at IS NULL"),
        ),
        Index("ix_clients_document_number", "document_number"),
        # The queue of the review, its count on the first page, and who registered lately.
        Index("ix_clients_review", "kyc_status", "id"),
        Index("ix_clients_created", "created_at"),
        # Several clients behind one telephone or address: rules look for them at each operation.
        Index("ix_clients_phone", "phone", postgresql_where=text("phone <> ''")),
        Index("ix_clients_address", text("lower(address)"), postgresql_where=text("address <> ''")),
        # Any part of a name or of an e-mail, as people type it into a search.
        Index(
            "ix_clients_name_parts",
            literal_column(f"({WHOLE_NAME})").label("whole_name"),
            postgresql_using="gin",
            postgresql_ops={"whole_name": "gin_trgm_ops"},
        ),
        Index("ix_clients_email_parts", "email", postgresql_using="gin", postgresql_ops={"email": "gin_trgm_ops"}),
    )

    id: Mapped[Id]
    document_type: Mapped[DocumentType] = mapped_column(one_of(DocumentType, "document_type"))
    document_number: Mapped[Words]
    given_names: Mapped[Words] = mapped_column(server_default="")
    paternal_surname: Mapped[Words] = mapped_column(server_default="")
    maternal_surname: Mapped[Words] = mapped_column(server_default="")
    company_name: Mapped[Words] = mapped_column(server_default="")
    contact_person: Mapped[Words] = mapped_column(server_default="")
    email: Mapped[Words]
    phone: Mapped[Words] = mapped_column(server_default="")
    address: Mapped[Words] = mapped_column(server_default="")
    department: Mapped[Words] = mapped_column(server_default="")
    province: Mapped[Words] = mapped_column(server_default="")
    district: Mapped[Words] = mapped_column(server_default="")
    status: Mapped[ClientStatus] = mapped_column(one_of(ClientStatus, "status"))
    kyc_status: Mapped[KycStatus] = mapped_column(one_of(KycStatus, "kyc_status"))
    has_complete_documents: Mapped[bool] = mapped_column(server_default=text("false"))
    origin: Mapped[Words] = mapped_column(server_default="web")
    accepts_promotions: Mapped[bool] = mapped_column(server_default=text("false"))
    # The number of the last notice on screen that was read (db/inbox.py), and what the client does not want by mail or
    # push, as `topic:channel` (domain/notice_preferences.py).
    notices_read_to: Mapped[int] = mapped_column(BigInteger, server_default="0")
    muted_notices: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    # A company's own choice: what one of its people prepares another one approves (domain/companies.py).
    two_people: Mapped[bool] = mapped_column(server_default=text("false"))
    trader_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"), index=True)
    password_hash: Mapped[Words]
    # A temporary password lives beside the real one until it is used, so that a lost mail locks nobody out (F180).
    temporary_password_hash: Mapped[str | None]
    temporary_password_until: Mapped[Instant | None]
    requires_password_change: Mapped[bool] = mapped_column(server_default=text("false"))
    failed_attempts: Mapped[int] = mapped_column(server_default="0")
    locked_until: Mapped[Instant | None]
    referral_code: Mapped[Words] = mapped_column(unique=True)
    used_referral_code: Mapped[str | None]
    referred_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("clients.id"), index=True)
    # The restrictive-list flag that `assess_operation` reads; the screening engine maintains it.
    list_match: Mapped[bool] = mapped_column(server_default=text("false"))
    completed_operations: Mapped[int] = mapped_column(server_default="0")
    # Who of the house registered the client: somebody else must approve it (F134).
    registered_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    email_verified_at: Mapped[Instant | None]
    # Why the last rejection or block; read by the house, and a rejection's also by the client.
    kyc_reason: Mapped[Words] = mapped_column(server_default="")
    block_reason: Mapped[Words] = mapped_column(server_default="")
    # The last command of the onboarding that was written: a repeated attempt of its activity changes nothing.
    onboarding_key: Mapped[Words] = mapped_column(server_default="")
    anonymised_at: Mapped[Instant | None]
    closed_at: Mapped[Instant | None]
    created_at: Mapped[Now]


class ClientDocument(Base):
    """A file that a client sent to prove who it is."""

    __tablename__ = "client_documents"

    id: Mapped[Id]
    client_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("clients.id"), index=True)
    kind: Mapped[Words]
    file_key: Mapped[Words]
    content_type: Mapped[Words]
    size: Mapped[int]
    status: Mapped[PaperStatus] = mapped_column(one_of(PaperStatus, "status"), server_default="por_revisar")
    reason: Mapped[Words] = mapped_column(server_default="")
    reviewed_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    reviewed_at: Mapped[Instant | None]
    created_at: Mapped[Now]

    __table_args__ = (
        CheckConstraint("kind IN ('dni_front', 'dni_back', 'ruc_ficha')", name="kind"),
        UniqueConstraint("client_id", "kind", "file_key"),
    )


class ClientAccount(Base):
    """A client's own bank account. Rows are hidden, never deleted: old operations point at them (F156).

    `position` is the stable order that the public contract's `banco_cuenta_id` counts in.
    """

    __tablename__ = "client_accounts"
    __table_args__ = (
        Index(
            "uq_client_accounts_live",
            "client_id",
            "bank",
            "account_type",
            "currency",
            "number",
            unique=True,
            postgresql_where=text("removed_at IS NULL"),
        ),
    )

    id: Mapped[Id]
    client_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("clients.id"), index=True)
    position: Mapped[int]
    bank: Mapped[Bank] = mapped_column(one_of(Bank, "bank"))
    bank_label: Mapped[Words] = mapped_column(server_default="")
    account_type: Mapped[AccountType] = mapped_column(one_of(AccountType, "account_type"))
    currency: Mapped[Currency] = mapped_column(one_of(Currency, "currency"))
    number: Mapped[Words]
    region: Mapped[Region] = mapped_column(one_of(Region, "region"))
    # domain.accounts.identity: the same account under two clients has the same text here.
    identity: Mapped[Words] = mapped_column(server_default="", index=True)
    # When the client, or staff on its word, declared to be the holder: nobody pays to or from somebody else's account.
    declared_own_at: Mapped[Instant | None]
    removed_at: Mapped[Instant | None]
    created_at: Mapped[Now]


class ClientIdentityChange(Base):
    """One corrected field of a client's identity, before and after. Anonymisation blanks the two texts."""

    __tablename__ = "client_identity_changes"

    id: Mapped[Id]
    client_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("clients.id"), index=True)
    field: Mapped[Words]
    before: Mapped[Words]
    after: Mapped[Words]
    reason: Mapped[Words]
    user_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    at: Mapped[Now]


class EmailCode(Base):
    """A code that proves that an address is read by who registers. Only its keyed hash is kept.

    `sealed` is the code on its way to the mail server, wiped when it has left.
    """

    __tablename__ = "email_codes"
    __table_args__ = (Index("ix_email_codes_email", "email", "sent_at"),)

    id: Mapped[Id]
    email: Mapped[Words]
    code_hash: Mapped[Words]
    sealed: Mapped[Words] = mapped_column(server_default="")
    attempts: Mapped[int] = mapped_column(server_default="0")
    sent_at: Mapped[Instant]
    expires_at: Mapped[Instant]
    verified_at: Mapped[Instant | None]
