"""Treasury in the house's words: what each kind of entry, movement and request is called, and its tone."""

from __future__ import annotations

from domain.approvals import ApprovalKind, ApprovalState
from domain.closings import ClosingState
from domain.ledger import Source
from domain.movements import MovementKind

SOURCES = {
    Source.OPERACION: "Operación",
    Source.APERTURA: "Saldo inicial",
    Source.AJUSTE: "Ajuste",
    Source.TRANSFERENCIA: "Transferencia",
    Source.GASTO: "Gasto",
    Source.DEVOLUCION: "Devolución",
    Source.ASIGNACION: "Asignación",
    Source.REVALUACION: "Diferencia de cambio",
}
MOVEMENTS = {
    MovementKind.APERTURA: "Saldo inicial",
    MovementKind.AJUSTE: "Ajuste",
    MovementKind.TRANSFERENCIA: "Transferencia interna",
    MovementKind.GASTO: "Gasto o comisión",
}
REQUESTS = {
    ApprovalKind.MOVIMIENTO: ("landmark", "Movimiento"),
    ApprovalKind.TIPO_DE_CAMBIO: ("chart-line", "Tasas"),
    ApprovalKind.REABRIR_DIA: ("lock-open", "Reabrir un día"),
    ApprovalKind.REABRIR_PERIODO: ("lock-open", "Reabrir un mes"),
    ApprovalKind.ANULAR_ASIENTO: ("undo-2", "Anular un asiento"),
}
REQUEST_TONES = {
    ApprovalState.PENDIENTE: "pendiente",
    ApprovalState.APROBADA: "completada",
    ApprovalState.NEGADA: "cancelado",
}
CLOSING_TONES = {
    ClosingState.BORRADOR: "pendiente",
    ClosingState.FIRMADO: "completada",
    ClosingState.REABIERTO: "cancelado",
}
