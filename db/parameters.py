"""The house's dated figures as they stand in the database; what each means is in domain/parameters.py."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db.tables import Parameter
from domain.parameters import value_at


async def value(session: AsyncSession, name: str, day: date) -> Decimal:
    """The figure in force on a Lima day, or its default. Raises Missing for a name that nobody defined."""
    newest = select(Parameter).where(Parameter.name == name, Parameter.valid_from <= day)
    rows = (await session.scalars(newest.order_by(Parameter.valid_from.desc()).limit(1))).all()
    return value_at(rows, name, day)


async def values(session: AsyncSession, names: Sequence[str], day: date) -> dict[str, Decimal]:
    """Several figures in force on a Lima day, in one read. Raises Missing for a name that nobody defined."""
    stored = select(Parameter).where(Parameter.name.in_(names), Parameter.valid_from <= day)
    rows = (await session.scalars(stored)).all()
    return {name: value_at(rows, name, day) for name in names}
