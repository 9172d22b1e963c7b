"""How the sell rate moved in the last days: the points of a small line, from what the house published."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from sqlalchemy.ext.asyncio import AsyncSession

from db import treasury

DAYS = 7
WIDTH, TOP, BOTTOM = 240, 8, 48


@dataclass(frozen=True, kw_only=True)
class Trend:
    """The line and its two ends. `moved` is in PEN per USD, below zero when the dollar got cheaper to buy."""

    points: str
    first_day: date
    first: Decimal
    last: Decimal

    @property
    def moved(self) -> Decimal:
        """From the first day to the last."""
        return self.last - self.first


async def of_the_week(session: AsyncSession, now: datetime) -> Trend | None:
    """None with fewer than two days: there is no line to draw."""
    days = await treasury.last_of_each_day(session, now - timedelta(days=DAYS))
    if len(days) < 2:  # noqa: PLR2004 - a line has two ends
        return None
    sells = [sell for _, _, sell in days]
    return Trend(points=_points(sells), first_day=days[0][0], first=sells[0], last=sells[-1])


def _points(values: Sequence[Decimal]) -> str:
    lowest, span = min(values), (max(values) - min(values)) or Decimal(1)
    step = Decimal(WIDTH) / (len(values) - 1)
    return " ".join(
        f"{step * place:.1f},{BOTTOM - (BOTTOM - TOP) * (value - lowest) / span:.1f}"
        for place, value in enumerate(values)
    )
