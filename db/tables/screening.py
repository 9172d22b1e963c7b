"""What screening found: hits with their explanation, each client's last check, runs over everybody, names asked for."""

from __future__ import annotations

from datetime import date

from sqlalchemy import BigInteger, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from db.tables.base import Base, Id, Instant, Json, Now, Words, one_of
from domain.lists import EntryKind, ListCode
from domain.screening import CheckResult, HitState


class ClientHit(Base):
    """A client that may be an entry of a list, as both were then, with the reasons word by word.

    One row for each pair of fingerprints: a decision holds for what was looked at. A hit that no longer comes (the
    entry or the client changed, or left) has `ended_at`; it is never deleted.
    """

    __tablename__ = "client_hits"
    __table_args__ = (
        UniqueConstraint("client_id", "list_code", "entry_uid", "entry_fingerprint", "subject_fingerprint"),
        Index("ix_client_hits_queue", "state", text("id DESC"), postgresql_where=text("ended_at IS NULL")),
    )

    id: Mapped[Id]
    client_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("clients.id"))
    list_code: Mapped[ListCode] = mapped_column(one_of(ListCode, "list_code"))
    entry_uid: Mapped[Words]
    # None for what an outside service told and no list of ours holds.
    entry_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("list_entries.id"))
    entry_fingerprint: Mapped[Words]
    subject_fingerprint: Mapped[Words]
    listed_name: Mapped[Words]
    score: Mapped[int]
    likely: Mapped[bool]
    explanation: Mapped[Json]
    state: Mapped[HitState] = mapped_column(one_of(HitState, "state"))
    case_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("compliance_cases.id"), index=True)
    decided_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    decided_at: Mapped[Instant | None]
    reason: Mapped[Words] = mapped_column(server_default="")
    found_at: Mapped[Now]
    ended_at: Mapped[Instant | None]


class ListCheck(Base):
    """A client's last check: against which versions, as which person, with what result (F254)."""

    __tablename__ = "restrictive_list_checks"

    client_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("clients.id"), primary_key=True, autoincrement=False)
    result: Mapped[CheckResult] = mapped_column(one_of(CheckResult, "result"))
    versions: Mapped[dict[str, int]] = mapped_column(JSONB)
    subject_fingerprint: Mapped[Words]
    occasion: Mapped[Words]
    checked_at: Mapped[Instant]
    # Of the outside service: when it last answered, about which person, under which number of its own.
    inspektor_at: Mapped[Instant | None]
    inspektor_fingerprint: Mapped[Words] = mapped_column(server_default="")
    inspektor_number: Mapped[Words] = mapped_column(server_default="")


class ScreeningRun(Base):
    """A look at every client: why, against which versions, how far it has come and what it found anew."""

    __tablename__ = "screening_runs"

    id: Mapped[Id]
    cause: Mapped[Words]
    versions: Mapped[dict[str, int]] = mapped_column(JSONB)
    clients: Mapped[int]
    screened: Mapped[int] = mapped_column(server_default="0")
    new_hits: Mapped[int] = mapped_column(server_default="0")
    last_client_id: Mapped[int] = mapped_column(BigInteger, server_default="0")
    user_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    started_at: Mapped[Now]
    finished_at: Mapped[Instant | None]


class NameSearch(Base):
    """A name that a person of the house asked for, and what was answered; `matches` is None until then."""

    __tablename__ = "name_searches"

    id: Mapped[Id]
    user_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    kind: Mapped[EntryKind] = mapped_column(one_of(EntryKind, "kind"))
    name: Mapped[Words]
    document_number: Mapped[Words] = mapped_column(server_default="")
    birth_date: Mapped[date | None]
    nationality: Mapped[Words] = mapped_column(server_default="")
    result: Mapped[CheckResult | None] = mapped_column(one_of(CheckResult, "result"))
    matches: Mapped[list[dict[str, object]] | None] = mapped_column(JSONB)
    versions: Mapped[dict[str, int] | None] = mapped_column(JSONB)
    asked_at: Mapped[Now]
    answered_at: Mapped[Instant | None]
