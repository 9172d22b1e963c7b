"""The phones and browsers that clients receive pushes on.

A subscription ends with the session that asked for it: whoever signs out, closes a session from elsewhere or changes
the password leaves no lock screen that goes on telling of the account (db/sessions.py). A session that only lapsed for
want of use leaves it: to be told with nothing open is what pushes are for.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from db.tables import ClientDevice, PushSubscription
from domain.push_subscriptions import MAX_DEVICES

EXPO, WEB = "expo", "web"


async def subscribe(
    session: AsyncSession,
    client_id: int,
    *,
    session_id: int | None,
    kind: str,
    endpoint: str,
    keys: Mapping[str, str] | None = None,
) -> None:
    """This device is now this client's, and nobody else's: a shared phone must not tell one of the other's money.

    That it was somebody else's before is remembered by its hash, for compliance. Beyond MAX_DEVICES the oldest are
    forgotten.
    """
    others = (PushSubscription.endpoint == endpoint, PushSubscription.client_id != client_id)
    await session.execute(delete(PushSubscription).where(*others))
    given = dict(keys or {})
    row = insert(PushSubscription).values(
        client_id=client_id, session_id=session_id, kind=kind, endpoint=endpoint, keys=given
    )
    again = {"failed_at": None, "keys": given, "session_id": session_id}
    await session.execute(row.on_conflict_do_update(index_elements=("client_id", "endpoint"), set_=again))
    seen = insert(ClientDevice).values(client_id=client_id, device=hashlib.sha256(endpoint.encode()).hexdigest())
    await session.execute(seen.on_conflict_do_nothing())
    mine = select(PushSubscription.id).where(PushSubscription.client_id == client_id)
    beyond = mine.order_by(PushSubscription.id.desc()).offset(MAX_DEVICES)
    await session.execute(delete(PushSubscription).where(PushSubscription.id.in_(beyond)))


async def resume(session: AsyncSession, client_id: int, *, session_id: int, endpoint: str) -> bool:
    """A device that was subscribed in an earlier session ends with this one from now on.

    False when it is not this client's: the browser was signed out elsewhere meanwhile, or another client came in on it.
    Then whoever it was hears no more there.
    """
    mine = (PushSubscription.client_id == client_id, PushSubscription.endpoint == endpoint)
    kept = update(PushSubscription).where(*mine, PushSubscription.failed_at.is_(None)).values(session_id=session_id)
    if await session.scalar(kept.returning(PushSubscription.id)) is not None:
        return True
    await session.execute(delete(PushSubscription).where(PushSubscription.endpoint == endpoint))
    return False


async def unsubscribe(session: AsyncSession, client_id: int, *, endpoint: str) -> None:
    """Forget this device of this client."""
    mine = (PushSubscription.client_id == client_id, PushSubscription.endpoint == endpoint)
    await session.execute(delete(PushSubscription).where(*mine))
