"""Netting: a Compra against a Venta, whole or in part, and whose profit that is.

Analytic only: the ledger has each operation's margin already, and no match touches a bank account (F221). With rates
and desk rates of both sides, the profit of a match splits into what each trader earned against the desk and what the
house earned between both desk rates; the three add up to the whole, to the cent (F224).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from domain.errors import Conflict, Invalid
from domain.money import CENT, round_half_up
from domain.operations import Kind

ZERO = Decimal("0.00")


class MatchType(StrEnum):
    """Who is on each side."""

    CLIENTES = "cliente con cliente"
    MESA = "cobertura de mesa"
    PROPIO = "mismo cliente"


class BatchState(StrEnum):
    """A lote gathers matches while open; once closed nothing of it changes."""

    ABIERTO = "Abierto"
    CERRADO = "Cerrado"


class Pairing(StrEnum):
    """How suggestions are made: the oldest with the oldest, or those that earn the most."""

    FIFO = "fifo"
    BEST = "mejor"


@dataclass(frozen=True, kw_only=True)
class Side:
    """An operation as netting sees it. `left` is what no active match has taken, in USD; rates in PEN per USD.

    `by_desk`: the house's own desk made it, so that its part of the profit is the house's.
    """

    code: str
    kind: Kind
    client_id: int
    trader_id: int | None
    rate: Decimal
    desk_rate: Decimal
    left: Decimal
    by_desk: bool = False


@dataclass(frozen=True, kw_only=True)
class Split:
    """The profit of a match in PEN. `trader_buy + trader_sell + house = total`, exactly."""

    total: Decimal
    trader_buy: Decimal
    trader_sell: Decimal
    house: Decimal


@dataclass(frozen=True, kw_only=True)
class Pair:
    """A suggested match."""

    buy: Side
    sell: Side
    usd: Decimal


def check(buy: Side, sell: Side, usd: Decimal) -> None:
    """Refuse what can not be matched. Raises Invalid or Conflict; `usd` is more than zero and at most what is left."""
    if buy.kind is not Kind.COMPRA or sell.kind is not Kind.VENTA:
        raise Invalid("MATCH_SIDES", "Un calce une una Compra con una Venta.")
    if usd <= 0 or usd != round_half_up(usd, CENT):
        raise Invalid("MATCH_AMOUNT", "El monto del calce debe ser mayor que cero.", field="amount_usd")
    side = min(buy, sell, key=lambda one: one.left)
    if usd > side.left:
        raise Conflict(
            "MATCH_TOO_MUCH", f"A {side.code} le quedan US$ {side.left:,.2f} por calzar.", field="amount_usd"
        )


def match_type(buy: Side, sell: Side) -> MatchType:
    """A side of the desk makes it a cover; one client on both sides, its own match."""
    if buy.by_desk or sell.by_desk:
        return MatchType.MESA
    return MatchType.PROPIO if buy.client_id == sell.client_id else MatchType.CLIENTES


def split(buy: Side, sell: Side, usd: Decimal) -> Split:
    """Whose the profit is. Compra 3.4140 (desk 3.4140) with the desk's Venta 3.4150 (3.4140): 10.00 to the house."""
    total = round_half_up((sell.rate - buy.rate) * usd, CENT)
    trader_buy = ZERO if buy.by_desk else round_half_up((buy.desk_rate - buy.rate) * usd, CENT)
    trader_sell = ZERO if sell.by_desk else round_half_up((sell.rate - sell.desk_rate) * usd, CENT)
    # What rounding leaves is the house's, so that the parts always add up.
    return Split(total=total, trader_buy=trader_buy, trader_sell=trader_sell, house=total - trader_buy - trader_sell)


def suggest(buys: Sequence[Side], sells: Sequence[Side], how: Pairing) -> list[Pair]:
    """Pairs that leave as little open as possible: FIFO as given (oldest first), or the best price of each side first.

    Pairing the cheapest dollars with the dearest first gives the matches that earn the most one by one.
    """
    if how is Pairing.BEST:
        buys = sorted(buys, key=lambda side: side.rate)
        sells = sorted(sells, key=lambda side: side.rate, reverse=True)
    left = {side.code: side.left for side in (*buys, *sells)}
    pairs, place = [], 0
    for buy in buys:
        while place < len(sells) and left[buy.code] > 0:
            sell = sells[place]
            usd = min(left[buy.code], left[sell.code])
            if usd > 0:
                pairs.append(Pair(buy=buy, sell=sell, usd=usd))
            left[buy.code] -= usd
            left[sell.code] -= usd
            place += left[sell.code] <= 0
    return pairs
