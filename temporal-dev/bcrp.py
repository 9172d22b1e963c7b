"""Recorded answers of BCRPData's series API, for a house without Internet: the same shape, invented figures.

Served by the process of `push.py`, whose port the stack already has.
"""

from __future__ import annotations

from datetime import date, timedelta

from fastapi import FastAPI

MONTHS = ("Ene", "Feb", "Mar", "Abr", "May", "Jun", "Jul", "Ago", "Set", "Oct", "Nov", "Dic")
SATURDAY = 5


def install(app: FastAPI) -> None:
    """Answer as the manual says: one period a day, `n.d.` where the market is shut."""

    @app.get("/estadisticas/series/api/{series}/json/{since}/{until}/esp")
    async def answer(series: str, since: date, until: date) -> dict[str, object]:
        codes = series.split("-")
        days = [since + timedelta(days=place) for place in range((until - since).days + 1)]
        return {
            "config": {"title": "Tipo de cambio", "series": [{"name": code, "dec": "3"} for code in codes]},
            "periods": [{"name": _name(day), "values": _values(day, len(codes))} for day in days],
        }


def _name(day: date) -> str:
    return f"{day.day:02}.{MONTHS[day.month - 1]}.{day.year % 100:02}"


def _values(day: date, count: int) -> list[str]:
    if day.weekday() >= SATURDAY:
        return ["n.d."] * count
    base = 37450 + day.toordinal() * 7 % 90
    return [f"{(base + 20 * place) / 10000:.4f}" for place in range(count)]
