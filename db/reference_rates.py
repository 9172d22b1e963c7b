"""What the authorities published, kept by source and Lima day. Nothing is priced from it: it is to compare (F291)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from db.tables import ReferenceRate
from domain.rates import Reference

SHOWN = 60


async def keep(session: AsyncSession, found: Sequence[Reference], *, at: datetime) -> int:
    """Keep what is new; a day that is there already keeps its figures. How many were new."""
    new = 0
    for one in found:
        values = {"source": one.source, "day": one.day, "buy": one.buy, "sell": one.sell, "fetched_at": at}
        made = insert(ReferenceRate).values(values).on_conflict_do_nothing().returning(ReferenceRate.day)
        new += (await session.scalar(made)) is not None
    return new


async def latest(session: AsyncSession) -> Sequence[ReferenceRate]:
    """The last days of every source, newest first."""
    wanted = select(ReferenceRate).order_by(ReferenceRate.day.desc(), ReferenceRate.source).limit(SHOWN)
    return (await session.scalars(wanted)).all()
