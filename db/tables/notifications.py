"""What the house tells people: on screen, by mail, by push."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from db.tables.base import Base, Id, Instant, Json, Now, Words


class Notification(Base):
    """One event for one audience, written with its cause and announced by NOTIFY.

    `room` is a Socket.IO room (`role_Master`, `user_7`, `client_12`) or `todos`. `client_12` names the client's
    internal id; the document number that existing clients join by never leaves the API process.
    """

    __tablename__ = "notifications"
    __table_args__ = (
        Index("ix_notifications_room", "room", "id"),
        Index("uq_notifications_key", "key", "room", "event", unique=True),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    key: Mapped[Words]
    room: Mapped[Words]
    event: Mapped[Words]
    operation_code: Mapped[str | None]
    payload: Mapped[Json]
    at: Mapped[Now]


class PushSubscription(Base):
    """Where a client's phone or browser receives pushes.

    `session_id` is the sign-in that asked for them: when somebody ends it, this row goes too. Rows from before that was
    kept have none.
    """

    __tablename__ = "push_subscriptions"
    __table_args__ = (
        CheckConstraint("kind IN ('expo', 'web')", name="kind"),
        UniqueConstraint("client_id", "endpoint"),
    )

    id: Mapped[Id]
    client_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("clients.id"), index=True)
    session_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("sessions.id"), index=True)
    kind: Mapped[Words]
    endpoint: Mapped[Words]
    keys: Mapped[Json] = mapped_column(server_default=text("'{}'::jsonb"))
    created_at: Mapped[Now]
    failed_at: Mapped[Instant | None]


class Delivery(Base):
    """One mail or push to one address. The unique key is what makes it leave once (F101).

    `subject_key` is the operation's code, or `cliente-<id>` for mails about a client.
    """

    __tablename__ = "deliveries"
    __table_args__ = (
        CheckConstraint("channel IN ('correo', 'push')", name="channel"),
        CheckConstraint("status IN ('pendiente', 'enviado', 'rechazado')", name="status"),
        UniqueConstraint("subject_key", "notice", "key", "channel", "recipient"),
        Index("ix_deliveries_refused", "id", postgresql_where=text("status = 'rechazado'")),
    )

    id: Mapped[Id]
    subject_key: Mapped[Words] = mapped_column(index=True)
    notice: Mapped[Words]
    key: Mapped[Words] = mapped_column(server_default="")
    channel: Mapped[Words]
    recipient: Mapped[Words]
    message_id: Mapped[Words]
    status: Mapped[Words] = mapped_column(server_default="pendiente")
    attempts: Mapped[int] = mapped_column(server_default="0")
    detail: Mapped[Words] = mapped_column(server_default="")
    created_at: Mapped[Now]
    sent_at: Mapped[Instant | None]
    # When somebody first followed the link of this mail.
    opened_at: Mapped[Instant | None]
