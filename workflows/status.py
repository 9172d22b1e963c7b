"""How an operation reads in the Temporal UI: search attributes and details in Spanish, without personal data."""

from __future__ import annotations

from typing import Any

from temporalio import workflow
from temporalio.common import SearchAttributeUpdate

with workflow.unsafe.imports_passed_through():
    from domain.calendar import format_moment
    from domain.operations import Operation, State
    from workflows import names

_NEXT = {
    State.PENDIENTE: "Espera que el cliente transfiera y envíe su constancia.",
    State.EN_PROCESO: "Espera que el operador pague al cliente y la complete.",
    State.COMPLETADA: "Pagada. Quedan comprobante, correo y liquidación hasta que este flujo cierre.",
    State.CANCELADO: "Cancelada. Queda avisar al cliente.",
    State.EXPIRADA: "Expiró sin transferencia. Queda avisar al cliente.",
}


def search_attributes(operation: Operation) -> dict[str, SearchAttributeUpdate[Any]]:
    """The attributes that change during a life, by name."""
    operator = str(operation.operator_id) if operation.operator_id is not None else None
    attention = "en revisión" if operation.on_hold else ("sí" if operation.attention else "no")
    return {
        "OpEstado": names.OP_ESTADO.value_set(operation.state.value),
        "OpOperador": names.OP_OPERADOR.value_set(operator) if operator else names.OP_OPERADOR.value_unset(),
        "OpAtencion": names.OP_ATENCION.value_set(attention),
        "OpVence": names.OP_VENCE.value_set(operation.expires_at)
        if operation.expires_at
        else names.OP_VENCE.value_unset(),
    }


def details(operation: Operation) -> str:
    """Markdown for support staff: where it stands, who has it, what it waits for, until when."""
    lines = [
        f"### {operation.code} · {operation.state}",
        f"{operation.summary()} — el cliente {operation.flow()}.",
        "",
        f"- **Ahora:** {_now(operation)}",
        f"- **Cliente:** {operation.client_id} · **Operador:** {operation.operator_id or 'sin asignar'}",
    ]
    if operation.expires_at is not None:
        lines.append(f"- **Vence:** {format_moment(operation.expires_at)} (Lima)")
    if operation.in_process_since is not None and operation.open:
        lines.append(f"- **En proceso desde:** {format_moment(operation.in_process_since)} (Lima)")
    if operation.attention:
        lines.append(f"- **Atención:** {operation.attention}")
    lines.append(f"- **Versión:** {operation.version}")
    return "\n".join(lines)


def _now(operation: Operation) -> str:
    if operation.on_hold and operation.open:
        return "En revisión. Continúa cuando Middle Office resuelva."
    return _NEXT[operation.state]
