"""How the portal speaks to a client: its own side of the exchange, hours as Lima's people say them, no jargon."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from api.pages import words
from domain.calendar import Hours, business_day, in_lima, is_open, next_closing, next_opening
from domain.money import Currency
from domain.operations import Kind

MONTHS = (
    "enero",
    "febrero",
    "marzo",
    "abril",
    "mayo",
    "junio",
    "julio",
    "agosto",
    "setiembre",
    "octubre",
    "noviembre",
    "diciembre",
)
WEEKDAYS = ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo")
NOON = 12
# Bank → the class of its mark and its monogram: our own, no third party's logo.
MARKS = {
    "BCP": ("bcp", "BCP"),
    "INTERBANK": ("ibk", "IBK"),
    "BBVA": ("bbva", "BBVA"),
    "SCOTIABANK": ("sct", "SCT"),
    "BANBIF": ("bif", "BIF"),
    "PICHINCHA": ("pic", "PIC"),
}
SHOWN_DIGITS = 4


def hour(instant: datetime) -> str:
    """As people say it: `10:47 a. m.`."""
    return clock_hour(in_lima(instant).time())


def clock_hour(hour: time) -> str:
    """As people say an hour of the house: `6:00 p. m.`."""
    return f"{hour.hour % NOON or NOON}:{hour:%M}\u00a0{'a. m.' if hour.hour < NOON else 'p. m.'}"


def long_day(day: date) -> str:
    """`25 de noviembre`."""
    return f"{day.day} de {MONTHS[day.month - 1]}"


def short_day(instant: datetime) -> str:
    """`hoy`, `ayer`, `18 nov`, and with its year when it is another one."""
    day, today = business_day(instant), business_day(datetime.now(UTC))
    named = {today: "hoy", today - timedelta(days=1): "ayer"}.get(day)
    return named or f"{day.day} {MONTHS[day.month - 1][:3]}{'' if day.year == today.year else f' {day.year}'}"


def moment(instant: datetime) -> str:
    """`hoy, 10:47 a. m.`."""
    return f"{short_day(instant)}, {hour(instant)}"


def attends(now: datetime, hours: Hours) -> str:
    """Until when the house attends, or from when it will."""
    if not hours:
        return "Por ahora no atendemos. Vuelve pronto."
    if is_open(now, hours):
        return f"Atendemos hoy hasta las {hour(next_closing(now, hours))}"
    opens = next_opening(now, hours)
    day = business_day(opens)
    named = {business_day(now): "hoy", business_day(now) + timedelta(days=1): "mañana"}
    said = named.get(day, f"el {WEEKDAYS[day.weekday()]} {long_day(day)}")
    return f"Ahora estamos cerrados. Atendemos {said} desde las {hour(opens)}"


def wish(kind: Kind) -> str:
    """The client's side: what the house sells, the client buys."""
    return "Compras dólares" if kind is Kind.VENTA else "Vendes dólares"


def did(kind: Kind) -> str:
    """The same, when it is over."""
    return "Compraste" if kind is Kind.VENTA else "Vendiste"


def meant(kind: Kind) -> str:
    """What did not come to pass: it was cancelled, or its time was over."""
    return "Ibas a comprar" if kind is Kind.VENTA else "Ibas a vender"


def currency_words(currency: Currency) -> str:
    """`soles` or `dólares`."""
    return currency.words


def tail(number: str) -> str:
    """`···1134`: enough to know one's own account."""
    return f"···{number[-SHOWN_DIGITS:]}"


def mark(bank: str) -> tuple[str, str]:
    """The class and the letters of a bank's mark."""
    return MARKS.get(bank, ("otr", "CCI"))


def discreet(name: str) -> str:
    """`Carlos V.`: enough for a friend to know who it is."""
    first, *others = name.title().split() or [""]
    return f"{first} {others[0][0]}." if others else first


FILTERS: dict[str, Callable[..., Any]] = {
    **words.FILTERS,
    "hour": hour,
    "long_day": long_day,
    "short_day": short_day,
    "moment": moment,
    "wish": wish,
    "did": did,
    "meant": meant,
    "currency_words": currency_words,
    "tail": tail,
    "mark": mark,
    "discreet": discreet,
}
