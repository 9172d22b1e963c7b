"""How much a client may exchange before its documents are complete."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import Invalid
from domain.limits import check_limit, left
from domain.money import CENT

LIMIT = Decimal("1000.00")
USD = st.decimals(min_value=CENT, max_value=Decimal(20000), places=2)


def _check(accumulated, wanted, *, complete=False, limit=LIMIT):
    check_limit(
        has_complete_documents=complete,
        accumulated_usd=Decimal(accumulated),
        amount_usd=Decimal(wanted),
        limit_usd=Decimal(limit),
    )


def test_exactly_the_limit_is_allowed_and_a_cent_more_is_not():
    """F131, F132, F133."""
    _check("0", "1000.00")
    _check("350.00", "650.00")
    with pytest.raises(Invalid):
        _check("0", "1000.01")
    with pytest.raises(Invalid):
        _check("350.00", "650.01")


def test_the_refusal_says_what_it_would_reach_and_what_is_allowed():
    with pytest.raises(Invalid) as refusal:
        _check("350.00", "1000.00")
    assert refusal.value.code == "LIMIT_EXCEEDED"
    assert refusal.value.field == "amount_usd"
    assert refusal.value.message == (
        "Con esta operación llegas a US$ 1,350.00. Sin documentos completos puedes hasta US$ 1,000.00."
    )


def test_open_operations_count_and_a_cancelled_one_frees_its_part():
    """F132: completed 6,000 and open 3,000, of 10,000."""
    with pytest.raises(Invalid):
        _check("9000.00", "2000.00", limit="10000.00")
    _check("6000.00", "2000.00", limit="10000.00")


@given(accumulated=USD, wanted=USD)
def test_complete_documents_lift_the_limit(accumulated, wanted):
    _check(accumulated, wanted, complete=True)
    assert left(has_complete_documents=True, accumulated_usd=accumulated, limit_usd=LIMIT) is None


@given(accumulated=USD, limit=USD)
def test_what_is_left_is_the_most_that_passes(accumulated, limit):
    rest = left(has_complete_documents=False, accumulated_usd=accumulated, limit_usd=limit)
    assert rest is not None
    if rest:
        _check(accumulated, rest, limit=limit)
    with pytest.raises(Invalid):
        _check(accumulated, rest + CENT, limit=limit)
