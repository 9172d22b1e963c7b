"""The link of a mail: who follows it is led to the operation, and the mail is marked as opened.

The reference in the address is a keyed hash of the mail's own identity, so that nobody can make one up and it says
nothing of anybody.
"""

from __future__ import annotations

import hmac
from datetime import datetime
from hashlib import sha256

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db.deliveries import MAIL
from db.tables import Delivery

LENGTH = 24


def reference(subject_key: str, notice: str, key: str, *, secret_key: str) -> str:
    """What stands for this mail in an address."""
    told = f"enlace|{subject_key}|{notice}|{key}"
    return hmac.new(secret_key.encode(), told.encode(), sha256).hexdigest()[:LENGTH]


async def opened(session: AsyncSession, subject_key: str, given: str, *, secret_key: str, now: datetime) -> bool:
    """Mark the mail of this reference as opened, the first time; False when there is none."""
    mails = select(Delivery.notice, Delivery.key).where(Delivery.subject_key == subject_key, Delivery.channel == MAIL)
    for notice, key in (await session.execute(mails.distinct())).all():
        if hmac.compare_digest(reference(subject_key, notice, key, secret_key=secret_key), given):
            same = {"subject_key": subject_key, "notice": notice, "key": key, "channel": MAIL}
            await session.execute(
                update(Delivery).filter_by(**same).where(Delivery.opened_at.is_(None)).values(opened_at=now)
            )
            return True
    return False
