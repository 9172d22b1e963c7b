"""What people are told on screen: a row with its cause, a NOTIFY at its commit, and what a reconnected screen missed.

NOTIFY carries only the row's id: PostgreSQL limits a payload to 8,000 bytes, and the row is there to be read again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from db.tables.notifications import Notification

CHANNEL = "notifications"
MISSED_LIMIT = 200


async def notify(
    session: AsyncSession,
    *,
    key: str,
    room: str,
    event: str,
    payload: dict[str, Any],
    operation_code: str | None = None,
) -> int | None:
    """Tell `room` once for (key, room, event); None when it had been told. It leaves when the transaction commits."""
    row = {"key": key, "room": room, "event": event, "payload": payload, "operation_code": operation_code}
    once = insert(Notification).values(row).on_conflict_do_nothing().returning(Notification.id)
    told: int | None = await session.scalar(once)
    if told is not None:
        await session.execute(select(func.pg_notify(CHANNEL, str(told))))
    return told


async def by_id(session: AsyncSession, notification_id: int) -> Notification | None:
    """The notification that a NOTIFY named."""
    return await session.get(Notification, notification_id)


async def since(session: AsyncSession, instant: datetime) -> Sequence[Notification]:
    """All that was told from `instant` on, in every room: what a listener that lost its connection must catch up."""
    return (
        await session.scalars(select(Notification).where(Notification.at >= instant).order_by(Notification.id))
    ).all()


async def missed(session: AsyncSession, rooms: Iterable[str], last_id: int) -> Sequence[Notification]:
    """What these rooms were told after `last_id`: the newest MISSED_LIMIT, oldest first."""
    wanted = (Notification.room.in_(list(rooms)), Notification.id > last_id)
    newest = select(Notification).where(*wanted).order_by(Notification.id.desc()).limit(MISSED_LIMIT)
    return list(reversed((await session.scalars(newest)).all()))
