"""The dollar position: one definition for every screen, report and alert.

Open USD is what the house bought less what it sold, over completed operations. A day is one pool: its purchases join
what was carried, its sales leave it at the weighted average, so the order within the day changes nothing. Prices are
the clients' rates. In PEN, always: realised + value carried = paid for purchases against received for sales.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from domain.money import CENT, PIP, round_half_up

ZERO = Decimal("0.00")
NO_RATE = Decimal("0.0000")
NORMAL, WARNING, CRITICAL = "normal", "aviso", "critica"


@dataclass(frozen=True, kw_only=True)
class DaySums:
    """What was exchanged on a Lima day: dollars and soles of Compras (bought) and of Ventas (sold).

    Less what was annulled that day, so a side is negative when it was a greater one of an earlier day.
    """

    day: date
    bought_usd: Decimal = ZERO
    bought_pen: Decimal = ZERO
    sold_usd: Decimal = ZERO
    sold_pen: Decimal = ZERO
    operations: int = 0


@dataclass(frozen=True, kw_only=True)
class Position:
    """How the house stands after a day.

    `open_usd` is positive when long; `cost_pen` is what it carries, of the same sign, and `average` its rate.
    `realised` is the day's profit (PEN) of what was closed, `realised_total` that of all days up to it.
    """

    day: date
    sums: DaySums
    carried_usd: Decimal = ZERO
    open_usd: Decimal = ZERO
    cost_pen: Decimal = ZERO
    average: Decimal = NO_RATE
    realised: Decimal = ZERO
    realised_total: Decimal = ZERO

    def unrealised(self, rate: Decimal) -> Decimal:
        """What closing it all at `rate` (PEN per USD) would add or take, in PEN."""
        return round_half_up(self.open_usd * rate, CENT) - self.cost_pen


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Figures of Master: how much may stay open before it is told and before it is critical, in USD."""

    warning_usd: Decimal
    critical_usd: Decimal

    def level(self, open_usd: Decimal) -> str:
        """`normal`, `aviso` or `critica`; the limit itself is still within."""
        if abs(open_usd) > self.critical_usd:
            return CRITICAL
        return WARNING if abs(open_usd) > self.warning_usd else NORMAL


@dataclass
class _Pool:
    usd: Decimal = ZERO
    pen: Decimal = ZERO

    def add(self, usd: Decimal, pen: Decimal) -> None:
        self.usd += usd
        self.pen += pen

    def give_back_to(self, other: _Pool) -> None:
        """Dollars of an annulled Compra that are no longer there leave at their price, as a sale; and the reverse."""
        if self.usd < 0:
            other.add(-self.usd, -self.pen)
            self.usd, self.pen = ZERO, ZERO

    def worth(self, usd: Decimal) -> Decimal:
        """PEN of a part of the pool, at its average. Soles left without dollars belong to any part."""
        return self.pen if usd == self.usd else round_half_up(self.pen * usd / self.usd, CENT)


@dataclass
class Book:
    """Adds days one after the other; `positions` walks them."""

    last: Position | None = field(default=None)

    def add(self, sums: DaySums) -> Position:
        """The position after this day. Days come in order."""
        carried_usd = self.last.open_usd if self.last else ZERO
        carried_pen = self.last.cost_pen if self.last else ZERO
        before = self.last.realised_total if self.last else ZERO
        bought, sold = _Pool(sums.bought_usd, sums.bought_pen), _Pool(sums.sold_usd, sums.sold_pen)
        if carried_usd >= 0:
            bought.add(carried_usd, carried_pen)
        else:
            sold.add(-carried_usd, -carried_pen)
        bought.give_back_to(sold)
        sold.give_back_to(bought)
        closed = min(bought.usd, sold.usd)
        realised = sold.worth(closed) - bought.worth(closed)
        open_usd = bought.usd - sold.usd
        cost = bought.pen - sold.pen + realised
        self.last = Position(
            day=sums.day,
            sums=sums,
            carried_usd=carried_usd,
            open_usd=open_usd,
            cost_pen=cost,
            average=round_half_up(cost / open_usd, PIP) if open_usd else NO_RATE,
            realised=realised,
            realised_total=before + realised,
        )
        return self.last


def positions(days: Iterable[DaySums]) -> Iterator[Position]:
    """The position after each day, carried from one to the next."""
    book = Book()
    for sums in days:
        yield book.add(sums)


def average_rate(usd: Decimal, pen: Decimal) -> Decimal:
    """Weighted by dollars (the predecessor's was not): PEN per USD, or zero when nothing was exchanged."""
    return round_half_up(pen / usd, PIP) if usd else NO_RATE
