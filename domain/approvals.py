"""What one person asks and another decides."""

from __future__ import annotations

from enum import StrEnum


class ApprovalKind(StrEnum):
    """What is asked."""

    MOVIMIENTO = "movimiento"
    TIPO_DE_CAMBIO = "tipo de cambio"
    REABRIR_DIA = "reabrir día"
    REABRIR_PERIODO = "reabrir período"
    ANULAR_ASIENTO = "anular asiento"


class ApprovalState(StrEnum):
    """Pendiente until somebody else decides."""

    PENDIENTE = "Pendiente"
    APROBADA = "Aprobada"
    NEGADA = "Negada"
