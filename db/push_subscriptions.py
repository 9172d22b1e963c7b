"""The phones and browsers that clients receive pushes on."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from db.tables import ClientDevice, PushSubscription
from domain.push_subscriptions import MAX_DEVICES

EXPO, WEB = "expo", "web"


async def subscribe(
    session: AsyncSession, client_id: int, *, kind: str, endpoint: str, keys: Mapping[str, str] | None = None
) -> None:
    """This device is now this client's, and nobody else's: a shared phone must not tell one of the other's money.

    That it was somebody else's before is remembered by its hash, for compliance. Beyond MAX_DEVICES the oldest are
    forgotten.
    """
    others = (PushSubscription.endpoint == endpoint, PushSubscription.client_id != client_id)
    await session.execute(delete(PushSubscription).where(*others))
    given = dict(keys or {})
    row = insert(PushSubscription).values(client_id=client_id, kind=kind, endpoint=endpoint, keys=given)
    again = {"failed_at": None, "keys": given}
    await session.execute(row.on_conflict_do_update(index_elements=("client_id", "endpoint"), set_=again))
    seen = insert(ClientDevice).values(client_id=client_id, device=hashlib.sha256(endpoint.encode()).hexdigest())
    await session.execute(seen.on_conflict_do_nothing())
    mine = select(PushSubscription.id).where(PushSubscription.client_id == client_id)
    beyond = mine.order_by(PushSubscription.id.desc()).offset(MAX_DEVICES)
    await session.execute(delete(PushSubscription).where(PushSubscription.id.in_(beyond)))


async def unsubscribe(session: AsyncSession, client_id: int, *, endpoint: str) -> None:
    """Forget this device of this client."""
    mine = (PushSubscription.client_id == client_id, PushSubscription.endpoint == endpoint)
    await session.execute(delete(PushSubscription).where(*mine))
