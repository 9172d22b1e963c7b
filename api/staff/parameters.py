"""The house's dated figures: read by who manages them, set from a day on with where each comes from."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import Field

from api.auth import SignedUser, requires
from api.services import ServicesDep
from api.staff.shapes import Answer, Body, example
from db import parameters
from domain.calendar import business_day
from domain.errors import Invalid
from domain.parameters import PARAMETERS, check_value, definition, value_at
from domain.permissions import Permission

router = APIRouter(prefix="/parameters", tags=["Parámetros"])
Manager = Annotated[SignedUser, requires(Permission.PARAMETERS_MANAGE)]
FARTHEST = timedelta(days=366)


class ParameterBody(Body):
    """The figure, from which Lima day on (today when absent), and which rule or decision it comes from."""

    model_config = example(value="1500.00", valid_from="2026-12-01", source="Acta de gerencia 12")
    value: str = Field(min_length=1, max_length=30)
    valid_from: date | None = None
    source: str = Field(min_length=5, max_length=300)


class DatedValue(Answer):
    """One value and since when."""

    value: str
    valid_from: date
    source: str


class ParameterView(Answer):
    """A figure: what holds today, its default and every dated value, newest first."""

    name: str
    unit: str
    source: str
    default: Decimal
    current: Decimal
    history: list[DatedValue]


@router.get("")
async def read_parameters(_user: Manager, services: ServicesDep) -> list[ParameterView]:
    """Every figure of the house."""
    today = business_day(datetime.now(UTC))
    async with services.sessions() as session:
        rows = await parameters.rows(session)
    return [
        ParameterView(
            name=one.name,
            unit=one.unit,
            source=one.source,
            default=one.default,
            current=value_at(rows, one.name, today),
            history=[DatedValue.model_validate(row) for row in rows if row.name == one.name],
        )
        for one in PARAMETERS
    ]


@router.post("/{name}")
async def set_parameter(
    name: Annotated[str, Path(max_length=60)], body: ParameterBody, user: Manager, services: ServicesDep
) -> DatedValue:
    """Set a figure from today or a later day on: the past stays as it was."""
    definition(name)
    figure = check_value(name, body.value)
    today = business_day(datetime.now(UTC))
    since = body.valid_from or today
    if not today <= since <= today + FARTHEST:
        raise Invalid("DAY_OUT_OF_RANGE", "Elige hoy o un día del próximo año.", field="valid_from")
    async with services.sessions.begin() as session:
        row = await parameters.set_value(session, name, figure, valid_from=since, source=body.source, actor=user.actor)
        return DatedValue.model_validate(row)
