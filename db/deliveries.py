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
from sqlalchemy import exists, select, update
from sqlalchemy.dialects.postgresql import insert
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


def client_subject(client_id: int) -> str:
    """The subject of notices that are about a client and no operation."""
    return f"cliente-{client_id}"


async def claim(
    session: AsyncSession, *, subject_key: str, notice: str, key: str, channel: str, recipient: str, message_id: str
) -> Delivery:
    """The row of this delivery, made now or by an earlier attempt. `recipient` is compared without case (F104)."""
    owned = {"subject_key": subject_key, "notice": notice, "key": key, "channel": channel}
    owned["recipient"] = recipient.casefold() if channel == MAIL else recipient
    row = insert(Delivery).values({**owned, "message_id": message_id})
    # Written again as it is, so that the one statement answers it either way.
    same = row.on_conflict_do_update(index_elements=[*owned], set_={"recipient": row.excluded.recipient})
    fresh = {"populate_existing": True}
    return (await session.scalars(same.returning(Delivery), execution_options=fresh)).one()


async def mark_sent(session: AsyncSession, delivery_id: int, *, at: datetime) -> None:
    """It has left; whatever it carried sealed is wiped."""
    await _mark(session, delivery_id, status=SENT, sent_at=at, detail="")


async def mark_refused(session: AsyncSession, delivery_id: int, *, why: str) -> None:
    """It will not be taken; whatever it carried sealed is wiped. A sent one stays sent."""
    await _mark(session, delivery_id, status=REFUSED, detail=why[:MAX_DETAIL])


async def mark_delayed(session: AsyncSession, delivery_id: int) -> None:
    """One more attempt that came to nothing; the row goes on waiting, with what it carries."""
    await _mark(session, delivery_id)


async def reached(session: AsyncSession, subject_key: str, notice: str, key: str, *, addresses: Iterable[str]) -> bool:
    """Whether the mail of this notice has left for at least one of `addresses`."""
    sent = exists().where(
        Delivery.subject_key == subject_key,
        Delivery.notice == notice,
        Delivery.key == key,
        Delivery.channel == MAIL,
        Delivery.status == SENT,
        Delivery.recipient.in_([address.casefold() for address in addresses]),
    )
    return bool(await session.scalar(select(sent)))


async def leave_temporary_password(
    session: AsyncSession, *, client_id: int, key: str, recipients: Iterable[str], password: str, secret_key: str
) -> None:
    """Called in the transaction that stores the password's hash: pending mails to each address, with it sealed.

    `key` is the one of the `ClientNotice` workflow that the caller starts after its commit.
    """
    sealed = seal(password, secret_key)
    for recipient in recipients:
        row = await claim(
            session,
            subject_key=client_subject(client_id),
            notice=TEMPORARY_PASSWORD,
            key=key,
            channel=MAIL,
            recipient=recipient,
            message_id="",
        )
        row.detail = sealed


async def sealed_mail(session: AsyncSession, *, client_id: int, key: str, secret_key: str) -> SealedMail:
    """What is left to send of a temporary password. One that has waited longer than SECRET_LIFE is wiped here."""
    owned = {"subject_key": client_subject(client_id), "notice": TEMPORARY_PASSWORD, "key": key}
    rows = (await session.scalars(select(Delivery).filter_by(**owned).order_by(Delivery.id))).all()
    waiting = [row for row in rows if row.status == PENDING]
    password = next((found for row in waiting if (found := opened(row.detail, secret_key))), "")
    if not password:
        for row in waiting:
            await mark_refused(session, row.id, why="Caducó antes de salir.")
    return SealedMail(
        password=password,
        recipients=tuple(row.recipient for row in waiting),
        already_sent=any(row.status == SENT for row in rows),
    )


async def _mark(session: AsyncSession, delivery_id: int, **values: object) -> None:
    waiting = update(Delivery).where(Delivery.id == delivery_id, Delivery.status != SENT)
    await session.execute(waiting.values(attempts=Delivery.attempts + 1, **values))


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
