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


def _whole(name: str, default: int, unit: str, source: str) -> Parameter:
    return Parameter(name=name, kind=ParameterKind.INTEGER, default=Decimal(default), unit=unit, source=source)


_SCORE = "Matriz de riesgo de la casa"
_LAW = "Res. SBS 789-2018, conservación"
# Points add, credits subtract (never below zero); levels are reached from their figure on.
RISK_PARAMETERS = (
    _whole("risk_points_average_top", 25, "puntos", f"{_SCORE}: promedio por operación sobre el tercer tramo"),
    _whole("risk_points_average_high", 20, "puntos", f"{_SCORE}: promedio sobre el segundo tramo"),
    _whole("risk_points_average_middle", 10, "puntos", f"{_SCORE}: promedio sobre el primer tramo"),
    _whole("risk_points_average_low", 5, "puntos", f"{_SCORE}: promedio hasta el primer tramo"),
    _whole("risk_average_top_usd", 100_000, "USD", f"{_SCORE}: tercer tramo del promedio"),
    _whole("risk_average_high_usd", 50_000, "USD", f"{_SCORE}: segundo tramo del promedio"),
    _whole("risk_average_middle_usd", 10_000, "USD", f"{_SCORE}: primer tramo del promedio"),
    _whole("risk_points_frequency_high", 20, "puntos", f"{_SCORE}: frecuencia alta en 30 días"),
    _whole("risk_points_frequency_middle", 10, "puntos", f"{_SCORE}: frecuencia media en 30 días"),
    _whole("risk_frequency_high", 30, "operaciones", f"{_SCORE}: más que esto en 30 días es frecuencia alta"),
    _whole("risk_frequency_middle", 10, "operaciones", f"{_SCORE}: más que esto en 30 días es frecuencia media"),
    _whole("risk_points_pep", 30, "puntos", f"{_SCORE}: persona expuesta políticamente"),
    _whole("risk_points_list_hit", 25, "puntos", f"{_SCORE}: coincidencia abierta en listas"),
    _whole("risk_points_list_unchecked", 15, "puntos", f"{_SCORE}: sin revisar en listas"),
    _whole("risk_credit_list_clean", 5, "puntos", f"{_SCORE}: limpio en todas las listas"),
    _whole("risk_points_legal_issues", 15, "puntos", f"{_SCORE}: procesos legales conocidos"),
    _whole("risk_credit_kyc_approved", 10, "puntos", f"{_SCORE}: documentos aprobados"),
    _whole("risk_level_middle", 26, "puntos", f"{_SCORE}: desde aquí es Medio"),
    _whole("risk_level_high", 51, "puntos", f"{_SCORE}: desde aquí es Alto"),
    _whole("risk_level_critical", 76, "puntos", f"{_SCORE}: desde aquí es Crítico"),
    _whole("pep_lookback_years", 2, "años", "Res. SBS 02868-2025: cargo público en los últimos años"),
)
ONBOARDING_PARAMETERS = (
    _whole("auto_activation", 0, "0 o 1", "Política de la casa: activar sin revisión a quien es de riesgo Bajo"),
    _whole("documents_reminder_days", 3, "días", "Política de la casa: recordar los documentos que faltan"),
    _whole("documents_reminders", 3, "veces", "Política de la casa: cuántos recordatorios de documentos"),
    _whole("retention_years", 10, "años", f"{_LAW} de documentos y operaciones desde el cierre"),
    _whole("email_code_minutes", 10, "minutos", "Política de la casa: vigencia del código de correo"),
    _whole("email_codes_per_hour", 5, "códigos", "Política de la casa: códigos por correo y hora"),
    _whole("email_code_attempts", 5, "intentos", "Política de la casa: intentos por código"),
    _whole("complaint_business_days", 15, "días hábiles", "Ley 29571 y DS 101-2022-PCM: plazo de respuesta"),
    _whole("complaint_reminder_days", 3, "días hábiles", "Política de la casa: aviso antes de vencer el reclamo"),
)
COMPLIANCE_PARAMETERS = (
    Parameter(
        name="register_single_usd",
        kind=ParameterKind.DECIMAL,
        default=Decimal("5000.00"),
        unit="USD",
        source="Res. SBS 6426-2015 y 789-2018: operación única que va al Registro de Operaciones",
    ),
    Parameter(
        name="register_accumulated_usd",
        kind=ParameterKind.DECIMAL,
        default=Decimal("50000.00"),
        unit="USD",
        source="Res. SBS 789-2018: acumulado por cliente en el mes calendario que va al Registro de Operaciones",
    ),
    _whole("ros_alarm_hours", 4, "horas", "Política de la casa: aviso antes de vencer las 24 horas del ROS"),
    _whole("snooze_max_days", 180, "días", "Política de la casa: lo más que se silencia una regla para un cliente"),
)

TREASURY_PARAMETERS = (
    _whole("rate_spread_pips", 20, "pips", "Política de la casa: lo que el precio publicado se aparta del precio base"),
    _whole("max_preferential_pips", 100, "pips", "Política de la casa: mejora máxima de un tipo de cambio preferente"),
    _whole("four_eyes_pen", 10_000, "PEN", "Política de la casa: desde este valor, un movimiento pide segunda persona"),
    _whole("position_warning_usd", 5_000, "USD", "Política de la casa: posición abierta que se avisa"),
    _whole("position_critical_usd", 20_000, "USD", "Política de la casa: posición abierta crítica"),
    Parameter(
        name="itf_percent",
        kind=ParameterKind.DECIMAL,
        default=Decimal("0.005"),
        unit="%",
        source="Ley 28194 y Ley 29667: impuesto a las transacciones financieras",
    ),
)

_HOURS = "Horario de la casa"
# Hours of Lima's day: 9.5 is 9:30. A day that closes when it opens, or before, is not attended.
HOURS_PARAMETERS = tuple(
    Parameter(
        name=name,
        kind=ParameterKind.DECIMAL,
        default=Decimal(hour),
        unit="hora (9.5 es 9:30)",
        source=f"{_HOURS}: {what}",
    )
    for name, hour, what in (
        ("weekday_opens", 9, "apertura de lunes a viernes"),
        ("weekday_closes", 18, "cierre de lunes a viernes"),
        ("saturday_opens", 9, "apertura del sábado"),
        ("saturday_closes", 13, "cierre del sábado"),
    )
)

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
    *RISK_PARAMETERS,
    *ONBOARDING_PARAMETERS,
    *TREASURY_PARAMETERS,
    *HOURS_PARAMETERS,
    *COMPLIANCE_PARAMETERS,
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
