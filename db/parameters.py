"""The house's dated figures as they stand in the database; what each means is in domain/parameters.py."""

from __future__ import annotations

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
