"""How figures, instants and banks are written on every page: one way each, always on Lima's clock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from domain.calendar import in_lima
from domain.money import Currency
from domain.operations import State

MINUTE, HOUR = 60, 3600
GROUPS = (3, 6, 18)
CCI_LENGTH = 20
# State → its class in the styles, and its icon: colour is never the only sign.
STATES: dict[State, tuple[str, str]] = {
    State.PENDIENTE: ("pendiente", "hourglass"),
    State.EN_PROCESO: ("proceso", "refresh-cw"),
    State.COMPLETADA: ("completada", "circle-check"),
    State.CANCELADO: ("cancelado", "ban"),
    State.EXPIRADA: ("expirada", "timer-off"),
}
BANKS = {"INTERBANK": "Interbank", "SCOTIABANK": "Scotiabank", "PICHINCHA": "Pichincha", "BANBIF": "BanBif"}


def amount(value: Decimal) -> str:
    """`1,234.56`, with a true minus."""
    return f"{value:,.2f}".replace("-", "−")


def rate(value: Decimal) -> str:
    """`3.7650`."""
    return f"{value:.4f}"


def symbol(currency: Currency | str) -> str:
    """`US$` or `S/`."""
    return "US$" if currency == Currency.USD else "S/"


def with_symbol(value: Decimal, currency: Currency) -> str:
    """`S/ 1,234.56` that never breaks after its symbol."""
    return f"{symbol(currency)}\u00a0{amount(value)}"


def clock(seconds: float) -> str:
    """`04:12`, and from one hour on `1 h 12 min`."""
    whole = max(0, int(seconds))
    if whole < HOUR:
        return f"{whole // MINUTE:02d}:{whole % MINUTE:02d}"
    return f"{whole // HOUR} h {whole % HOUR // MINUTE:02d} min"


def day(instant: datetime) -> str:
    """`25/11/2026`."""
    return f"{in_lima(instant):%d/%m/%Y}"


def iso(instant: datetime) -> str:
    """For `datetime=` and for the clocks of the page."""
    return instant.astimezone(UTC).isoformat(timespec="seconds")


def initials(name: str) -> str:
    """`RC` for Rosa Ccama."""
    parts = [part for part in name.split() if part[0].isalpha()]
    return "".join(part[0] for part in parts[:2]).upper() or "·"


def bank(name: str) -> str:
    """As people write it."""
    return BANKS.get(name, name)


def grouped(number: str) -> str:
    """A CCI in groups, `002 191 133870916214 56`; any other account as the bank prints it."""
    if len(number) != CCI_LENGTH or not number.isdigit():
        return number
    first, second, third = GROUPS
    return f"{number[:first]} {number[first:second]} {number[second:third]} {number[third:]}"


def state_class(state: State) -> str:
    """The class that carries the colours of a state."""
    return STATES[state][0]


def state_icon(state: State) -> str:
    """The icon of a state."""
    return STATES[state][1]


FILTERS: dict[str, Callable[..., Any]] = {
    "amount": amount,
    "rate": rate,
    "symbol": symbol,
    "with_symbol": with_symbol,
    "clock": clock,
    "day": day,
    "iso": iso,
    "initials": initials,
    "bank": bank,
    "grouped": grouped,
    "state_class": state_class,
    "state_icon": state_icon,
}
