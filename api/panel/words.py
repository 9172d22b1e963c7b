"""How the panel writes figures, instants and the house's own names: one way each, always Lima and 24 h."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from domain.calendar import business_day, in_lima
from domain.money import Currency
from domain.operations import State

DAYS = ("Lun.", "Mar.", "Mié.", "Jue.", "Vie.", "Sáb.", "Dom.")
MINUTE, HOUR = 60, 3600
GROUPS = (3, 6, 18)
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT")
LINE = re.compile(r"#\d+ (\d+\.\d\d)\b")
FIGURE = re.compile(r"\d+\.\d\d$")
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


def sentence(text: str) -> str:
    """Its first letter in capitals and the rest as it is: `US$` and names keep theirs."""
    return text[:1].upper() + text[1:]


def thousands(figure: str) -> str:
    """`12,345` or `12,345.60` of a figure that came as text, with the decimals that it has."""
    return f"{Decimal(figure):,}"


def clock(seconds: float) -> str:
    """`04:12`, and from one hour on `1 h 12 min`."""
    whole = max(0, int(seconds))
    if whole < HOUR:
        return f"{whole // MINUTE:02d}:{whole % MINUTE:02d}"
    return f"{whole // HOUR} h {whole % HOUR // MINUTE:02d} min"


def day(instant: datetime) -> str:
    """`25/11/2026`."""
    return f"{in_lima(instant):%d/%m/%Y}"


def hour(instant: datetime) -> str:
    """`14:35`."""
    return f"{in_lima(instant):%H:%M}"


def moment(instant: datetime) -> str:
    """`hoy 14:35`, `ayer 17:40`, else `25/11/2026 14:35`."""
    today = business_day(datetime.now(UTC))
    named = {today: "hoy", today - timedelta(days=1): "ayer"}.get(business_day(instant), day(instant))
    return f"{named} {hour(instant)}"


def heading(instant: datetime) -> str:
    """`Mié. 25/11/2026 · 14:35`."""
    return f"{DAYS[in_lima(instant).weekday()]} {day(instant)} · {hour(instant)}"


def iso(instant: datetime) -> str:
    """For `datetime=` and for the clocks of the page."""
    return instant.astimezone(UTC).isoformat(timespec="seconds")


def initials(name: str) -> str:
    """`RC` for Rosa Ccama."""
    parts = [part for part in name.split() if part[0].isalpha()]
    return "".join(part[0] for part in parts[:2]).upper() or "·"


def short_name(name: str) -> str:
    """`R. Ccama`."""
    first, _, rest = name.partition(" ")
    return f"{first[0]}. {rest.split()[0]}" if rest else name


def bank(name: str) -> str:
    """As people write it."""
    return BANKS.get(name, name)


def grouped(number: str) -> str:
    """A CCI in groups, `002 191 133870916214 56`; any other account as the bank prints it."""
    if len(number) != CCI_LENGTH or not number.isdigit():
        return number
    first, second, third = GROUPS
    return f"{number[:first]} {number[first:second]} {number[second:third]} {number[third:]}"


def kept(value: str) -> str:
    """As a history keeps it (an instant in ISO, lines as `#1 1200.00 00984512`), for people."""
    if not value:
        return "nada"
    if INSTANT.match(value):
        return moment(datetime.fromisoformat(value))
    if lines := LINE.findall(value):
        return " + ".join(amount(Decimal(figure)) for figure in lines)
    return amount(Decimal(value)) if FIGURE.match(value) else value


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
    "thousands": thousands,
    "sentence": sentence,
    "clock": clock,
    "day": day,
    "hour": hour,
    "moment": moment,
    "heading": heading,
    "iso": iso,
    "initials": initials,
    "short_name": short_name,
    "bank": bank,
    "grouped": grouped,
    "state_class": state_class,
    "state_icon": state_icon,
}
