"""Dated figures of the house."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import pytest

from domain.errors import Invalid, Missing
from domain.parameters import PARAMETERS, check_value, definition, value_at

LIMIT = "limit_without_documents_usd"


@dataclass(frozen=True)
class Row:
    name: str
    valid_from: date
    value: str


ROWS = [
    Row(LIMIT, date(2026, 5, 31), "10000.00"),
    Row(LIMIT, date(2026, 1, 1), "500.00"),
    Row("referral_pips", date(2026, 1, 1), "15"),
]


@pytest.mark.parametrize(
    ("day", "value"),
    [
        (date(2025, 12, 31), "1000.00"),
        (date(2026, 1, 1), "500.00"),
        (date(2026, 5, 30), "500.00"),
        (date(2026, 5, 31), "10000.00"),
        (date(2027, 1, 1), "10000.00"),
    ],
)
def test_a_value_holds_from_its_day_until_the_next_one(day, value):
    """F051, F131."""
    assert value_at(ROWS, LIMIT, day) == Decimal(value)


@pytest.mark.parametrize(
    ("name", "default"),
    [
        (LIMIT, "1000.00"),
        ("stale_after_hours", "4"),
        ("operator_alert_minutes", "10"),
        ("referral_pips", "30"),
        ("reward_code_pips", "30"),
        ("reward_code_benefit_pips", "30"),
    ],
)
def test_without_rows_the_default_holds(name, default):
    assert value_at([], name, date(2026, 11, 25)) == Decimal(default)


def test_every_parameter_says_its_unit_and_where_it_comes_from():
    assert len({parameter.name for parameter in PARAMETERS}) == len(PARAMETERS)
    for parameter in PARAMETERS:
        assert parameter.unit
        assert parameter.source
        assert check_value(parameter.name, str(parameter.default)) == parameter.default


def test_an_unknown_parameter_is_missing():
    with pytest.raises(Missing):
        definition("free_lunch")
    with pytest.raises(Missing):
        value_at([Row("free_lunch", date(2026, 1, 1), "1")], "free_lunch", date(2026, 11, 25))


@pytest.mark.parametrize(
    ("name", "text"), [(LIMIT, "-1"), (LIMIT, "mil"), (LIMIT, "NaN"), (LIMIT, ""), ("referral_pips", "1.5")]
)
def test_a_value_that_can_not_be_is_refused(name, text):
    with pytest.raises(Invalid) as refusal:
        check_value(name, text)
    assert refusal.value.field == "value"
