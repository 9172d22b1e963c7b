"""Comprobantes in the house's words: types, colours, calls to NubeFact, and who asked to take one back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from api.staff.invoice_views import InvoiceWhole
from domain.invoices import CreditNoteReason, InvoiceStatus, InvoiceType, VoidMethod, VoidState

KINDS = {
    InvoiceType.FACTURA: "Factura",
    InvoiceType.BOLETA: "Boleta",
    InvoiceType.NOTA_CREDITO: "Nota de crédito",
}
TONES = {
    InvoiceStatus.PENDIENTE: "pendiente",
    InvoiceStatus.ENVIADO: "proceso",
    InvoiceStatus.ACEPTADO: "completada",
    InvoiceStatus.RECHAZADO: "alerta",
    InvoiceStatus.ANULADO: "cancelado",
}
VOID_TONES = {
    VoidState.SOLICITADA: "pendiente",
    VoidState.APROBADA: "proceso",
    VoidState.NEGADA: "quiet",
    VoidState.HECHA: "completada",
    VoidState.FALLIDA: "alerta",
}
METHODS = {VoidMethod.BAJA: "Comunicación de baja", VoidMethod.NOTA_CREDITO: "Nota de crédito"}
NOTE_REASONS = {
    CreditNoteReason.ANULACION: "Anulación de la operación",
    CreditNoteReason.ERROR_RUC: "Anulación por error en el RUC",
    CreditNoteReason.ERROR_DESCRIPCION: "Corrección por error en la descripción",
    CreditNoteReason.DEVOLUCION_TOTAL: "Devolución total",
    CreditNoteReason.OTROS: "Otros conceptos",
}
# What a call came to, by the name of the client's own answer or error.
OUTCOMES = {
    "Answer": "Respondió",
    "Refused": "Lo rechazó",
    "Duplicate": "Ya lo tenía",
    "Unknown": "No lo conoce",
    "Configuration": "La cuenta no está bien",
}
CALLS = {"generar": "Envío", "consultar": "Consulta", "anular": "Baja", "consultar_anulacion": "Consulta de la baja"}


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One call to NubeFact, its two papers laid out to be read."""

    what: str
    outcome: str
    at: datetime
    sent: str
    answered: str


@dataclass(frozen=True, kw_only=True)
class VoidLine:
    """One request to take the comprobante back."""

    what: str
    tone: str
    state: str
    at: datetime
    text: str


def kind(one: InvoiceType) -> str:
    """`Nota de crédito`."""
    return KINDS[one]


def attempts(view: InvoiceWhole) -> list[Attempt]:
    """The calls, newest first."""
    return [
        Attempt(
            what=_call(one.action),
            outcome=OUTCOMES.get(one.outcome, "Sin respuesta útil"),
            at=one.at,
            sent=_laid_out(one.request),
            answered=_laid_out(one.response),
        )
        for one in reversed(view.attempts)
    ]


def voids(view: InvoiceWhole, people: Mapping[int, str]) -> list[VoidLine]:
    """The requests, newest first, with who asked and who decided."""
    lines = []
    for one in reversed(view.voids):
        decided = f"{people.get(one.decided_by, '')}: {one.decision}".strip(": ") if one.decided_by else ""
        parts = [people.get(one.requested_by, ""), one.reason, decided, one.outcome]
        lines.append(
            VoidLine(
                what=METHODS[one.method] if one.method else "Anulación",
                tone=VOID_TONES[one.state],
                state=one.state.value,
                at=one.requested_at,
                text=" · ".join(part for part in parts if part),
            )
        )
    return lines


def _call(action: str) -> str:
    name = action.removesuffix("_comprobante")
    return CALLS.get(name, name.replace("_", " ").capitalize())


def _laid_out(paper: Mapping[str, object]) -> str:
    return json.dumps(paper, ensure_ascii=False, indent=2) if paper else "Sin respuesta"
