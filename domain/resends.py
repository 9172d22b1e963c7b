"""Which mails may be sent again: only one that still tells what is true of its operation or its client."""

from __future__ import annotations

from domain.operations import OPEN, Effect, State

# Notice → the effect that first sent it, and the states of which it tells.
OPERATION_NOTICES: dict[str, tuple[Effect, frozenset[State]]] = {
    "creada": (Effect.CREATED_NOTICE, frozenset({State.PENDIENTE})),
    "monto_cambiado": (Effect.AMOUNT_NOTICE, frozenset(OPEN)),
    "en_proceso": (Effect.PROCESS_NOTICE, frozenset({State.EN_PROCESO})),
    "completada": (Effect.CLOSING_NOTICE, frozenset({State.COMPLETADA})),
    "cancelada": (Effect.CLOSING_NOTICE, frozenset({State.CANCELADO})),
    "expirada": (Effect.CLOSING_NOTICE, frozenset({State.EXPIRADA})),
    "reversada": (Effect.CLOSING_NOTICE, frozenset({State.COMPLETADA})),
    "comprobante": (Effect.RECEIPT_NOTICE, frozenset({State.COMPLETADA})),
}
INVOICE_NOTICES = frozenset({"nota_credito", "comprobante_anulado"})
CLIENT_NOTICES = frozenset({"bienvenida", "aprobada", "rechazada", "documento_observado", "recordatorio_documentos"})
SECRETS = frozenset({"contrasena_temporal", "codigo_verificacion"})


def why_not_again(notice: str, *, channel: str, state: State | None) -> str:
    """Why this may not be sent again, for the screen; empty when it may. `state` is its operation's, if it has one."""
    if channel != "correo":
        return "Un push no se repite: llega tarde y confunde."
    if notice in SECRETS:
        return "Lleva un secreto que ya se borró. El cliente puede pedir otro."
    if notice in INVOICE_NOTICES or (state is None and notice in CLIENT_NOTICES):
        return ""
    if state is None or notice not in OPERATION_NOTICES:
        return "Este correo no se repite."
    _, tells_of = OPERATION_NOTICES[notice]
    return "" if state in tells_of else "La operación ya avanzó: este correo diría algo que ya no es así."
