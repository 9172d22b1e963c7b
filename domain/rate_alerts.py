"""What a client may ask to be told of the exchange rate, and when it has come to pass.

`compra` and `venta` are the house's two rates, in PEN per USD.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from domain.errors import Conflict, Invalid
from domain.money import rate

MAX_LIVE = 10
DEFAULT_DAYS = 30
MAX_DAYS = 365
# The same range that the existing site's form allows, in PEN per USD.
LOWEST, HIGHEST = Decimal(1), Decimal(10)


class Side(StrEnum):
    """Which of the two rates: what the house pays for a dollar, or what it asks for one."""

    COMPRA = "compra"
    VENTA = "venta"


class Direction(StrEnum):
    """Above a value, or below it; the value itself counts."""

    SOBRE = "sobre"
    BAJO = "bajo"


def side(text: str, *, field: str = "moneda") -> Side:
    """Read a side in any case. Raises Invalid."""
    if text.strip().casefold() not in set(Side):
        raise Invalid("SIDE_UNKNOWN", "Elige compra o venta.", field=field)
    return Side(text.strip().casefold())


def direction(text: str, *, field: str = "tipo") -> Direction:
    """Read a direction in any case. Raises Invalid."""
    if text.strip().casefold() not in set(Direction):
        raise Invalid("DIRECTION_UNKNOWN", "Elige sobre o bajo.", field=field)
    return Direction(text.strip().casefold())


def threshold(value: Decimal, *, field: str = "valor") -> Decimal:
    """The value to wait for, with at most 4 decimals. Raises Invalid."""
    read = rate(value, field=field)
    if not LOWEST <= read <= HIGHEST:
        raise Invalid("THRESHOLD_UNLIKELY", f"El valor debe estar entre {LOWEST} y {HIGHEST}.", field=field)
    return read


def last_day(asked: date | None, today: date, *, field: str = "hasta") -> date:
    """Until when to watch: 30 days where nothing is asked, a year at most. Raises Invalid."""
    if asked is None:
        return today + timedelta(days=DEFAULT_DAYS)
    if not today <= asked <= today + timedelta(days=MAX_DAYS):
        raise Invalid("UNTIL_UNLIKELY", "Elige una fecha desde hoy y hasta dentro de un año.", field=field)
    return asked


def reached(how: Direction, value: Decimal, now: Decimal) -> bool:
    """Whether a rate of `now` is what the alert waits for."""
    return now >= value if how is Direction.SOBRE else now <= value


def check_new(live: int, how: Direction, value: Decimal, now: Decimal | None) -> None:
    """Raises Conflict for one alert too many, and Invalid for one that has come to pass already."""
    if live >= MAX_LIVE:
        raise Conflict("ALERT_LIMIT", f"Ya tienes {MAX_LIVE} alertas. Elimina una para crear otra.")
    if now is not None and reached(how, value, now):
        word = "por encima de" if how is Direction.SOBRE else "por debajo de"
        raise Invalid("ALERT_PASSED", f"El tipo de cambio ({now:.4f}) ya está {word} ese valor.", field="valor")
