"""One row per mail or push to one address: its unique key is what makes it leave once (F101).

A mail that carries a secret (a temporary password) keeps it sealed in its own pending row, and loses it when it has
left: the secret travels in no request, no workflow and no log, and the copy lives as long as the mail waits.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import BigInteger, Text, Update, any_, bindparam, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from db.tables import Delivery

MAIL, PUSH = "correo", "push"
PENDING, SENT, REFUSED = "pendiente", "enviado", "rechazado"
TEMPORARY_PASSWORD = "contrasena_temporal"  # noqa: S105 - the notice's name
SECRET_LIFE = timedelta(hours=24)
MAX_DETAIL = 300


@dataclass(frozen=True, kw_only=True)
class SealedMail:
    """A temporary password that is still on its way: `password` is empty once no mail waits with it."""

    password: str
    recipients: tuple[str, ...]
    already_sent: bool


@dataclass(frozen=True, kw_only=True)
class Addressed:
    """To whom something goes, by mail or push. A mail keeps its Message-ID in its row."""

    channel: str
    recipient: str
    message_id: str = ""

    @property
    def row_recipient(self) -> str:
        """As the row has it."""
        return self.recipient.casefold() if self.channel == MAIL else self.recipient


@dataclass(frozen=True, kw_only=True)
class Claimed:
    """The row of a delivery as it stood when it was claimed."""

    id: int
    status: str
    attempts: int


def client_subject(client_id: int) -> str:
    """The subject of notices that are about a client and no operation."""
    return f"cliente-{client_id}"


# Written again as it is when it is there, so that the one statement answers every row either way.
_CLAIM = text(
    "INSERT INTO deliveries (subject_key, notice, key, channel, recipient, message_id)"
    " SELECT :subject_key, :notice, :key, each.channel, each.recipient, each.message_id"
    " FROM unnest(:channels, :recipients, :message_ids) AS each (channel, recipient, message_id)"
    " ON CONFLICT (subject_key, notice, key, channel, recipient) DO UPDATE SET recipient = excluded.recipient"
    " RETURNING id, channel, recipient, status, attempts"
).bindparams(*(bindparam(name, type_=ARRAY(Text)) for name in ("channels", "recipients", "message_ids")))


async def claim(
    session: AsyncSession, *, subject_key: str, notice: str, key: str, addressed: Iterable[Addressed]
) -> dict[Addressed, Claimed]:
    """The row of each delivery, made now or by an earlier attempt. Addresses are compared without case (F104)."""
    given = list(addressed)
    if not given:
        return {}
    wanted = {(each.channel, each.row_recipient): each for each in given}
    values = {
        "subject_key": subject_key,
        "notice": notice,
        "key": key,
        "channels": [channel for channel, _ in wanted],
        "recipients": [recipient for _, recipient in wanted],
        "message_ids": [each.message_id for each in wanted.values()],
    }
    rows = {
        (row.channel, row.recipient): Claimed(id=row.id, status=row.status, attempts=row.attempts)
        for row in await session.execute(_CLAIM, values)
    }
    return {each: rows[each.channel, each.row_recipient] for each in given}


async def mark_sent(session: AsyncSession, delivery_ids: Iterable[int], *, at: datetime) -> None:
    """They have left; whatever they carried sealed is wiped."""
    await _mark(session, _SENT, delivery_ids, now=SENT, at=at, why="")


async def mark_refused(session: AsyncSession, delivery_ids: Iterable[int], *, why: str) -> None:
    """They will not be taken; whatever they carried sealed is wiped. A sent one stays sent."""
    await _mark(session, _REFUSED, delivery_ids, now=REFUSED, why=why[:MAX_DETAIL])


async def mark_delayed(session: AsyncSession, delivery_ids: Iterable[int]) -> None:
    """One more attempt that came to nothing; the rows go on waiting, with what they carry."""
    await _mark(session, _DELAYED, delivery_ids)


async def leave_temporary_password(
    session: AsyncSession, *, client_id: int, key: str, recipients: Iterable[str], password: str, secret_key: str
) -> None:
    """Called in the transaction that stores the password's hash: pending mails to each address, with it sealed.

    `key` is the one of the `ClientNotice` workflow that the caller starts after its commit.
    """
    sealed = seal(password, secret_key)
    mails = [Addressed(channel=MAIL, recipient=recipient) for recipient in recipients]
    rows = await claim(
        session, subject_key=client_subject(client_id), notice=TEMPORARY_PASSWORD, key=key, addressed=mails
    )
    waiting = update(Delivery).where(Delivery.id.in_([row.id for row in rows.values()]))
    await session.execute(waiting.values(detail=sealed))


async def sealed_mail(session: AsyncSession, *, client_id: int, key: str, secret_key: str) -> SealedMail:
    """What is left to send of a temporary password. One that has waited longer than SECRET_LIFE is wiped here."""
    owned = {"subject_key": client_subject(client_id), "notice": TEMPORARY_PASSWORD, "key": key}
    rows = (await session.scalars(select(Delivery).filter_by(**owned).order_by(Delivery.id))).all()
    waiting = [row for row in rows if row.status == PENDING]
    password = next((found for row in waiting if (found := opened(row.detail, secret_key))), "")
    if not password:
        await mark_refused(session, [row.id for row in waiting], why="Caducó antes de salir.")
    return SealedMail(
        password=password,
        recipients=tuple(row.recipient for row in waiting),
        already_sent=any(row.status == SENT for row in rows),
    )


async def _mark(session: AsyncSession, marking: Update, delivery_ids: Iterable[int], **values: object) -> None:
    if wanted := list(delivery_ids):
        # On the connection itself: no row is held in memory that the session would have to look for.
        connection = await session.connection()
        await connection.execute(marking, {"ids": wanted, **values})


_TRIED = (
    update(Delivery)
    .where(Delivery.id == any_(bindparam("ids", type_=ARRAY(BigInteger))), Delivery.status != SENT)
    .values(attempts=Delivery.attempts + 1)
)
_DELAYED = _TRIED
_REFUSED = _TRIED.values(status=bindparam("now"), detail=bindparam("why"))
_SENT = _REFUSED.values(sent_at=bindparam("at"))


def seal(secret: str, secret_key: str) -> str:
    """A secret on its way to the mail server, readable for SECRET_LIFE with the house's key."""
    return _cipher(secret_key).encrypt(secret.encode()).decode()


def opened(sealed: str, secret_key: str) -> str:
    """Empty when there is nothing, it is too old, or it was sealed with another key."""
    try:
        return _cipher(secret_key).decrypt(sealed.encode(), ttl=int(SECRET_LIFE.total_seconds())).decode()
    except InvalidToken:
        return ""


def _cipher(secret_key: str) -> Fernet:
    """A key of its own for this one purpose, derived from the house's SECRET_KEY."""
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"qoricash temporary password").derive(
        secret_key.encode()
    )
    return Fernet(base64.urlsafe_b64encode(derived))
