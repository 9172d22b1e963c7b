"""Prices: the desk's base, the published pair, preferential improvements, and what is not sane.

All rates are PEN per USD. The desk's base is what the house counts its margin against; the published pair stands
around it by a spread in pips.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from domain.errors import Invalid
from domain.money import PIP, pips, round_half_up
from domain.operations import Kind

# PEN per USD has stayed within these since 1999: anything outside is a slip of the finger.
LOWEST, HIGHEST = Decimal("2.5"), Decimal("5.0")
SHOWN = Decimal("0.001")  # what the public pages show


@dataclass(frozen=True, kw_only=True)
class Quote:
    """One version of the price. The base is None where nobody gave one: then the middle of the pair stands for it."""

    buy: Decimal
    sell: Decimal
    base_buy: Decimal | None = None
    base_sell: Decimal | None = None

    def published(self, kind: Kind) -> Decimal:
        """What the public pays or gets."""
        return self.buy if kind is Kind.COMPRA else self.sell

    def desk(self, kind: Kind) -> Decimal:
        """What the margin of an operation is counted against; never zero (F060)."""
        given = self.base_buy if kind is Kind.COMPRA else self.base_sell
        return given if given is not None else self.middle()

    def middle(self) -> Decimal:
        """Between both sides: what dollars that nobody exchanged are valued at."""
        low = self.base_buy if self.base_buy is not None else self.buy
        high = self.base_sell if self.base_sell is not None else self.sell
        return round_half_up((low + high) / 2, PIP)


@dataclass(frozen=True, kw_only=True)
class Tier:
    """From this many dollars on, so many pips better for the client."""

    from_usd: Decimal
    pips: int


def published(base_buy: Decimal, base_sell: Decimal, spread_pips: int) -> tuple[Decimal, Decimal]:
    """Base 3.4000/3.4100 and 50 pips publish 3.3950/3.4150: down on the buy, up on the sell, to 3 decimals (F050)."""
    spread = pips(spread_pips)
    buy = (base_buy - spread).quantize(SHOWN, rounding=ROUND_FLOOR)
    sell = (base_sell + spread).quantize(SHOWN, rounding=ROUND_CEILING)
    return buy.quantize(PIP), sell.quantize(PIP)


def check(quote: Quote) -> Quote:
    """The quote itself, within sane limits. Raises Invalid."""
    named = {"buy": quote.buy, "sell": quote.sell, "base_buy": quote.base_buy, "base_sell": quote.base_sell}
    for field, value in named.items():
        if value is not None and not LOWEST <= value <= HIGHEST:
            raise Invalid("RATE_UNLIKELY", f"El tipo de cambio debe estar entre {LOWEST} y {HIGHEST}.", field=field)
    if quote.sell < quote.buy:
        raise Invalid("RATE_CROSSED", "La venta no puede ser menor que la compra.", field="sell")
    if (quote.base_buy is None) != (quote.base_sell is None):
        raise Invalid("BASE_HALF", "Da las dos puntas del precio base, o ninguna.", field="base_buy")
    if quote.base_buy is not None and quote.base_sell is not None:
        _check_base(quote, quote.base_buy, quote.base_sell)
    return quote


def _check_base(quote: Quote, base_buy: Decimal, base_sell: Decimal) -> None:
    if base_sell < base_buy:
        raise Invalid("RATE_CROSSED", "La venta base no puede ser menor que la compra base.", field="base_sell")
    if quote.buy > base_buy or quote.sell < base_sell:
        raise Invalid("RATE_BELOW_BASE", "El precio publicado no puede ser mejor que el precio base.", field="buy")


def jump_percent(before: Quote | None, after: Quote) -> Decimal:
    """How much the side that moves most changes, in percent of what it was; zero for the first pair."""
    if before is None:
        return Decimal("0.00")
    moved = [abs(new - old) / old for old, new in ((before.buy, after.buy), (before.sell, after.sell))]
    return round_half_up(max(moved) * 100, Decimal("0.01"))


def improvement(usd: Decimal, tiers: Iterable[Tier], *, of_client: int = 0) -> int:
    """Pips better for the client: the better of its own and of its amount's; both are not added up."""
    reached = [tier.pips for tier in tiers if usd >= tier.from_usd]
    return max([of_client, *reached])


@dataclass(frozen=True, kw_only=True)
class Reference:
    """The rate that an authority published for a Lima day."""

    source: str
    day: date
    buy: Decimal
    sell: Decimal
