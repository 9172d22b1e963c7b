"""Staff and sign-in."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from db.tables.base import Base, Id, Instant, Now, Words, one_of
from domain.permissions import Role


class User(Base):
    """A person of the house. Username, e-mail and document are unique among the active only (F176)."""

    __tablename__ = "users"
    __table_args__ = (
        CheckConstraint("status IN ('Activo', 'Inactivo')", name="status"),
        Index(
            "uq_users_active_username", text("lower(username)"), unique=True, postgresql_where=text("status = 'Activo'")
        ),
        Index("uq_users_active_email", text("lower(email)"), unique=True, postgresql_where=text("status = 'Activo'")),
    )

    id: Mapped[Id]
    username: Mapped[Words]
    email: Mapped[Words]
    full_name: Mapped[Words]
    role: Mapped[Role] = mapped_column(one_of(Role, "role"))
    status: Mapped[Words] = mapped_column(server_default="Activo")
    password_hash: Mapped[Words]
    must_change_password: Mapped[bool] = mapped_column(server_default=text("false"))
    failed_attempts: Mapped[int] = mapped_column(server_default="0")
    locked_until: Mapped[Instant | None]
    last_login: Mapped[Instant | None]
    created_at: Mapped[Now]


class Session(Base):
    """A sign-in of a user or a client. Only the hash of its token is kept."""

    __tablename__ = "sessions"
    __table_args__ = (CheckConstraint("(user_id IS NULL) <> (client_id IS NULL)", name="one_subject"),)

    id: Mapped[Id]
    token_hash: Mapped[Words] = mapped_column(unique=True)
    user_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"), index=True)
    client_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("clients.id"), index=True)
    # Of a company's client: which of its people is in; null is the company's own sign-in.
    person_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("company_people.id"), index=True)
    created_at: Mapped[Now]
    last_seen_at: Mapped[Instant]
    expires_at: Mapped[Instant]
    ended_at: Mapped[Instant | None]
