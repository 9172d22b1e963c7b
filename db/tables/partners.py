"""Systems of other companies that register clients and operations through `/api/platform`."""

from __future__ import annotations

from sqlalchemy import BigInteger, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from db.tables.base import Base, Id, Instant, Now, Words


class Partner(Base):
    """A partner of the house. It reaches only what it created itself."""

    __tablename__ = "partners"
    __table_args__ = (Index("uq_partners_name", text("lower(name)"), unique=True),)

    id: Mapped[Id]
    name: Mapped[Words]
    created_at: Mapped[Now]
    closed_at: Mapped[Instant | None]


class PartnerKey(Base):
    """An API key of a partner: only its hash, and the few characters by which people tell keys apart.

    A rotation gives the old key until `expires_at`, so that the partner changes it without an outage.
    """

    __tablename__ = "partner_keys"

    id: Mapped[Id]
    partner_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("partners.id"), index=True)
    hint: Mapped[Words]
    key_hash: Mapped[Words] = mapped_column(unique=True)
    created_at: Mapped[Now]
    last_used_at: Mapped[Instant | None]
    expires_at: Mapped[Instant | None]


class PartnerClient(Base):
    """A client that a partner registered."""

    __tablename__ = "partner_clients"

    partner_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("partners.id"), primary_key=True)
    client_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("clients.id"), primary_key=True)
    created_at: Mapped[Now]
