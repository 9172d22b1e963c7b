"""Money, rates and pips: exact decimals, rounded half up in one place.

Amounts have 2 decimals (USD or PEN), rates 4 (PEN per USD), and 1 pip is 0.0001 of a rate.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from enum import StrEnum

from domain.errors import Invalid

CENT = Decimal("0.01")
PIP = Decimal("0.0001")
# Larger than any transfer a Peruvian bank takes in one piece, and well inside numeric(15, 2).
MAX_AMOUNT = Decimal("99999999.99")
MAX_RATE = Decimal("9.9999")


class Currency(StrEnum):
    """The two currencies of the house, by ISO code. Symbols (`S/`, `US$`) exist only at the edges."""

    USD = "USD"
    PEN = "PEN"

    @property
    def words(self) -> str:
        """As people say it: "soles", "dólares"."""
        return "soles" if self is Currency.PEN else "dólares"


def round_half_up(value: Decimal, step: Decimal) -> Decimal:
    """Round to a multiple of `step`, halves away from zero: the only rounding rule of the house."""
    return value.quantize(step, rounding=ROUND_HALF_UP)


def amount(value: object, *, field: str = "amount") -> Decimal:
    """Read a positive amount of USD or PEN with at most 2 decimals.

    Raises Invalid when it is not a finite number, not above zero, has more than 2 decimals, or is above MAX_AMOUNT.
    """
    number = _decimal(value, field)
    if number <= 0:
        raise Invalid("AMOUNT_NOT_POSITIVE", "El monto debe ser mayor que cero.", field=field)
    if number > MAX_AMOUNT:
        raise Invalid("AMOUNT_TOO_LARGE", f"El monto no puede pasar de {MAX_AMOUNT:,.2f}.", field=field)
    if number != round_half_up(number, CENT):
        raise Invalid("AMOUNT_DECIMALS", "El monto lleva como máximo dos decimales.", field=field)
    return round_half_up(number, CENT)


def rate(value: object, *, field: str = "rate") -> Decimal:
    """Read an exchange rate in PEN per USD with at most 4 decimals. Raises Invalid."""
    number = _decimal(value, field)
    if not Decimal(0) < number <= MAX_RATE:
        raise Invalid("RATE_OUT_OF_RANGE", "El tipo de cambio debe estar entre 0 y 9.9999.", field=field)
    if number != round_half_up(number, PIP):
        raise Invalid("RATE_DECIMALS", "El tipo de cambio lleva como máximo cuatro decimales.", field=field)
    return round_half_up(number, PIP)


def to_pen(usd: Decimal, exchange_rate: Decimal) -> Decimal:
    """PEN worth of `usd` at `exchange_rate`: US$ 31.00 at 3.4150 is S/ 105.87."""
    return round_half_up(usd * exchange_rate, CENT)


def to_usd(pen: Decimal, exchange_rate: Decimal) -> Decimal:
    """USD that `pen` buys at `exchange_rate`, to the cent: S/ 1,000.00 at 3.4120 is US$ 293.08."""
    return round_half_up(pen / exchange_rate, CENT)


def pips(count: int) -> Decimal:
    """`count` pips as a difference of rate: 30 pips is 0.0030."""
    return PIP * count


def soles(value: Decimal) -> str:
    """`S/ 1,234.56`, as Peru writes it."""
    return f"S/ {value:,.2f}"


def dollars(value: Decimal) -> str:
    """`US$ 1,234.56`, as Peru writes it."""
    return f"US$ {value:,.2f}"


def written(value: Decimal, currency: Currency) -> str:
    """The amount with its symbol, for people."""
    return dollars(value) if currency is Currency.USD else soles(value)


def _decimal(value: object, field: str) -> Decimal:
    """A finite Decimal from a number or its text; a float goes by its shortest text, never by its binary value."""
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation as error:
        raise Invalid("NOT_A_NUMBER", "Escribe un número, por ejemplo 1500.50.", field=field) from error
    if isinstance(value, bool) or not number.is_finite():
        raise Invalid("NOT_A_NUMBER", "Escribe un número, por ejemplo 1500.50.", field=field)
    return number
