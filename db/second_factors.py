"""What proves a person of the house beyond the password: the telephone's codes, spare codes and passkeys.

The secret of an authenticator app is sealed with a key derived from SECRET_KEY: a copy of the database makes no codes.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hmac import compare_digest

import pyotp
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db import audit, passkeys
from db.tables import Passkey, RecoveryCode, UserTotp
from domain.errors import Conflict, Invalid
from domain.operations import Actor

STEP = 30
# Telephones' clocks go wrong by less than half a minute.
DRIFT = (-1, 0, 1)
SPARE_CODES = 10
# Without letters and digits that people confuse.
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


@dataclass(frozen=True, kw_only=True)
class Factors:
    """What a person has set up."""

    totp: bool
    spare_codes: int
    passkeys: Sequence[Passkey]


async def factors(session: AsyncSession, user_id: int) -> Factors:
    """What this person has set up and may use."""
    row = await session.get(UserTotp, user_id)
    left = select(func.count()).where(RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None))
    return Factors(
        totp=row is not None and row.confirmed_at is not None,
        spare_codes=await session.scalar(left) or 0,
        passkeys=await passkeys.owned(session, Passkey, user_id),
    )


async def asks_for_code(session: AsyncSession, user_id: int) -> bool:
    """Whether the password alone does not open."""
    return bool(
        await session.scalar(
            select(UserTotp.user_id).where(UserTotp.user_id == user_id, UserTotp.confirmed_at.is_not(None))
        )
    )


async def begin_totp(session: AsyncSession, user_id: int, *, secret_key: str) -> str:
    """A new secret, which asks for nothing until it is confirmed. Raises Conflict when one is in use."""
    row = await session.get(UserTotp, user_id, with_for_update=True)
    if row is not None and row.confirmed_at is not None:
        raise Conflict("TOTP_IN_USE", "Ya usas un código del celular. Quítalo antes de poner otro.")
    secret = pyotp.random_base32()
    sealed = _cipher(secret_key).encrypt(secret.encode()).decode()
    if row is None:
        session.add(UserTotp(user_id=user_id, sealed_secret=sealed))
    else:
        row.sealed_secret = sealed
    return secret


async def confirm_totp(
    session: AsyncSession, actor: Actor, code: str, *, now: datetime, secret_key: str
) -> Sequence[str]:
    """From now on it asks for codes; answers the spare codes, which are shown this once. Raises Invalid."""
    row = await session.get(UserTotp, actor.id, with_for_update=True)
    if row is None or row.confirmed_at is not None:
        raise Conflict("TOTP_NOT_BEGUN", "Empieza de nuevo: escanea el código QR.")
    if not _opens(row, code, now, secret_key):
        raise Invalid(
            "OTP_WRONG", "El código no coincide. Revisa la hora del celular y escribe el que sigue.", field="otp"
        )
    row.confirmed_at = now
    audit.record(session, actor=actor, action="users.add_totp", entity="user", entity_id=actor.id)
    return await new_spare_codes(session, actor)


async def new_spare_codes(session: AsyncSession, actor: Actor) -> Sequence[str]:
    """Ten spare codes in the place of those of before."""
    await session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == actor.id))
    codes = [_spare_code() for _ in range(SPARE_CODES)]
    session.add_all(RecoveryCode(user_id=actor.id, code_hash=_hash(code)) for code in codes)
    audit.record(session, actor=actor, action="users.new_spare_codes", entity="user", entity_id=actor.id)
    return codes


async def takes(session: AsyncSession, user_id: int, code: str, *, now: datetime, secret_key: str) -> bool:
    """Whether a code of the telephone, or a spare one, opens now. Either opens once."""
    row = await session.get(UserTotp, user_id, with_for_update=True)
    if row is not None and row.confirmed_at is not None and _opens(row, code, now, secret_key):
        return True
    spare = (RecoveryCode.user_id == user_id, RecoveryCode.code_hash == _hash(code), RecoveryCode.used_at.is_(None))
    used = update(RecoveryCode).where(*spare).values(used_at=now).returning(RecoveryCode.id)
    return await session.scalar(used) is not None


async def remove_totp(session: AsyncSession, user_id: int, *, actor: Actor) -> None:
    """The password alone opens again; the spare codes go with it."""
    await session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    removed = await session.execute(delete(UserTotp).where(UserTotp.user_id == user_id).returning(UserTotp.user_id))
    if removed.first() is not None:
        audit.record(session, actor=actor, action="users.remove_totp", entity="user", entity_id=user_id)


async def remove_everything(session: AsyncSession, user_id: int, *, actor: Actor) -> None:
    """For who lost telephone and keys: a Master takes all away, and the person begins again with its password."""
    await remove_totp(session, user_id, actor=actor)
    await session.execute(delete(Passkey).where(Passkey.owner_id == user_id))
    audit.record(session, actor=actor, action="users.reset_factors", entity="user", entity_id=user_id)


def _opens(row: UserTotp, code: str, now: datetime, secret_key: str) -> bool:
    """The half minute of the code must be later than that of the last one taken."""
    secret = _cipher(secret_key).decrypt(row.sealed_secret.encode()).decode()
    made = pyotp.TOTP(secret)
    given = "".join(code.split())
    for step in (int(now.timestamp()) // STEP + drift for drift in DRIFT):
        if step > row.last_step and compare_digest(made.generate_otp(step).encode(), given.encode()):
            row.last_step = step
            return True
    return False


def _spare_code() -> str:
    letters = "".join(secrets.choice(ALPHABET) for _ in range(10))
    return f"{letters[:5]}-{letters[5:]}"


def _hash(code: str) -> str:
    plain = "".join(code.split()).lower().replace("-", "")
    return hashlib.sha256(plain.encode()).hexdigest()


def _cipher(secret_key: str) -> Fernet:
    """A key of its own for this one purpose."""
    made = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"qoricash totp").derive(secret_key.encode())
    return Fernet(base64.urlsafe_b64encode(made))
