"""Amounts, rates and pips: exact, rounded in one place."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import Invalid
from domain.money import (
    CENT,
    MAX_AMOUNT,
    PIP,
    Currency,
    amount,
    dollars,
    pips,
    rate,
    round_half_up,
    soles,
    to_pen,
    written,
)

AMOUNTS = st.decimals(min_value=CENT, max_value=Decimal("9999999.99"), places=2)
RATES = st.decimals(min_value=Decimal("0.0001"), max_value=Decimal("9.9999"), places=4)


@pytest.mark.parametrize(
    ("usd", "at", "pen"),
    [
        ("31.00", "3.4150", "105.87"),
        ("10.00", "3.4105", "34.11"),
        ("500.00", "3.7000", "1850.00"),
        ("500.00", "3.7500", "1875.00"),
        ("1000.00", "3.7030", "3703.00"),
        ("0.01", "3.4150", "0.03"),
    ],
)
def test_the_pen_amount_is_exact_where_floats_are_not(usd, at, pen):
    """F047, F058, F129."""
    assert to_pen(Decimal(usd), Decimal(at)) == Decimal(pen)


@given(usd=AMOUNTS, at=RATES)
def test_the_pen_amount_is_never_more_than_half_a_cent_from_the_product(usd, at):
    """F058."""
    pen = to_pen(usd, at)
    assert pen.as_tuple().exponent == -2
    assert abs(pen - usd * at) <= Decimal("0.005")


@given(one=AMOUNTS, other=AMOUNTS, at=RATES)
def test_more_dollars_are_never_fewer_soles(one, other, at):
    fewer, more = sorted((one, other))
    assert to_pen(fewer, at) <= to_pen(more, at)


@given(usd=AMOUNTS, one=RATES, other=RATES)
def test_a_higher_rate_is_never_fewer_soles(usd, one, other):
    lower, higher = sorted((one, other))
    assert to_pen(usd, lower) <= to_pen(usd, higher)


@given(value=st.decimals(min_value=Decimal(-1000000), max_value=Decimal(1000000), places=6))
def test_rounding_is_symmetric_and_stable(value):
    once = round_half_up(value, CENT)
    assert round_half_up(once, CENT) == once
    assert round_half_up(-value, CENT) == -once


def test_halves_go_away_from_zero():
    assert round_half_up(Decimal("0.005"), CENT) == Decimal("0.01")
    assert round_half_up(Decimal("-0.005"), CENT) == Decimal("-0.01")


def test_a_pip_is_one_ten_thousandth_of_the_rate():
    """F049, F057."""
    assert pips(1) == PIP == Decimal("0.0001")
    assert pips(30) == Decimal("0.0030")


@given(value=AMOUNTS)
def test_an_amount_reads_back_from_its_text_and_from_a_json_number(value):
    assert amount(str(value)) == value
    assert amount(float(value)) == value


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("0", "AMOUNT_NOT_POSITIVE"),
        ("-1", "AMOUNT_NOT_POSITIVE"),
        ("1.005", "AMOUNT_DECIMALS"),
        (MAX_AMOUNT + CENT, "AMOUNT_TOO_LARGE"),
        ("mil", "NOT_A_NUMBER"),
        ("", "NOT_A_NUMBER"),
        (None, "NOT_A_NUMBER"),
        (True, "NOT_A_NUMBER"),
        ("NaN", "NOT_A_NUMBER"),
        ("Infinity", "NOT_A_NUMBER"),
        (float("inf"), "NOT_A_NUMBER"),
    ],
)
def test_what_is_no_amount_is_refused(value, code):
    with pytest.raises(Invalid) as refusal:
        amount(value, field="amount_usd")
    assert refusal.value.code == code
    assert refusal.value.field == "amount_usd"


@pytest.mark.parametrize("value", ["0", "0.0000", "-3.7", "10", "3.75001", "", None, False])
def test_what_is_no_rate_is_refused(value):
    """F060: zero is never a price."""
    with pytest.raises(Invalid):
        rate(value)


@given(value=RATES)
def test_a_rate_keeps_its_four_decimals(value):
    """F056."""
    assert str(rate(value)) == f"{value:.4f}"


def test_amounts_are_written_as_peru_writes_them():
    assert soles(Decimal("1234.5")) == "S/ 1,234.50"
    assert dollars(Decimal("1000000.00")) == "US$ 1,000,000.00"
    assert written(Decimal(1), Currency.USD) == "US$ 1.00"
    assert written(Decimal(1), Currency.PEN) == "S/ 1.00"
