"""The position: one definition, whose parts always add up."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from domain.money import to_pen
from domain.position import DaySums, Limits, average_rate, positions

DAY = date(2026, 11, 25)


def sums(day: int, bought: str = "0", at: str = "3.70", sold: str = "0", sold_at: str = "3.72") -> DaySums:
    buys, sells = Decimal(bought), Decimal(sold)
    return DaySums(
        day=DAY + timedelta(days=day),
        bought_usd=buys,
        bought_pen=to_pen(buys, Decimal(at)),
        sold_usd=sells,
        sold_pen=to_pen(sells, Decimal(sold_at)),
    )


def test_what_was_bought_and_not_sold_is_carried_at_its_average():
    first, second = positions([sums(0, "1000", "3.70", "400", "3.72"), sums(1, "600", "3.74", "1000", "3.75")])
    assert (first.open_usd, first.average, first.realised) == (600, Decimal("3.7000"), Decimal("8.00"))
    # Carried 600 at 3.70 and bought 600 at 3.74: 3.72 on average; 1,000 sold at 3.75 earn 30.00.
    assert (second.carried_usd, second.open_usd, second.average) == (600, 200, Decimal("3.7200"))
    assert (second.realised, second.realised_total) == (Decimal("30.00"), Decimal("38.00"))
    assert second.unrealised(Decimal("3.7300")) == Decimal("2.00")


def test_a_short_position_of_yesterday_is_carried():
    """F236: 10,200 sold yesterday and not bought are today's too."""
    yesterday, today = positions([sums(0, sold="10200", sold_at="3.72"), sums(1, "200", "3.71")])
    assert (yesterday.open_usd, today.carried_usd, today.open_usd) == (-10200, -10200, -10000)
    assert (today.average, today.realised) == (Decimal("3.7200"), Decimal("2.00"))


def test_an_annulled_purchase_of_dollars_that_were_sold_meanwhile_leaves_the_house_short():
    """Bought and sold one day, the purchase annulled the next: once this ended every screen of the position."""
    bought_and_sold, annulled = positions([sums(0, "100", "3.70", "100", "3.72"), sums(1, "-100", "3.70")])
    assert (bought_and_sold.open_usd, bought_and_sold.realised) == (0, Decimal("2.00"))
    assert (annulled.open_usd, annulled.cost_pen, annulled.average) == (-100, Decimal("-370.00"), Decimal("3.7000"))


def test_soles_that_an_annulment_leaves_without_dollars_are_earned_or_lost():
    """Bought at 3.80, and annulled on that day one of yesterday's at 3.70 that had been sold."""
    _, today = positions([sums(0, "100", "3.70", "100", "3.72"), replace(sums(1), bought_pen=Decimal("10.00"))])
    assert (today.open_usd, today.cost_pen, today.realised) == (0, 0, Decimal("-10.00"))


# An annulment counts on its own day, so a side may be less than nothing.
money = st.decimals("-50000", "50000", places=2)
rates = st.decimals("3.0000", "4.0000", places=4)


@given(days=st.lists(st.tuples(money, rates, money, rates), min_size=1, max_size=8), mark=rates)
def test_realised_and_unrealised_are_all_the_money_that_was_made(days, mark):
    """Whatever happened: sold − bought + what is open at the mark = realised + unrealised, to the cent."""
    given_days = [sums(n, str(b), str(br), str(s), str(sr)) for n, (b, br, s, sr) in enumerate(days)]
    last = list(positions(given_days))[-1]
    flow = sum(day.sold_pen - day.bought_pen for day in given_days)
    assert flow + to_pen(last.open_usd, mark) == last.realised_total + last.unrealised(mark)
    assert last.open_usd == sum(day.bought_usd - day.sold_usd for day in given_days)
    assert last.cost_pen == 0 or last.open_usd


def test_averages_weigh_by_dollars():
    """The predecessor's were simple."""
    assert average_rate(Decimal(10000), to_pen(Decimal(10000), Decimal("3.7111"))) == Decimal("3.7111")
    assert average_rate(Decimal(0), Decimal(0)) == 0


def test_the_limit_itself_is_still_within():
    limits = Limits(warning_usd=Decimal(5000), critical_usd=Decimal(20000))
    levels = [limits.level(Decimal(usd)) for usd in ("-5000", "5000.01", "20000", "-20000.01")]
    assert levels == ["normal", "aviso", "aviso", "critica"]
