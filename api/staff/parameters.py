"""The house's dated figures: what is in force, what was and what will be, with where each comes from."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from api.auth import SignedUser, requires
from api.services import ServicesDep
from api.staff.shapes import Answer, Body, example
from db import parameters
from db.tables import Parameter as ParameterRow
from domain.calendar import business_day
from domain.errors import Invalid
from domain.parameters import PARAMETERS, Parameter, ParameterKind, check_value, definition, value_at
from domain.permissions import Permission

router = APIRouter(prefix="/api/staff/parameters", tags=["Parámetros"])

Manager = Annotated[SignedUser, requires(Permission.PARAMETERS_MANAGE)]


class ParameterBody(Body):
    """A figure, the Lima day from which it holds (today or later), and the decision or norm that it comes from."""

    model_config = example(value="1000.00", valid_from="2026-12-01", source="Acta de gerencia 14-2026")
    value: str = Field(min_length=1, max_length=30)
    valid_from: date
    source: str = Field(min_length=3, max_length=300)


class ValueView(Answer):
    """A figure that was set, from which day on, and why."""

    value: str
    valid_from: date
    source: str


class ParameterView(Answer):
    """A figure: in force today (`value`), as it is when nobody sets it (`default`), and all that was set."""

    name: str
    kind: ParameterKind
    unit: str
    value: str
    default: str
    source: str
    history: list[ValueView]


class ParameterList(Answer):
    """Every figure of the house."""

    items: list[ParameterView]


@router.get("")
async def list_parameters(_user: Manager, services: ServicesDep) -> ParameterList:
    """Every figure with its history, newest day first."""
    async with services.sessions() as session:
        rows = await parameters.rows(session)
    return ParameterList(items=[_view(parameter, rows) for parameter in PARAMETERS])


@router.post("/{name}")
async def set_parameter(name: str, body: ParameterBody, user: Manager, services: ServicesDep) -> ParameterView:
    """Give a figure from a day on. What was decided before that day keeps the figure of then."""
    figure = check_value(name, body.value)
    if body.valid_from < business_day(datetime.now(UTC)):
        raise Invalid("PARAMETER_PAST", "La fecha debe ser hoy o posterior.", field="valid_from")
    async with services.sessions.begin() as session:
        await parameters.set_value(
            session, name=name, figure=figure, valid_from=body.valid_from, source=body.source, actor=user.actor
        )
        rows = await parameters.rows(session)
    return _view(definition(name), rows)


def _view(parameter: Parameter, rows: Sequence[ParameterRow]) -> ParameterView:
    own = [row for row in rows if row.name == parameter.name]
    return ParameterView(
        name=parameter.name,
        kind=parameter.kind,
        unit=parameter.unit,
        value=f"{value_at(own, parameter.name, business_day(datetime.now(UTC))):f}",
        default=f"{parameter.default:f}",
        source=own[0].source if own else parameter.source,
        history=[ValueView.model_validate(row) for row in own],
    )
