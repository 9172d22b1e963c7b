"""Which notes of an operation each person of the house has read."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from db.tables import NoteReading, User


async def mark_read(session: AsyncSession, code: str, user_id: int, last_note_id: int) -> None:
    """This person has read up to this note; an earlier one changes nothing."""
    row = insert(NoteReading).values(operation_code=code, user_id=user_id, last_note_id=last_note_id)
    later = NoteReading.last_note_id < last_note_id
    await session.execute(
        row.on_conflict_do_update(
            index_elements=[NoteReading.operation_code, NoteReading.user_id],
            set_={"last_note_id": last_note_id, "at": func.now()},
            where=later,
        )
    )


async def readings(session: AsyncSession, code: str) -> Sequence[tuple[int, str, int]]:
    """Who has read, up to which note: (user id, name, note id)."""
    query = (
        select(User.id, User.full_name, NoteReading.last_note_id)
        .join(User, User.id == NoteReading.user_id)
        .where(NoteReading.operation_code == code)
        .order_by(User.full_name)
    )
    return [(one, name, last) for one, name, last in await session.execute(query)]
