"""Completing with the date of an earlier day: the money moved then, and somebody says so only now (F038)."""

from __future__ import annotations

from datetime import datetime, timedelta

from domain.calendar import business_day, day_bounds
from domain.commands import Complete
from domain.errors import Forbidden, Invalid
from domain.operations import Operation
from domain.permissions import Role

# A weekend and a holiday; further back the day is no longer anybody's to choose. The comprobante is of today.
MOST = timedelta(days=3)


def finished_at(operation: Operation, command: Complete, now: datetime) -> datetime:
    """Now, or the end of the Lima day that a Master says: state, books, position and matches count it there, together.

    Raises:
        Forbidden: somebody else than a Master says it, or whoever paid it.
        Invalid: the day is not one of the last three, or the operation was not En proceso yet.
    """
    day = command.value_day
    if day is None:
        return now
    if command.actor.role is not Role.MASTER:
        raise Forbidden("NOT_ALLOWED", "Solo un Master completa con la fecha de un día anterior.")
    if command.actor.id == operation.operator_id:
        raise Forbidden("TWO_PEOPLE", "La pagaste tú: con fecha de otro día la completa otra persona.")
    today, end = business_day(now), day_bounds(day)[1] - timedelta(seconds=1)
    if not today - MOST <= day < today:
        raise Invalid("VALUE_DAY", f"Elige uno de los {MOST.days} días anteriores.", field="value_day")
    if operation.in_process_since is not None and operation.in_process_since > end:
        raise Invalid("VALUE_DAY", "Ese día la operación aún no estaba En proceso.", field="value_day")
    return end
