"""Reference rates of the central bank's public statistics (BCRPData): the bank market's and SBS's, by day.

https://estadisticas.bcrp.gob.pe/estadisticas/series/ayuda/api. Nothing is priced from these figures: when they do not
come, the last ones stay with their age (F291).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import httpx

from domain.money import PIP
from domain.rates import Reference
from integrations.connections import connections
from integrations.settings import BcrpSettings

# Series of purchase and sale in PEN per USD: interbank market, and the banking system's published by SBS.
SERIES: dict[str, tuple[str, str]] = {
    "BCRP": ("PD04637PD", "PD04638PD"),
    "SBS": ("PD04639PD", "PD04640PD"),
}
_MONTHS = ("Ene", "Feb", "Mar", "Abr", "May", "Jun", "Jul", "Ago", "Set", "Oct", "Nov", "Dic")
_CENTURY = 2000
_NAME = re.compile(rf"(?P<day>\d{{2}})\.(?P<month>{'|'.join(_MONTHS)})\.(?P<year>\d{{2}})")
_FIGURE = re.compile(r"[1-9]\d?(\.\d+)?")


class BcrpDown(Exception):
    """It did not answer, or not with what its manual says."""


class Bcrp:
    """The series API, called a few times a day."""

    def __init__(self, settings: BcrpSettings) -> None:
        """No connection is kept: the next call is hours away."""
        self._settings = settings

    async def rates(self, since: date, until: date) -> Sequence[Reference]:
        """Every source's rates between two days, both included; a day without figures is left out. Raises BcrpDown."""
        async with connections(self._settings.bcrp_api_url, timeout=self._settings.bcrp_timeout) as http:
            return [one for source in SERIES for one in await self._of(http, source, since, until)]

    async def _of(self, http: httpx.AsyncClient, source: str, since: date, until: date) -> list[Reference]:
        series = "-".join(SERIES[source])
        try:
            answer = await http.get(f"{self._settings.bcrp_api_url}/{series}/json/{since}/{until}/esp")
            answer.raise_for_status()
            return [found for period in answer.json()["periods"] if (found := _reference(source, period))]
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
            raise BcrpDown(f"BCRPData no respondió como dice su manual ({type(error).__name__}).") from error


def _reference(source: str, period: dict[str, Any]) -> Reference | None:
    """`{"name": "25.Nov.26", "values": ["3.75", "3.76"]}`; `n.d.` stands for no figure."""
    figures, name = period["values"], _NAME.fullmatch(period["name"])
    if not name or not all(_FIGURE.fullmatch(value) for value in figures):
        return None
    day = date(_CENTURY + int(name["year"]), _MONTHS.index(name["month"]) + 1, int(name["day"]))
    buy, sell = (Decimal(value).quantize(PIP) for value in figures)
    return Reference(source=source, day=day, buy=buy, sell=sell)
