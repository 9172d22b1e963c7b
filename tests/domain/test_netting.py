"""Whose the profit of a match is, and which matches to suggest."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from domain.netting import MatchType, Pairing, Side, Split, match_type, split, suggest
from domain.operations import Kind


def side(kind: Kind, rate: str, *, code: str = "A", desk: str = "3.4140", left: str = "10000", **told: bool) -> Side:
    return Side(
        code=code,
        kind=kind,
        client_id=1 if kind is Kind.COMPRA else 2,
        trader_id=None,
        rate=Decimal(rate),
        desk_rate=Decimal(desk),
        left=Decimal(left),
        **told,
    )


def test_a_cover_of_the_desk_is_the_houses():
    """F224: buy 3.4140 (base 3.4140), sell by the desk 3.4150 (base 3.4140), 10,000: all 10.00 to the house."""
    buy, sell = side(Kind.COMPRA, "3.4140"), side(Kind.VENTA, "3.4150", by_desk=True)
    assert match_type(buy, sell) is MatchType.MESA
    assert split(buy, sell, Decimal(10000)) == Split(
        total=Decimal("10.00"), trader_buy=Decimal("0.00"), trader_sell=Decimal("0.00"), house=Decimal("10.00")
    )


rates = st.decimals("3.0000", "4.0000", places=4)


@given(st.tuples(rates, rates), st.tuples(rates, rates), st.decimals("0.01", "99999", places=2), st.booleans())
def test_the_three_parts_are_always_the_whole(bought, sold, usd, by_desk):
    """F224"""
    parts = split(
        side(Kind.COMPRA, str(bought[0]), desk=str(bought[1])),
        side(Kind.VENTA, str(sold[0]), desk=str(sold[1]), by_desk=by_desk),
        usd,
    )
    assert parts.trader_buy + parts.trader_sell + parts.house == parts.total


def test_fifo_takes_the_oldest_and_best_takes_the_dearest_with_the_cheapest():
    buys = [side(Kind.COMPRA, "3.42", code="B1", left="100"), side(Kind.COMPRA, "3.40", code="B2", left="100")]
    sells = [side(Kind.VENTA, "3.43", code="S1", left="150"), side(Kind.VENTA, "3.45", code="S2", left="20")]

    def told(how: Pairing) -> list[tuple[str, str, int]]:
        return [(one.buy.code, one.sell.code, int(one.usd)) for one in suggest(buys, sells, how)]

    assert told(Pairing.FIFO) == [("B1", "S1", 100), ("B2", "S1", 50), ("B2", "S2", 20)]
    assert told(Pairing.BEST) == [("B2", "S2", 20), ("B2", "S1", 80), ("B1", "S1", 70)]


amounts = st.lists(st.integers(1, 500), max_size=6)


@given(amounts, amounts, st.sampled_from(Pairing))
def test_a_suggestion_never_takes_more_than_is_left_and_leaves_one_side_empty(buys, sells, how):
    left = {f"B{n}": usd for n, usd in enumerate(buys)} | {f"S{n}": usd for n, usd in enumerate(sells)}
    made = suggest(
        [side(Kind.COMPRA, "3.4", code=f"B{n}", left=str(usd)) for n, usd in enumerate(buys)],
        [side(Kind.VENTA, "3.5", code=f"S{n}", left=str(usd)) for n, usd in enumerate(sells)],
        how,
    )
    for one in made:
        for code in (one.buy.code, one.sell.code):
            left[code] -= int(one.usd)
    assert min(left.values(), default=0) >= 0
    assert not (any(v for k, v in left.items() if k[0] == "B") and any(v for k, v in left.items() if k[0] == "S"))
