"""The house's dated figures as they stand in the database; what each means is in domain/parameters.py."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, Numeric, Text, any_, bindparam, cast, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from db import audit
from db.tables import Parameter
from domain.operations import Actor, FieldChange
from domain.parameters import definition, value_at


async def value(session: AsyncSession, name: str, day: date) -> Decimal:
    """The figure in force on a Lima day, or its default. Raises Missing for a name that nobody defined."""
    return (await values(session, (name,), day))[name]


async def rows(session: AsyncSession) -> Sequence[Parameter]:
    """Every value that the house ever set, newest day first."""
    return (await session.scalars(select(Parameter).order_by(Parameter.name, Parameter.valid_from.desc()))).all()


async def set_value(
    session: AsyncSession, *, name: str, figure: Decimal, valid_from: date, source: str, actor: Actor
) -> None:
    """Give a figure from a Lima day on; a value already set for that very day is replaced. The caller has checked it.

    What came before stays in the audit, so that a decision of then can still be explained.
    """
    before = await value(session, name, valid_from)
    given = {"value": f"{figure:f}", "source": source, "user_id": actor.id or None}
    statement = insert(Parameter).values(name=name, valid_from=valid_from, **given)
    await session.execute(
        statement.on_conflict_do_update(index_elements=[Parameter.name, Parameter.valid_from], set_=given)
    )
    changes = [
        FieldChange(field="value", before=f"{before:f}", after=f"{figure:f}"),
        FieldChange(field="valid_from", before="", after=valid_from.isoformat()),
    ]
    audit.record(
        session,
        actor=actor,
        action="parameters.set",
        entity="parameter",
        entity_id=name,
        changes=changes,
        reason=source,
    )


# Asked several times an operation: composing a statement anew costs as much as carrying it out.
_STORED = select(Parameter).where(
    Parameter.name == any_(bindparam("names", type_=ARRAY(Text))), Parameter.valid_from <= bindparam("day")
)


async def values(session: AsyncSession, names: Sequence[str], day: date) -> dict[str, Decimal]:
    """Several figures in force on a Lima day, in one read. Raises Missing for a name that nobody defined."""
    known = (await session.scalars(_STORED, {"names": [*names], "day": day})).all()
    return {name: value_at(known, name, day) for name in names}


def figure(name: str, day: ColumnElement[Any]) -> ColumnElement[Any]:
    """The same figure inside a statement that knows the Lima day. Raises Missing for a name that nobody defined."""
    stored = select(cast(Parameter.value, Numeric)).where(Parameter.name == name, Parameter.valid_from <= day)
    newest = stored.order_by(Parameter.valid_from.desc()).limit(1).scalar_subquery()
    return func.coalesce(newest, definition(name).default)
