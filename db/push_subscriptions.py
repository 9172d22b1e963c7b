"""The phones and browsers that clients receive pushes on."""

from __future__ import annotations

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from db.tables import PushSubscription

EXPO = "expo"


async def subscribe(session: AsyncSession, client_id: int, *, kind: str, endpoint: str) -> None:
    """This device is now this client's, and nobody else's: a shared phone must not tell one of the other's money."""
    others = (PushSubscription.endpoint == endpoint, PushSubscription.client_id != client_id)
    await session.execute(delete(PushSubscription).where(*others))
    row = insert(PushSubscription).values(client_id=client_id, kind=kind, endpoint=endpoint)
    known = ("client_id", "endpoint")
    await session.execute(row.on_conflict_do_update(index_elements=known, set_={"failed_at": None}))
