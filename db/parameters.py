"""The house's dated figures as they stand in the database; what each means is in domain/parameters.py."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db import audit
from db.tables import Parameter
from domain.operations import Actor, FieldChange
from domain.parameters import value_at


async def value(session: AsyncSession, name: str, day: date) -> Decimal:
    """The figure in force on a Lima day, or its default. Raises Missing for a name that nobody defined."""
    newest = select(Parameter).where(Parameter.name == name, Parameter.valid_from <= day)
    rows = (await session.scalars(newest.order_by(Parameter.valid_from.desc()).limit(1))).all()
    return value_at(rows, name, day)


async def rows(session: AsyncSession) -> Sequence[Parameter]:
    """Every dated value, the newest of each name first."""
    return (await session.scalars(select(Parameter).order_by(Parameter.name, Parameter.valid_from.desc()))).all()


async def set_value(
    session: AsyncSession, name: str, figure: Decimal, *, valid_from: date, source: str, actor: Actor
) -> Parameter:
    """A figure from a Lima day on, with where it comes from; the same day again replaces it. Audited."""
    before = await value(session, name, valid_from)
    day = select(Parameter).where(Parameter.name == name, Parameter.valid_from == valid_from).with_for_update()
    row = await session.scalar(day)
    if row is None:
        row = Parameter(name=name, valid_from=valid_from)
        session.add(row)
    row.value, row.source, row.user_id = str(figure), source, actor.id or None
    change = FieldChange(field="value", before=str(before), after=f"{figure} desde {valid_from:%d/%m/%Y}")
    audit.record(
        session,
        actor=actor,
        action="parameters.set",
        entity="parameter",
        entity_id=name,
        changes=[change],
        reason=source,
    )
    await session.flush()
    return row
