"""Restrictive lists as they were published: every version that the house has used, and every entry of each.

An entry is read whole (the engine indexes it in memory), so that its names, documents and births are one value. It
stands from a version to another: any version of the past can be read again years later.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from db.tables.base import Base, Id, Instant, Json, Now, Words, one_of
from domain.lists import EntryKind, ListCode


class ListVersion(Base):
    """A list as it was at one moment. One of each is in force; the former ones stay. `published` is its own date."""

    __tablename__ = "list_versions"
    __table_args__ = (
        Index("uq_list_versions_active", "list_code", unique=True, postgresql_where=text("retired_at IS NULL")),
        Index("ix_list_versions_list_code", "list_code", text("id DESC")),
    )

    id: Mapped[Id]
    list_code: Mapped[ListCode] = mapped_column(one_of(ListCode, "list_code"))
    checksum: Mapped[Words]
    published: Mapped[Words] = mapped_column(server_default="")
    origin: Mapped[Words]
    entries: Mapped[int]
    aliases: Mapped[int]
    documents: Mapped[int]
    added: Mapped[int]
    changed: Mapped[int]
    removed: Mapped[int]
    user_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    loaded_at: Mapped[Now]
    retired_at: Mapped[Instant | None]
    # The last time that the source was asked and said the same.
    checked_at: Mapped[Instant | None]


class ListEntry(Base):
    """One entry as it stood from `first_version_id` to `last_version_id` (None: it still stands).

    `content` holds names, documents, births and nationalities; `fingerprint` is of what identifies it, `digest` of all.
    """

    __tablename__ = "list_entries"
    __table_args__ = (
        Index(
            "uq_list_entries_standing",
            "list_code",
            "uid",
            unique=True,
            postgresql_where=text("last_version_id IS NULL"),
        ),
    )

    id: Mapped[Id]
    list_code: Mapped[ListCode] = mapped_column(one_of(ListCode, "list_code"))
    uid: Mapped[Words]
    kind: Mapped[EntryKind] = mapped_column(one_of(EntryKind, "kind"))
    content: Mapped[Json]
    programs: Mapped[Words] = mapped_column(server_default="")
    remarks: Mapped[Words] = mapped_column(server_default="")
    fingerprint: Mapped[Words]
    digest: Mapped[Words]
    first_version_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("list_versions.id"))
    last_version_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("list_versions.id"))
