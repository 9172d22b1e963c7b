"""The projection that each operation's workflow writes, its history, and the rows that belong to it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    Interval,
    Numeric,
    Sequence,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from db.tables.base import Base, Id, Instant, Json, Money, Now, Rate, Words, one_of
from domain.accounts import Bank
from domain.operations import FIRST_CODE, Assessment, Kind, Origin, State

operation_code_seq = Sequence("operation_code_seq", start=FIRST_CODE, metadata=Base.metadata)

_ACTIVE_SELF_SERVICE = "state IN ('Pendiente', 'En proceso') AND origin <> 'sistema'"


class Operation(Base):
    """One row an operation. While the operation is open only its workflow writes here, fenced by `version`.

    `last_update_id` is the caller's key of that version: it tells a repeated write from an orphan of a lost one.
    Bank names and numbers are copied at creation, so that later edits of
    the client's accounts change no history (F156).
    """

    __tablename__ = "operations"
    __table_args__ = (
        CheckConstraint("amount_usd > 0 AND amount_pen > 0", name="amounts"),
        CheckConstraint("rate > 0 AND base_rate > 0", name="rates"),
        CheckConstraint("coupon_pips >= 0", name="coupon_pips"),
        # A desk rate of zero made a loss of tens of thousands (F060).
        CheckConstraint("desk_rate > 0", name="desk_rate"),
        Index("ix_operations_completed", "finished_at", "id", postgresql_where=text("state = 'Completada'")),
        # One active self-service operation a client, whatever two devices do at once (F018).
        Index(
            "uq_operations_active_self_service",
            "client_id",
            unique=True,
            postgresql_where=text(_ACTIVE_SELF_SERVICE),
        ),
        Index("ix_operations_client_recent", "client_id", text("id DESC")),
        # The windows of the monitoring rules end at each operation and begin some days before it.
        Index("ix_operations_client_created", "client_id", "created_at"),
        Index("ix_operations_state_recent", "state", text("id DESC")),
        Index("ix_operations_created", "created_at", "id"),
        # Few ask for attention, and the first page counts them each time.
        Index("ix_operations_attention", "id", postgresql_where=text("attention <> ''")),
        Index("ix_operations_finished", "finished_at"),
        Index("ix_operations_usd", "amount_usd", "id"),
        Index("ix_operations_code_parts", "code", postgresql_using="gin", postgresql_ops={"code": "gin_trgm_ops"}),
        Index("ix_operations_operator_open", "operator_id", postgresql_where=text("state = 'En proceso'")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    code: Mapped[Words] = mapped_column(unique=True)
    version: Mapped[int]
    last_update_id: Mapped[Words]
    client_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("clients.id"))
    trader_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"), index=True)
    created_by_user_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    kind: Mapped[Kind] = mapped_column(one_of(Kind, "kind"))
    origin: Mapped[Origin] = mapped_column(one_of(Origin, "origin"))
    state: Mapped[State] = mapped_column(one_of(State, "state"))
    amount_usd: Mapped[Money]
    amount_pen: Mapped[Money]
    base_rate: Mapped[Rate]
    rate: Mapped[Rate]
    # The version of the price that it was quoted from, and the desk's rate of then: its margin is counted against it.
    rate_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("exchange_rates.id"))
    desk_rate: Mapped[Rate | None]
    coupon: Mapped[Words] = mapped_column(server_default="")
    coupon_pips: Mapped[int] = mapped_column(server_default="0")
    source_account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("client_accounts.id"))
    destination_account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("client_accounts.id"))
    source_bank: Mapped[Bank] = mapped_column(one_of(Bank, "source_bank"))
    source_account: Mapped[Words]
    destination_bank: Mapped[Bank] = mapped_column(one_of(Bank, "destination_bank"))
    destination_account: Mapped[Words]
    operator_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    assessment: Mapped[Assessment] = mapped_column(one_of(Assessment, "assessment"))
    attention: Mapped[Words] = mapped_column(server_default="")
    comments: Mapped[Words] = mapped_column(server_default="")
    reason: Mapped[Words] = mapped_column(server_default="")
    created_at: Mapped[Instant]
    expires_at: Mapped[Instant | None]
    time_left: Mapped[Any | None] = mapped_column(Interval)
    in_process_since: Mapped[Instant | None]
    finished_at: Mapped[Instant | None]
    updated_at: Mapped[Instant]


class OperationEvent(Base):
    """What happened, version by version. Append-only; an orphan of a lost write keeps its row, marked."""

    __tablename__ = "operation_events"
    __table_args__ = (
        Index(
            "uq_operation_events_version",
            "operation_code",
            "version",
            unique=True,
            postgresql_where=text("orphaned_at IS NULL"),
        ),
        Index("ix_operation_events_operation_code", "operation_code", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    operation_code: Mapped[Words] = mapped_column(ForeignKey("operations.code"))
    version: Mapped[int]
    event: Mapped[Words]
    state: Mapped[State] = mapped_column(one_of(State, "state"))
    actor_kind: Mapped[Words]
    actor_id: Mapped[int] = mapped_column(BigInteger)
    actor_role: Mapped[str | None]
    reason: Mapped[Words] = mapped_column(server_default="")
    update_id: Mapped[Words]
    changes: Mapped[list[dict[str, str]]] = mapped_column(JSONB)
    at: Mapped[Instant]
    orphaned_at: Mapped[Instant | None]


class Line(Base):
    """Columns that abonos and pagos share. A removed line stays, with the instant of its removal."""

    __abstract__ = True

    operation_code: Mapped[Words] = mapped_column(ForeignKey("operations.code"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    amount: Mapped[Decimal] = mapped_column(Numeric(15, 2))
    account_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("client_accounts.id"))
    bank: Mapped[Words] = mapped_column(server_default="")
    account: Mapped[Words] = mapped_column(server_default="")
    transfer_code: Mapped[Words] = mapped_column(server_default="")
    # The house's account that it goes through, when a person named it; else the rule of db/house_accounts.py.
    house_account_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("house_accounts.id"))
    created_at: Mapped[Instant]
    removed_at: Mapped[Instant | None]


class Deposit(Line):
    """Abono: money client → house, in what the client pays."""

    __tablename__ = "deposits"
    __table_args__ = (CheckConstraint("amount > 0", name="amount"),)


class Payout(Line):
    """Pago: money house → client, in what the client receives."""

    __tablename__ = "payouts"
    __table_args__ = (CheckConstraint("amount > 0", name="amount"),)


class Proof(Base):
    """A stored file that shows a transfer, with a number that never changes (F210)."""

    __tablename__ = "proofs"
    __table_args__ = (UniqueConstraint("operation_code", "number"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    operation_code: Mapped[Words] = mapped_column(ForeignKey("operations.code"))
    number: Mapped[int]
    by_operator: Mapped[bool]
    file_key: Mapped[Words]
    content_type: Mapped[Words]
    size: Mapped[int]
    comment: Mapped[Words] = mapped_column(server_default="")
    created_at: Mapped[Instant]
    removed_at: Mapped[Instant | None]


class Note(Base):
    """A remark of the house, told once by its key."""

    __tablename__ = "operation_notes"
    __table_args__ = (UniqueConstraint("operation_code", "key"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    operation_code: Mapped[Words] = mapped_column(ForeignKey("operations.code"))
    key: Mapped[Words]
    user_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    text: Mapped[Words]
    at: Mapped[Instant]


class NoteReading(Base):
    """Up to which note of an operation a person of the house has read."""

    __tablename__ = "note_readings"

    operation_code: Mapped[Words] = mapped_column(ForeignKey("operations.code"), primary_key=True)
    user_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"), primary_key=True, autoincrement=False)
    last_note_id: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[Now]


class Refund(Base):
    """Money to give back because an operation with abonos was cancelled. One an operation."""

    __tablename__ = "refunds"
    __table_args__ = (CheckConstraint("amount > 0", name="amount"),)

    id: Mapped[Id]
    operation_code: Mapped[Words] = mapped_column(ForeignKey("operations.code"), unique=True)
    currency: Mapped[Words]
    amount: Mapped[Money]
    status: Mapped[Words] = mapped_column(server_default="Pendiente")
    opened_at: Mapped[Instant]
    house_account_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("house_accounts.id"))
    reference: Mapped[Words] = mapped_column(server_default="")
    settled_at: Mapped[Instant | None]
    settled_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))


class Settlement(Base):
    """That one kind of money effect of an operation has been posted. The key is what makes it happen once."""

    __tablename__ = "settlements"

    operation_code: Mapped[Words] = mapped_column(ForeignKey("operations.code"), primary_key=True)
    kind: Mapped[Words] = mapped_column(primary_key=True)
    detail: Mapped[Json]
    posted_at: Mapped[Now]
