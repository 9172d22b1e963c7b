"""How people prove more than a password: a code of the telephone and spare codes in the house, passkeys anywhere."""

from __future__ import annotations

from sqlalchemy import BigInteger, ForeignKey, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from db.tables.base import Base, Id, Instant, Now, Words


class UserTotp(Base):
    """The secret of an authenticator app, sealed. It asks for codes once it is confirmed by one.

    `last_step` is the half minute of the last code taken: the same code never opens twice.
    """

    __tablename__ = "user_totp"

    user_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"), primary_key=True, autoincrement=False)
    sealed_secret: Mapped[Words]
    last_step: Mapped[int] = mapped_column(BigInteger, server_default="0")
    created_at: Mapped[Now]
    confirmed_at: Mapped[Instant | None]


class RecoveryCode(Base):
    """A spare code for who lost the telephone; only its hash is kept, and it opens once."""

    __tablename__ = "user_recovery_codes"

    id: Mapped[Id]
    user_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"), index=True)
    code_hash: Mapped[Words] = mapped_column(unique=True)
    used_at: Mapped[Instant | None]


class _Key:
    """What is kept of a passkey: the public half, and the count that tells a copied one."""

    id: Mapped[Id]
    credential_id: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int] = mapped_column(BigInteger, server_default="0")
    name: Mapped[Words]
    created_at: Mapped[Now]
    last_used_at: Mapped[Instant | None]


class Passkey(_Key, Base):
    """A passkey of a person of the house."""

    __tablename__ = "user_passkeys"

    owner_id: Mapped[int] = mapped_column("user_id", BigInteger, ForeignKey("users.id"), index=True)


class ClientPasskey(_Key, Base):
    """A passkey of a client, in a table of its own: no key of one door is ever looked for at the other."""

    __tablename__ = "client_passkeys"

    owner_id: Mapped[int] = mapped_column("client_id", BigInteger, ForeignKey("clients.id"), index=True)
