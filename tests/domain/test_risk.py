"""The house's risk matrix: factors, floors, levels and regime."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import Invalid
from domain.parameters import RISK_PARAMETERS
from domain.risk import ListStatus, PepKind, Regime, RiskInputs, RiskLevel, assess, check_pep, is_exposed, level_of

WEIGHTS = {parameter.name: parameter.default for parameter in RISK_PARAMETERS}
CALM = RiskInputs(
    average_usd=None,
    operations_in_30_days=0,
    pep=False,
    lists=ListStatus.LIMPIO,
    legal_issues=False,
    kyc_approved=False,
)


@pytest.mark.parametrize(
    ("changed", "score"),
    [
        ({}, 0),
        ({"lists": ListStatus.SIN_REVISAR}, 15),
        ({"lists": ListStatus.COINCIDENCIA}, 25),
        ({"pep": True}, 25),
        ({"average_usd": Decimal("10000.00")}, 0),
        ({"average_usd": Decimal("10000.01")}, 5),
        ({"average_usd": Decimal("100000.01"), "operations_in_30_days": 31}, 40),
        ({"operations_in_30_days": 10}, 0),
        ({"operations_in_30_days": 11}, 5),
        ({"legal_issues": True, "kyc_approved": True}, 5),
    ],
)
def test_each_factor_weighs_what_the_matrix_says(changed, score):
    """business rules, 7.1; a clean screening takes 5 away, never below zero (F254: nobody is clean unseen)."""
    assert assess(replace(CALM, **changed), WEIGHTS).score == score


def test_the_worst_client_is_critical_and_the_score_is_explained_to_the_point():
    worst = RiskInputs(
        average_usd=Decimal(200_000),
        operations_in_30_days=40,
        pep=True,
        lists=ListStatus.COINCIDENCIA,
        legal_issues=True,
        kyc_approved=False,
    )
    told = assess(worst, WEIGHTS)
    assert (told.score, told.level, told.regime) == (100, RiskLevel.CRITICO, Regime.REFORZADA)
    assert sum(factor.points for factor in told.factors) == 115


@pytest.mark.parametrize(
    ("score", "level"),
    [(25, "Bajo"), (26, "Medio"), (50, "Medio"), (51, "Alto"), (75, "Alto"), (76, "Crítico"), (100, "Crítico")],
)
def test_levels_begin_where_their_parameter_says(score, level):
    assert level_of(score, WEIGHTS) == level


@given(
    st.builds(
        RiskInputs,
        average_usd=st.none() | st.decimals(0, 1_000_000, places=2),
        operations_in_30_days=st.integers(0, 1000),
        pep=st.booleans(),
        lists=st.sampled_from(ListStatus),
        legal_issues=st.booleans(),
        kyc_approved=st.booleans(),
    )
)
def test_a_score_is_always_between_zero_and_a_hundred_and_the_exposed_are_reinforced(known):
    told = assess(known, WEIGHTS)
    assert 0 <= told.score <= 100
    assert not known.pep or told.regime is Regime.REFORZADA


def test_a_charge_exposes_for_two_years_after_it_ends():
    """Res. SBS 02868-2025."""
    today = date(2026, 11, 25)
    for until, exposed in ((None, True), (date(2024, 11, 25), True), (date(2024, 11, 24), False)):
        assert is_exposed(PepKind.DIRECTO, until=until, today=today, lookback_years=2) is exposed
    assert not is_exposed(None, until=None, today=today, lookback_years=2)


def test_a_declared_exposure_names_its_charge_and_its_entity():
    check_pep(None, position="", entity="")
    for words in ({"position": "", "entity": "x"}, {"position": "x", "entity": " "}):
        with pytest.raises(Invalid):
            check_pep(PepKind.FAMILIAR, **words)
