"""How risky a client is: 0 to 100, by factors whose points are dated parameters of the house.

Source: the house's risk matrix (business rules, 7.1); the regime of a politically exposed person is the reinforced one
whatever its score (Res. SBS 789-2018; Res. SBS 02868-2025 on who is one).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from domain.errors import Invalid

HIGHEST = 100


class RiskLevel(StrEnum):
    """The house's four levels."""

    BAJO = "Bajo"
    MEDIO = "Medio"
    ALTO = "Alto"
    CRITICO = "Crítico"


class Regime(StrEnum):
    """How much the house must know of the client."""

    SIMPLIFICADA = "Simplificada"
    BASICA = "Básica"
    REFORZADA = "Reforzada"


class ListStatus(StrEnum):
    """What the last screening said; nobody is clean before somebody has looked (F254)."""

    SIN_REVISAR = "sin_revisar"
    LIMPIO = "limpio"
    COINCIDENCIA = "coincidencia"


class PepKind(StrEnum):
    """Why a client counts as politically exposed."""

    DIRECTO = "Directo"
    FAMILIAR = "Familiar"
    ASOCIADO = "Asociado cercano"


@dataclass(frozen=True, kw_only=True)
class RiskInputs:
    """What is known of the client at this moment. `average_usd` is over completed operations, None without any."""

    average_usd: Decimal | None
    operations_in_30_days: int
    pep: bool
    lists: ListStatus
    legal_issues: bool
    kyc_approved: bool


@dataclass(frozen=True, kw_only=True)
class Factor:
    """One line of the explanation; a credit is negative."""

    name: str
    points: int


@dataclass(frozen=True, kw_only=True)
class RiskScore:
    """The outcome with everything that explains it."""

    score: int
    level: RiskLevel
    regime: Regime
    factors: tuple[Factor, ...]


Weights = Mapping[str, Decimal]


def assess(known: RiskInputs, weights: Weights) -> RiskScore:
    """The score in the matrix's order: credits never take the sum below zero, so where they stand matters."""
    total = 0
    factors = []
    for name, points in _factors(known, weights):
        before, total = total, max(total + points, 0)
        factors.append(Factor(name=name, points=total - before))
    score = min(total, HIGHEST)
    level = level_of(score, weights)
    return RiskScore(score=score, level=level, regime=_regime(level, pep=known.pep), factors=tuple(factors))


def level_of(score: int, weights: Weights) -> RiskLevel:
    """The level that a score reaches."""
    for name, level in (
        ("risk_level_critical", RiskLevel.CRITICO),
        ("risk_level_high", RiskLevel.ALTO),
        ("risk_level_middle", RiskLevel.MEDIO),
    ):
        if score >= weights[name]:
            return level
    return RiskLevel.BAJO


def is_exposed(kind: PepKind | None, *, until: date | None, today: date, lookback_years: int) -> bool:
    """Whether the client counts as exposed today: the charge goes on, or ended within the look-back.

    Source: Res. SBS 02868-2025 (two years; it was five before).
    """
    if kind is None:
        return False
    if until is None:
        return True
    return (until.year + lookback_years, until.month, until.day) >= (today.year, today.month, today.day)


def check_pep(kind: PepKind | None, *, position: str, entity: str) -> None:
    """Raises Invalid when a declared exposure does not say which charge, and where."""
    if kind is None:
        return
    if not position.strip():
        raise Invalid("PEP_POSITION", "Escribe el cargo público.", field="position")
    if not entity.strip():
        raise Invalid("PEP_ENTITY", "Escribe la entidad donde se ejerce el cargo.", field="entity")


def _factors(known: RiskInputs, weights: Weights) -> tuple[tuple[str, int], ...]:
    lists = {
        ListStatus.COINCIDENCIA: int(weights["risk_points_list_hit"]),
        ListStatus.SIN_REVISAR: int(weights["risk_points_list_unchecked"]),
        ListStatus.LIMPIO: -int(weights["risk_credit_list_clean"]),
    }
    return (
        ("promedio", _average_points(known.average_usd, weights)),
        ("frecuencia", _frequency_points(known.operations_in_30_days, weights)),
        ("pep", int(weights["risk_points_pep"]) if known.pep else 0),
        ("listas", lists[known.lists]),
        ("procesos", int(weights["risk_points_legal_issues"]) if known.legal_issues else 0),
        ("documentos", -int(weights["risk_credit_kyc_approved"]) if known.kyc_approved else 0),
    )


def _average_points(average: Decimal | None, weights: Weights) -> int:
    if average is None:
        return 0
    for step in ("top", "high", "middle"):
        if average > weights[f"risk_average_{step}_usd"]:
            return int(weights[f"risk_points_average_{step}"])
    return int(weights["risk_points_average_low"])


def _frequency_points(count: int, weights: Weights) -> int:
    for step in ("high", "middle"):
        if count > weights[f"risk_frequency_{step}"]:
            return int(weights[f"risk_points_frequency_{step}"])
    return 0


def _regime(level: RiskLevel, *, pep: bool) -> Regime:
    if pep or level is RiskLevel.CRITICO:
        return Regime.REFORZADA
    return Regime.BASICA if level is RiskLevel.ALTO else Regime.SIMPLIFICADA
