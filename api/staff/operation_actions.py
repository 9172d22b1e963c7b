"""What a person can do with an operation now, and the reason for each thing that it can't: for the screen's buttons."""

from __future__ import annotations

from datetime import datetime

from api.auth import SignedUser
from api.staff.operation_views import ActionView
from domain import commands as c
from domain.decisions import editable
from domain.errors import Refused
from domain.lifecycle import RULES, decide, why_not
from domain.operations import EffectState, Operation

OVERDUE = "Su plazo ya venció."
TRIED = frozenset({c.Complete, c.StartProcessing, c.Cancel})


def actions(operation: Operation, user: SignedUser, now: datetime) -> list[ActionView]:
    """Every command of the transition table, in its order."""
    return [_action(operation, command, user, now) for command in RULES]


def _action(operation: Operation, command: type, user: SignedUser, now: datetime) -> ActionView:
    reason = why_not(operation, command, user.actor) or _more(operation, command, user, now)
    return ActionView(command=RULES[command].name.replace("_", "-"), allowed=not reason, reason=reason)


def _more(operation: Operation, command: type, user: SignedUser, now: datetime) -> str:
    """What the state alone doesn't tell: a term that is over, sums that don't tie, nothing to retry."""
    on_effects = command in {c.RetryEffect, c.WaiveEffect}
    missing = (
        (operation.overdue(now) and not on_effects, OVERDUE),
        (
            command is c.Edit and not editable(operation.state, user.role),
            f"Con tu rol no puedes cambiarla mientras está {operation.state}.",
        ),
        (command in {c.ReleaseHold, c.ConfirmHold} and not operation.on_hold, "No está retenida."),
        (
            on_effects and EffectState.REFUSED not in operation.effects.values(),
            "No hay nada rechazado que atender.",
        ),
        (command is c.ExtendDeadline and operation.expires_at is None, "No tiene un plazo que ampliar."),
    )
    why = next((sentence for holds, sentence in missing if holds), "")
    return why or (_tried(operation, command, user, now) if command in TRIED else "")


def _tried(operation: Operation, command: type, user: SignedUser, now: datetime) -> str:
    """These need nothing that is not there already (a reason is typed later), so the rules themselves answer."""
    try:
        decide(operation, command(actor=user.actor, **({"reason": "motivo"} if command is c.Cancel else {})), now)
    except Refused as refusal:
        return refusal.message
    return ""
