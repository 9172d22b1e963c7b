"""The chart of what was exchanged: bought above, sold below, and the line of the position; SVG made by the server."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from api.panel import words

WIDTH, LEFT = 840, 52
ZERO, REACH = 128, 108
LABELS = 12
WIDEST = 46.0


@dataclass(frozen=True, kw_only=True)
class Point:
    """An hour or a day, in dollars; `net` is where the line of the position is."""

    label: str
    bought: Decimal
    sold: Decimal
    net: Decimal

    @property
    def told(self) -> str:
        """What a pointer over its bars says."""
        return f"{self.label}: compras {words.amount(self.bought)}, ventas {words.amount(self.sold)}"


@dataclass(frozen=True, kw_only=True)
class Bar:
    """A point of the chart, in its own units: `x` of its left, heights of both bars, `net` of the line."""

    x: float
    width: float
    bought: float
    sold: float
    net: float
    shown: bool
    point: Point


@dataclass(frozen=True, kw_only=True)
class Chart:
    """The whole chart: bars, the line of the position, and the scale in dollars."""

    bars: Sequence[Bar]
    line: str
    scale: Sequence[tuple[float, str]]


def drawn(points: Sequence[Point]) -> Chart:
    """The chart of these points, oldest first; there is at least one."""
    top = _top(max(max(abs(one.bought), abs(one.sold), abs(one.net)) for one in points))
    unit = REACH / float(top)
    step = (WIDTH - LEFT) / len(points)
    width = min(WIDEST, step * 0.6)
    every = -(-len(points) // LABELS)
    bars = [
        Bar(
            x=round(LEFT + place * step + (step - width) / 2, 1),
            width=round(width, 1),
            bought=round(max(0.0, float(point.bought)) * unit, 1),
            sold=round(max(0.0, float(point.sold)) * unit, 1),
            net=round(ZERO - float(point.net) * unit, 1),
            shown=place % every == 0,
            point=point,
        )
        for place, point in enumerate(points)
    ]
    line = " ".join(
        f"{'M' if not place else 'L'}{bar.x + bar.width / 2:.1f} {bar.net}" for place, bar in enumerate(bars)
    )
    return Chart(bars=bars, line=line, scale=_scale(top))


def _scale(top: Decimal) -> list[tuple[float, str]]:
    return [(ZERO - REACH * part, f"{abs(float(top) * part):,.0f}") for part in (1, 0.5, 0, -0.5, -1)]


def _top(largest: Decimal) -> Decimal:
    """The next round figure, so that the scale is one that people read."""
    size = Decimal(10) ** max(0, largest.adjusted())
    return next((size * part for part in map(Decimal, ("1", "2", "4", "6", "8")) if size * part >= largest), size * 10)
