"""Who hears of what on screen: event names that the pages and the existing clients listen to, and their rooms."""

from __future__ import annotations

from dataclasses import dataclass

from domain.operations import Assessment, Operation, State
from domain.permissions import Role

EVERYBODY = "todos"

# What a client's own room hears. The names that the existing clients listen to are theirs (client contract, 7).
OPERATION_CREATED = "nueva_operacion"
OPERATION_MOVED = "operacion_cliente_actualizada"
RATE_REACHED = "alerta_tipo_cambio"
ACCOUNT_APPROVED = "documents_approved"
ACCOUNT_CHANGED = "cliente_actualizado"
PAPER_OBSERVED = "documento_observado"
INVOICE_ISSUED = "comprobante_emitido"
INVOICE_ANNULLED = "comprobante_anulado"
PASSWORD_CHANGED = "clave_cambiada"  # noqa: S105 - an event's name
# What a client reads again in its notices: one event a step. The others that the room hears say the same to other apps.
NEWS = (
    OPERATION_CREATED,
    OPERATION_MOVED,
    RATE_REACHED,
    ACCOUNT_APPROVED,
    ACCOUNT_CHANGED,
    PAPER_OBSERVED,
    INVOICE_ISSUED,
    INVOICE_ANNULLED,
    PASSWORD_CHANGED,
)


def role_room(role: Role) -> str:
    """All signed-in people of a role."""
    return f"role_{role}"


def user_room(user_id: int) -> str:
    """One person of the house."""
    return f"user_{user_id}"


def client_room(client_id: int) -> str:
    """One client, on all its devices. By internal id: the document number never names a room in storage."""
    return f"client_{client_id}"


@dataclass(frozen=True, kw_only=True)
class Announcement:
    """An event for a room."""

    event: str
    room: str


def announcements(before: Operation | None, after: Operation, *, trader_id: int | None) -> tuple[Announcement, ...]:
    """What this step of an operation says, and to whom. A hold is only told to Middle Office (duty of secrecy)."""
    if before is not None and before.state is after.state and _hold_changed(before, after):
        return (Announcement(event="operacion_retenida", room=role_room(Role.MIDDLE_OFFICE)),)
    desk = [role_room(Role.MASTER), role_room(Role.OPERADOR)]
    if trader_id is not None:
        desk.append(user_room(trader_id))
    told = [Announcement(event=_desk_event(before, after), room=room) for room in desk]
    told += [Announcement(event=event, room=client_room(after.client_id)) for event in _client_events(before, after)]
    return (*told, *_assignment(before, after))


def _hold_changed(before: Operation, after: Operation) -> bool:
    held = Assessment.HELD
    return before.assessment is not after.assessment and held in {before.assessment, after.assessment}


def _desk_event(before: Operation | None, after: Operation) -> str:
    if before is None:
        return "nueva_operacion"
    if before.state is after.state:
        return "operacion_actualizada"
    return {
        State.PENDIENTE: "operacion_actualizada",
        State.EN_PROCESO: "operacion_en_proceso",
        State.COMPLETADA: "operacion_completada",
        State.CANCELADO: "operacion_cancelada",
        State.EXPIRADA: "operacion_expirada",
    }[after.state]


def _client_events(before: Operation | None, after: Operation) -> tuple[str, ...]:
    """The existing web listens to `operacion_cliente_actualizada`, the mobile to the others (client contract, 7)."""
    if before is None:
        return (OPERATION_CREATED,)
    if before.state is after.state:
        changed = before.amount_usd != after.amount_usd or before.expires_at != after.expires_at
        return (OPERATION_MOVED, "operacion_actualizada") if changed else ()
    last = {
        State.COMPLETADA: "operacion_completada",
        State.CANCELADO: "operacion_cancelada",
        State.EXPIRADA: "operation_expired",
    }.get(after.state, "operacion_actualizada")
    return (OPERATION_MOVED, last)


def _assignment(before: Operation | None, after: Operation) -> tuple[Announcement, ...]:
    held_by = before.operator_id if before is not None else None
    if held_by == after.operator_id:
        return ()
    told = []
    if after.operator_id is not None:
        told.append(Announcement(event="operacion_asignada", room=user_room(after.operator_id)))
    if held_by is not None:
        told.append(Announcement(event="operacion_reasignada_removida", room=user_room(held_by)))
    return tuple(told)
