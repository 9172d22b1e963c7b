"""Figures that the house may change without a deploy: each with its unit, its default and where it comes from.

Values are dated rows that Master edits; a value holds from its day until a later row replaces it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Protocol

from domain.errors import Invalid, Missing


class ParameterKind(StrEnum):
    """How a value is read: a whole number, or a decimal."""

    INTEGER = "integer"
    DECIMAL = "decimal"


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """One figure: `unit` is shown beside it, `source` says which rule or decision it comes from."""

    name: str
    kind: ParameterKind
    default: Decimal
    unit: str
    source: str


class Row(Protocol):
    """A stored value, in force from the Lima day `valid_from` on."""

    @property
    def name(self) -> str:
        """Name of the parameter."""

    @property
    def valid_from(self) -> date:
        """First day on which it holds."""

    @property
    def value(self) -> str:
        """The figure, as decimal text."""


PARAMETERS: tuple[Parameter, ...] = (
    Parameter(
        name="limit_without_documents_usd",
        kind=ParameterKind.DECIMAL,
        default=Decimal("1000.00"),
        unit="USD",
        source="Política de la casa: tope acumulado sin documentos completos",
    ),
    Parameter(
        name="stale_after_hours",
        kind=ParameterKind.INTEGER,
        default=Decimal(4),
        unit="horas",
        source="Política de la casa: operación de sistema sin avance",
    ),
    Parameter(
        name="operator_alert_minutes",
        kind=ParameterKind.INTEGER,
        default=Decimal(10),
        unit="minutos",
        source="Política de la casa: aviso al operador, y cada vez que se repite",
    ),
    Parameter(
        name="referral_pips",
        kind=ParameterKind.INTEGER,
        default=Decimal(30),
        unit="pips",
        source="Programa de referidos: beneficio por operación completada del referido",
    ),
    Parameter(
        name="reward_code_pips",
        kind=ParameterKind.INTEGER,
        default=Decimal(30),
        unit="pips",
        source="Programa de referidos: costo de un código de premio",
    ),
    Parameter(
        name="reward_code_benefit_pips",
        kind=ParameterKind.INTEGER,
        default=Decimal(30),
        unit="pips",
        source="Programa de referidos: mejora del tipo de cambio que da un código de premio",
    ),
    Parameter(
        name="max_rate_jump_percent",
        kind=ParameterKind.DECIMAL,
        default=Decimal("2.00"),
        unit="%",
        source="Política de la casa: cambio máximo entre dos tipos de cambio publicados sin confirmación",
    ),
)

_BY_NAME = {parameter.name: parameter for parameter in PARAMETERS}


def definition(name: str) -> Parameter:
    """What is known of a parameter. Raises Missing for a name that is not in PARAMETERS."""
    if name not in _BY_NAME:
        raise Missing("PARAMETER_UNKNOWN", "No existe ese parámetro.", field="name")
    return _BY_NAME[name]


def check_value(name: str, text: str) -> Decimal:
    """A value that Master sets: zero or more, and whole where the parameter is. Raises Invalid or Missing."""
    whole = definition(name).kind is ParameterKind.INTEGER
    try:
        value = Decimal(text.strip())
    except InvalidOperation as error:
        raise Invalid("NOT_A_NUMBER", "Escribe un número, por ejemplo 1500.50.", field="value") from error
    if not value.is_finite() or value < 0:
        raise Invalid("PARAMETER_NEGATIVE", "El valor no puede ser negativo.", field="value")
    if whole and value != value.to_integral_value():
        raise Invalid("PARAMETER_NOT_WHOLE", "Este valor va sin decimales.", field="value")
    return value


def value_at(rows: Iterable[Row], name: str, day: date) -> Decimal:
    """The figure in force on a Lima day: the newest row up to that day, else the default. Raises Missing."""
    default = definition(name).default
    in_force = [row for row in rows if row.name == name and row.valid_from <= day]
    if not in_force:
        return default
    return Decimal(max(in_force, key=lambda row: row.valid_from).value)
