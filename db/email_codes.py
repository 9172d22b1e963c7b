"""Codes that prove an address: sent by mail, kept as a keyed hash, short-lived, few attempts, few an hour."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db import deliveries, parameters
from db.tables import EmailCode
from domain.calendar import business_day
from domain.clients import split_emails
from domain.errors import Conflict

# The contract's form takes 6 capital letters and digits; without those that people mistake for one another.
LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
LENGTH = 6
HOUR = timedelta(hours=1)
# A verified address must register within this time to count as verified.
STAYS_VERIFIED = timedelta(hours=24)


async def issue(session: AsyncSession, email: str, *, secret_key: str, now: datetime) -> EmailCode:
    """A new code for an address, sealed in its row until it is mailed. Older ones of the address die.

    Raises Conflict when the address has had its codes of this hour.
    """
    address, day = email.casefold(), business_day(now)
    # Two requests of one address wait for each other, else both would count the same codes.
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"email:{address}", 0))))
    recent = select(func.count()).where(EmailCode.email == address, EmailCode.sent_at > now - HOUR)
    if (await session.scalar(recent) or 0) >= await parameters.value(session, "email_codes_per_hour", day):
        raise Conflict("CODES_LIMIT", "Ya te enviamos varios códigos. Espera una hora para pedir otro.", field="email")
    await session.execute(
        update(EmailCode).where(EmailCode.email == address, EmailCode.expires_at > now).values(expires_at=now)
    )
    drawn = "".join(secrets.choice(LETTERS) for _ in range(LENGTH))
    minutes = int(await parameters.value(session, "email_code_minutes", day))
    row = EmailCode(
        email=address,
        code_hash=_hash(address, drawn, secret_key),
        sealed=deliveries.seal(drawn, secret_key),
        sent_at=now,
        expires_at=now + timedelta(minutes=minutes),
    )
    session.add(row)
    await session.flush()
    return row


async def verify(session: AsyncSession, email: str, given: str, *, secret_key: str, now: datetime) -> bool:
    """Whether this is the address's present code. Each try counts, so the caller commits whatever the answer."""
    address = email.casefold()
    newest = select(EmailCode).where(EmailCode.email == address).order_by(EmailCode.id.desc()).limit(1)
    row = await session.scalar(newest.with_for_update())
    attempts = int(await parameters.value(session, "email_code_attempts", business_day(now)))
    if row is None or row.expires_at <= now or row.attempts >= attempts:
        return False
    row.attempts += 1
    if not hmac.compare_digest(row.code_hash, _hash(address, given.strip().upper(), secret_key)):
        return False
    row.verified_at = row.verified_at or now
    return True


async def verified_at(session: AsyncSession, emails: str, *, now: datetime) -> datetime | None:
    """When the first of a client's addresses proved itself, if it did lately."""
    good, _ = split_emails(emails)
    if not good:
        return None
    proven = select(func.max(EmailCode.verified_at)).where(
        EmailCode.email == good[0].casefold(), EmailCode.verified_at > now - STAYS_VERIFIED
    )
    return await session.scalar(proven)


async def sealed_code(session: AsyncSession, code_id: int, *, secret_key: str, now: datetime) -> tuple[str, str]:
    """Address and code of a mail that still is of use; an empty code when it is too late."""
    row = await session.get_one(EmailCode, code_id)
    return row.email, deliveries.opened(row.sealed, secret_key) if now < row.expires_at else ""


async def forget_sealed(session: AsyncSession, code_id: int) -> None:
    """It has left: only the hash stays."""
    await session.execute(update(EmailCode).where(EmailCode.id == code_id).values(sealed=""))


def _hash(address: str, code: str, secret_key: str) -> str:
    """Keyed by the house and bound to the address: a copy of the table guesses nothing."""
    return hmac.new(secret_key.encode(), f"correo:{address}:{code}".encode(), hashlib.sha256).hexdigest()
