"""What people are told on screen: a row with its cause, a NOTIFY at its commit, and what a reconnected screen missed.

NOTIFY carries only the row's id: PostgreSQL limits a payload to 8,000 bytes, and the row is there to be read again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Insert, Select, Text, Update, any_, bindparam, cast, func, select
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, insert
from sqlalchemy.ext.asyncio import AsyncSession

from db.tables.notifications import Notification
from domain.notifications import Announcement

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
    told = await notify_each(
        session, [Announcement(event=event, room=room)], key=key, payload=payload, operation_code=operation_code
    )
    return told[0] if told else None


async def notify_each(
    session: AsyncSession,
    announcements: Sequence[Announcement],
    *,
    key: str,
    payload: dict[str, Any],
    operation_code: str | None = None,
) -> Sequence[int]:
    """Tell several rooms the same, in one statement; answers the ids of those that had not been told."""
    told = word(announcements, key=key, payload=payload, operation_code=operation_code)
    return (await session.scalars(_ANNOUNCING, told)).all()


def word(
    announcements: Sequence[Announcement], *, key: str, payload: dict[str, Any], operation_code: str | None = None
) -> dict[str, Any]:
    """What is told to whom, as a statement of `announcing` takes it."""
    return {
        "told_rooms": [told.room for told in announcements],
        "told_events": [told.event for told in announcements],
        "told_key": key,
        "told_payload": payload,
        "told_code": operation_code,
    }


def announcing(*cause: Insert | Update) -> Select[Any]:
    """A statement that tells several rooms the same, and writes with it what they are told of.

    A step of an operation tells three to six rooms: row by row that was a third of its statements.
    """
    texts = ARRAY(Text)
    pairs = func.unnest(bindparam("told_rooms", type_=texts), bindparam("told_events", type_=texts))
    wanted = pairs.table_valued("room", "event").render_derived()
    columns = {
        Notification.key: bindparam("told_key", type_=Text),
        Notification.room: wanted.c.room,
        Notification.event: wanted.c.event,
        Notification.payload: bindparam("told_payload", type_=JSONB),
        Notification.operation_code: bindparam("told_code", type_=Text),
    }
    rows = insert(Notification).from_select([*columns], select(*columns.values()).select_from(wanted))
    told = rows.on_conflict_do_nothing().returning(Notification.id).cte("told")
    announced = select(told.c.id, func.pg_notify(CHANNEL, cast(told.c.id, Text)))
    return announced.add_cte(*(row.cte(f"cause_{place}") for place, row in enumerate(cause)))


_ANNOUNCING = announcing()


async def by_ids(session: AsyncSession, ids: Iterable[int]) -> Sequence[Notification]:
    """The notifications that NOTIFYs named, oldest first."""
    return (await session.scalars(_BY_IDS, {"ids": list(ids)})).all()


_BY_IDS = (
    select(Notification)
    .where(Notification.id == any_(bindparam("ids", type_=ARRAY(BigInteger))))
    .order_by(Notification.id)
)


async def since(session: AsyncSession, instant: datetime) -> Sequence[Notification]:
    """All that was told from `instant` on, in every room: what a listener that lost its connection must catch up."""
    return (
        await session.scalars(select(Notification).where(Notification.at >= instant).order_by(Notification.id))
    ).all()


async def last_before(session: AsyncSession, instant: datetime) -> int:
    """The number of the last thing told before `instant`; 0 when there is none."""
    older = select(Notification.id).where(Notification.at < instant)
    # Walked from the newest: what is asked for is ever a moment ago.
    return await session.scalar(older.order_by(Notification.id.desc()).limit(1)) or 0


async def missed(session: AsyncSession, rooms: Iterable[str], last_id: int) -> Sequence[Notification]:
    """What these rooms were told after `last_id`: the newest MISSED_LIMIT, oldest first."""
    wanted = (Notification.room.in_(list(rooms)), Notification.id > last_id)
    newest = select(Notification).where(*wanted).order_by(Notification.id.desc()).limit(MISSED_LIMIT)
    return list(reversed((await session.scalars(newest)).all()))
