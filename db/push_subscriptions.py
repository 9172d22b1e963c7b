"""The phones and browsers that clients receive pushes on."""

from __future__ import annotations

import hashlib

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from db.tables import ClientDevice, PushSubscription

EXPO = "expo"


async def subscribe(session: AsyncSession, client_id: int, *, kind: str, endpoint: str) -> None:
    """This device is now this client's, and nobody else's: a shared phone must not tell one of the other's money.

    That it was somebody else's before is remembered by its hash, for compliance.
    """
    others = (PushSubscription.endpoint == endpoint, PushSubscription.client_id != client_id)
    await session.execute(delete(PushSubscription).where(*others))
    row = insert(PushSubscription).values(client_id=client_id, kind=kind, endpoint=endpoint)
    known = ("client_id", "endpoint")
    await session.execute(row.on_conflict_do_update(index_elements=known, set_={"failed_at": None}))
    seen = insert(ClientDevice).values(client_id=client_id, device=hashlib.sha256(endpoint.encode()).hexdigest())
    await session.execute(seen.on_conflict_do_nothing())
