"""How the panel writes what only its people read: 24 h, and the house's histories. The rest is api/pages/words.py."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from api.pages import words
from api.pages.words import amount, bank, clock, day, grouped, iso, rate, state_class, with_symbol
from domain.calendar import business_day, format_day, in_lima

__all__ = ["amount", "bank", "clock", "day", "grouped", "iso", "rate", "state_class", "with_symbol"]

DAYS = ("Lun.", "Mar.", "Mié.", "Jue.", "Vie.", "Sáb.", "Dom.")
MONTHS = (
    *("Enero", "Febrero", "Marzo", "Abril", "Mayo", "Junio"),
    *("Julio", "Agosto", "Setiembre", "Octubre", "Noviembre", "Diciembre"),
)
DAY = re.compile(r"(\d{4})-(\d\d)-(\d\d)")
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT")
LINE = re.compile(r"#\d+ (\d+\.\d\d)\b")
FIGURE = re.compile(r"\d+\.\d\d$")


def list_date(text: str) -> str:
    """The day that a list gives of itself: `15/01/2026` of an ISO one, else as the list writes it."""
    found = DAY.fullmatch(text)
    return f"{found[3]}/{found[2]}/{found[1]}" if found else text


def sentence(text: str) -> str:
    """Its first letter in capitals and the rest as it is: `US$` and names keep theirs."""
    return text[:1].upper() + text[1:]


def thousands(figure: str) -> str:
    """`12,345` or `12,345.60` of a figure that came as text, with the decimals that it has."""
    return f"{Decimal(figure):,}"


def month_name(month: int) -> str:
    """`Noviembre` of 11."""
    return MONTHS[month - 1]


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


def short_name(name: str) -> str:
    """`R. Ccama`."""
    first, _, rest = name.partition(" ")
    return f"{first[0]}. {rest.split()[0]}" if rest else name


def kept(value: str) -> str:
    """As a history keeps it (an instant in ISO, lines as `#1 1200.00 00984512`), for people."""
    if not value:
        return "nada"
    if INSTANT.match(value):
        return moment(datetime.fromisoformat(value))
    if lines := LINE.findall(value):
        return " + ".join(amount(Decimal(figure)) for figure in lines)
    return amount(Decimal(value)) if FIGURE.match(value) else value


FILTERS: dict[str, Callable[..., Any]] = {
    **words.FILTERS,
    "thousands": thousands,
    "list_date": list_date,
    "date": format_day,
    "sentence": sentence,
    "hour": hour,
    "moment": moment,
    "heading": heading,
    "short_name": short_name,
}
