"""The house's dated figures as they stand in the database; what each means is in domain/parameters.py."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Numeric, cast, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.tables import Parameter
from domain.parameters import definition, value_at


async def value(session: AsyncSession, name: str, day: date) -> Decimal:
    """The figure in force on a Lima day, or its default. Raises Missing for a name that nobody defined."""
    newest = select(Parameter).where(Parameter.name == name, Parameter.valid_from <= day)
    rows = (await session.scalars(newest.order_by(Parameter.valid_from.desc()).limit(1))).all()
    return value_at(rows, name, day)


def figure(name: str, day: ColumnElement[Any]) -> ColumnElement[Any]:
    """The same figure inside a statement that knows the Lima day. Raises Missing for a name that nobody defined."""
    stored = select(cast(Parameter.value, Numeric)).where(Parameter.name == name, Parameter.valid_from <= day)
    newest = stored.order_by(Parameter.valid_from.desc()).limit(1).scalar_subquery()
    return func.coalesce(newest, definition(name).default)
