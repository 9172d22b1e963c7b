"""When the house attends, with Peru's holidays: what a page says when somebody comes outside these hours."""

from __future__ import annotations

from datetime import UTC, datetime

from fastapi import APIRouter

from api.auth import public
from api.public.identity import Json
from domain.calendar import (
    OPENING_HOURS,
    business_day,
    format_day,
    in_lima,
    is_open,
    next_closing,
    next_opening,
    upcoming_holidays,
)

router = APIRouter(tags=["Contrato: horario"])

DAYS = ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo")
SHOWN = 5


@router.get(
    "/api/web/business-hours", dependencies=[public("el horario se publica; se pregunta antes de crear una operación")]
)
async def business_hours() -> Json:
    """Whether the house attends now, since or until when, its week, and the next holidays; all in Lima's time.

    Outside hours an operation may be created all the same: `mensaje` says when it will be attended.
    """
    now = datetime.now(UTC)
    opens, closes = next_opening(now), next_closing(now)
    return {"success": True, "data": described(now, opens=opens, closes=closes)}


def described(now: datetime, *, opens: datetime, closes: datetime) -> Json:
    """What the page shows at `now`."""
    attending = is_open(now)
    return {
        "abierto": attending,
        "mensaje": _said(now, attending=attending, opens=opens, closes=closes),
        "abre": in_lima(opens).isoformat(timespec="seconds"),
        "cierra": in_lima(closes).isoformat(timespec="seconds"),
        "horario": [
            {"dia": DAYS[day], "abre": f"{hours[0]:%H:%M}", "cierra": f"{hours[1]:%H:%M}"}
            for day, hours in sorted(OPENING_HOURS.items())
        ],
        "feriados": [
            {"fecha": day.isoformat(), "nombre": name} for day, name in upcoming_holidays(business_day(now), SHOWN)
        ],
    }


def _said(now: datetime, *, attending: bool, opens: datetime, closes: datetime) -> str:
    if attending:
        return f"Atendemos hoy hasta las {in_lima(closes):%H:%M}."
    at, today = in_lima(opens), business_day(now)
    day = "hoy" if at.date() == today else f"el {DAYS[at.weekday()]} {format_day(at.date())}"
    return f"Ahora no atendemos. Tu operación se atenderá {day} desde las {at:%H:%M}."
