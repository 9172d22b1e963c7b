"""Codes, pips and the rates they improve."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import Conflict, Invalid
from domain.money import pips as pips_of_rate
from domain.money import to_pen
from domain.referrals import (
    CODE_ALPHABET,
    Balance,
    Entry,
    LedgerKind,
    balance,
    check_referral,
    check_reward,
    code,
    code_from,
    improved_rate,
    is_code,
    redeem,
)

RATES = st.decimals(min_value=Decimal("3.0000"), max_value=Decimal("4.5000"), places=4)


@pytest.mark.parametrize(
    ("compra", "rate", "pips", "better"),
    [
        (True, "3.7000", 30, "3.7030"),
        (False, "3.4120", 15, "3.4105"),
        (True, "3.4010", 15, "3.4025"),
        (False, "3.7650", 0, "3.7650"),
    ],
)
def test_pips_improve_the_rate_for_the_client(compra, rate, pips, better):
    """F049, F129."""
    assert str(improved_rate(compra, Decimal(rate), pips)) == better


def test_the_improved_rate_and_its_pen_amount_agree_on_paper():
    """F129."""
    rate = improved_rate(kind_is_compra=True, rate=Decimal("3.7000"), pips=30)
    assert to_pen(Decimal("1000.00"), rate) == Decimal("3703.00")


@given(rate=RATES, pips=st.integers(0, 200))
def test_both_sides_get_the_same_improvement(rate, pips):
    up = improved_rate(kind_is_compra=True, rate=rate, pips=pips)
    down = improved_rate(kind_is_compra=False, rate=rate, pips=pips)
    assert up - rate == rate - down == pips_of_rate(pips)


@given(random_bytes=st.binary(min_size=6, max_size=16))
def test_every_random_code_is_a_code(random_bytes):
    made = code_from(random_bytes)
    assert is_code(made)
    assert not set(made) & set("IO01")


def test_each_symbol_is_as_likely_as_any_other():
    drawn = [code_from(bytes([byte] * 6))[0] for byte in range(256)]
    assert {drawn.count(symbol) for symbol in CODE_ALPHABET} == {256 // len(CODE_ALPHABET)}


def test_a_code_is_not_made_of_too_little_chance():
    with pytest.raises(ValueError, match="six random bytes"):
        code_from(b"12345")


@pytest.mark.parametrize(
    "text", ["", "ABCDE", "ABCDEFG", "ABCDE0", "ABCDE1", "ABCDEI", "ABCDEO", "abcdef", "ABC EF", "ÁBCDEF"]
)
def test_what_is_no_code(text):
    assert not is_code(text)


def test_a_typed_code_reads_in_any_case():
    assert code(" abc234 ") == "ABC234"
    with pytest.raises(Invalid):
        code("ABC 234")


def test_a_balance_is_the_sum_of_its_entries():
    """F125: whole pips, so that 15 and 15 are 30."""
    entries = [
        Entry(kind=LedgerKind.OPERATION_BENEFIT, pips=15),
        Entry(kind=LedgerKind.OPERATION_BENEFIT, pips=15),
        Entry(kind=LedgerKind.REDEMPTION, pips=-30),
        Entry(kind=LedgerKind.MANUAL, pips=4),
    ]
    assert balance(entries) == Balance(earned=34, spent=30, available=4)
    assert balance([]) == Balance(earned=0, spent=0, available=0)


@given(moves=st.lists(st.integers(-100, 100).filter(bool), max_size=30))
def test_available_is_earned_less_spent_in_any_order(moves):
    entries = [Entry(kind=LedgerKind.MANUAL, pips=pips) for pips in moves]
    total = balance(entries)
    assert total == balance(reversed(entries))
    assert total.available == total.earned - total.spent == sum(moves)


@given(available=st.integers(0, 200), cost=st.integers(1, 100))
def test_a_redemption_never_leaves_the_balance_below_zero(available, cost):
    earned = Entry(kind=LedgerKind.MANUAL, pips=available)
    if available < cost:
        with pytest.raises(Conflict):
            redeem(available=available, cost=cost)
        return
    after = balance([earned, redeem(available=available, cost=cost)])
    assert after.available == available - cost >= 0


def test_a_refused_redemption_says_how_many_pips_are_missing():
    with pytest.raises(Conflict, match="Te faltan 12"):
        redeem(available=18, cost=30)


def test_nobody_uses_its_own_code():
    """F122, turned round by the house: a reward code is a present, for any client but its owner."""
    with pytest.raises(Invalid):
        check_referral(owner_id=7, client_id=7, already_used=False)
    with pytest.raises(Invalid):
        check_reward(owner_id=7, client_id=7, free=True)
    check_referral(owner_id=7, client_id=8, already_used=False)
    check_reward(owner_id=7, client_id=8, free=True)


def test_a_client_is_referred_once():
    """F120."""
    with pytest.raises(Conflict):
        check_referral(owner_id=7, client_id=8, already_used=True)


def test_a_reward_code_that_is_taken_is_refused():
    """F126."""
    with pytest.raises(Conflict):
        check_reward(owner_id=7, client_id=8, free=False)
