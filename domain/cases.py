"""Compliance cases: what opens them, the states they pass through, and what a decision does to a held operation.

That a case exists is itself secret (duty of secrecy, "deber de reserva"): only who may read compliance learns it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from domain.errors import Conflict, Invalid

# Duty to report to the UIF-Perú: a ROS is sent at most 24 hours after the operation is qualified as suspicious.
ROS_WITHIN = timedelta(hours=24)


class CaseState(StrEnum):
    """Where a case stands."""

    PENDIENTE = "Pendiente"
    EN_REVISION = "En revisión"
    ESCALADA = "Escalada"
    RESUELTA = "Resuelta"
    FALSA_ALARMA = "Falsa alarma"


class CaseKind(StrEnum):
    """What a case is about. A client has at most one open case of a kind, and what is found meanwhile joins it."""

    LISTA = "lista"
    PEP = "pep"
    MONITOREO = "monitoreo"
    ESTRUCTURACION = "estructuración"
    VINCULOS = "vínculos"


class Severity(StrEnum):
    """How soon a person should look. Members go from least to most."""

    BAJA = "Baja"
    MEDIA = "Media"
    ALTA = "Alta"
    CRITICA = "Crítica"


class Decision(StrEnum):
    """What the officer decides: the operation goes on, or the finding is confirmed and it is cancelled."""

    LIBERAR = "liberar"
    CONFIRMAR = "confirmar"


OPEN = frozenset({CaseState.PENDIENTE, CaseState.EN_REVISION, CaseState.ESCALADA})
TRANSITIONS: dict[CaseState, frozenset[CaseState]] = {
    CaseState.PENDIENTE: frozenset({CaseState.EN_REVISION}),
    CaseState.EN_REVISION: frozenset({CaseState.ESCALADA, CaseState.RESUELTA, CaseState.FALSA_ALARMA}),
    CaseState.ESCALADA: frozenset({CaseState.RESUELTA, CaseState.FALSA_ALARMA}),
    CaseState.RESUELTA: frozenset(),
    CaseState.FALSA_ALARMA: frozenset(),
}
# What is closed as a false alarm is not reported; everything else that was called suspicious is.
REPORTED = frozenset(CaseState) - {CaseState.FALSA_ALARMA}
OUTCOME = {Decision.LIBERAR: CaseState.FALSA_ALARMA, Decision.CONFIRMAR: CaseState.RESUELTA}


def moved(state: CaseState, to: CaseState) -> CaseState:
    """`to`, when a case may go there. Raises Conflict."""
    if to not in TRANSITIONS[state]:
        raise Conflict("CASE_STATE", f"El caso está «{state}»: no puede pasar a «{to}».")
    return to


def worst(one: Severity, other: Severity) -> Severity:
    """The graver of two: a case that is joined never becomes milder."""
    order = list(Severity)
    return max(one, other, key=order.index)


def alarm_due(marked_at: datetime, now: datetime, *, before: timedelta) -> bool:
    """Whether the officer must be reminded: less than `before` is left to send the ROS, or it is late."""
    return now >= ros_deadline(marked_at) - before


def check_snooze(days: int, reason: str, *, most: int) -> None:
    """Raises Invalid when a rule would be silent for too long or without a reason."""
    if not 1 <= days <= most:
        raise Invalid("SNOOZE_TOO_LONG", f"Puedes silenciar una regla entre 1 y {most} días.", field="days")
    if not reason.strip():
        raise Invalid("REASON_MISSING", "Escribe el motivo.", field="reason")


def ros_deadline(marked_at: datetime) -> datetime:
    """Until when the ROS of what was called suspicious at `marked_at` (UTC) must be sent."""
    return marked_at + ROS_WITHIN
