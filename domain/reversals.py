"""Undoing a completed operation: one person asks, another agrees, and all that it left is taken back together."""

from __future__ import annotations

from enum import StrEnum

from domain.errors import Conflict
from domain.operations import State


class ReversalState(StrEnum):
    """Solicitada → Aprobada (the books are undone, its comprobante is on its way back) → Hecha; or Negada."""

    SOLICITADA = "Solicitada"
    APROBADA = "Aprobada"
    NEGADA = "Negada"
    HECHA = "Hecha"


# One of these an operation, ever: what was undone is not undone again.
STANDING = (ReversalState.SOLICITADA, ReversalState.APROBADA, ReversalState.HECHA)


def check_reversible(code: str, state: State) -> None:
    """Raises Conflict for an operation that moved no money: that one is cancelled, or was."""
    if state is not State.COMPLETADA:
        raise Conflict("NOT_COMPLETED", f"{code} está {state}: solo se reversa una operación completada.")
