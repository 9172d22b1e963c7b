"""When the house attends, with Peru's holidays: what a page says when somebody comes outside these hours."""

from __future__ import annotations

from datetime import UTC, datetime

from fastapi import APIRouter

from api.auth import public
from api.public.identity import Json
from api.services import ServicesDep
from db import parameters
from domain.calendar import (
    Hours,
    business_day,
    format_day,
    in_lima,
    is_open,
    next_closing,
    next_opening,
    upcoming_holidays,
    week,
)
from domain.parameters import HOURS_PARAMETERS

router = APIRouter(tags=["Contrato: horario"])

DAYS = ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo")
SHOWN = 5


@router.get(
    "/api/web/business-hours", dependencies=[public("el horario se publica; se pregunta antes de crear una operación")]
)
async def business_hours(services: ServicesDep) -> Json:
    """Whether the house attends now, since or until when, its week, and the next holidays; all in Lima's time.

    Outside hours an operation may be created all the same: `mensaje` says when it will be attended. The week is dated
    figures that Master edits.
    """
    now = datetime.now(UTC)
    async with services.sessions() as session:
        figures = await parameters.values(session, [one.name for one in HOURS_PARAMETERS], business_day(now))
    return {"success": True, "data": described(now, week(figures))}


def described(now: datetime, hours: Hours) -> Json:
    """What the page shows at `now`."""
    days = [
        {"dia": DAYS[day], "abre": f"{opens:%H:%M}", "cierra": f"{closes:%H:%M}"}
        for day, (opens, closes) in sorted(hours.items())
    ]
    holidays = [{"fecha": day.isoformat(), "nombre": name} for day, name in upcoming_holidays(business_day(now), SHOWN)]
    return {**_now(now, hours), "horario": days, "feriados": holidays}


def _now(now: datetime, hours: Hours) -> Json:
    if not hours:
        return {"abierto": False, "mensaje": "Por ahora no atendemos. Vuelve pronto.", "abre": None, "cierra": None}
    opens, closes = in_lima(next_opening(now, hours)), in_lima(next_closing(now, hours))
    attending = is_open(now, hours)
    return {
        "abierto": attending,
        "mensaje": f"Atendemos hoy hasta las {closes:%H:%M}." if attending else _closed(now, opens),
        "abre": opens.isoformat(timespec="seconds"),
        "cierra": closes.isoformat(timespec="seconds"),
    }


def _closed(now: datetime, opens: datetime) -> str:
    day = "hoy" if opens.date() == business_day(now) else f"el {DAYS[opens.weekday()]} {format_day(opens.date())}"
    return f"Ahora no atendemos. Tu operación se atenderá {day} desde las {opens:%H:%M}."
