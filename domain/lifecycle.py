"""The life of an operation: one table of who may do what in which state, and what each command does to it.

Every function here is pure: given the operation, the command and the time, it answers the operation as it would be,
or refuses. The workflow decides twice (before accepting, and again under its lock) and only then writes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from domain import commands as c
from domain.decisions import DECISIONS, closed
from domain.errors import Conflict, Forbidden, Refused
from domain.operations import OPEN, Actor, ActorKind, Assessment, Effect, EffectState, Operation, State
from domain.permissions import Permission, Role, allows

ANY_STATE = frozenset(State)
PENDING = frozenset({State.PENDIENTE})
PROCESSING = frozenset({State.EN_PROCESO})


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One line of the transition table.

    `name` is the persisted name of the Temporal update and, in kebab case, of the route. `to` is None where the
    command leaves the state. `assigned` means that an Operador must be the one who has the operation.
    """

    name: str
    sources: frozenset[State]
    to: State | None
    permission: Permission
    by_client: bool = False
    assigned: bool = False


RULES: dict[type, Rule] = {
    c.SubmitProof: Rule(
        name="submit_proof",
        sources=OPEN,
        to=State.EN_PROCESO,
        permission=Permission.OPERATIONS_SUBMIT_PROOF,
        by_client=True,
    ),
    c.Edit: Rule(name="edit", sources=OPEN, to=None, permission=Permission.OPERATIONS_READ, assigned=True),
    c.StartProcessing: Rule(
        name="start_processing",
        sources=PENDING,
        to=State.EN_PROCESO,
        permission=Permission.OPERATIONS_START_PROCESSING,
    ),
    c.ReturnToPending: Rule(
        name="return_to_pending",
        sources=PROCESSING,
        to=State.PENDIENTE,
        permission=Permission.OPERATIONS_RETURN,
        assigned=True,
    ),
    c.Reassign: Rule(name="reassign", sources=PROCESSING, to=None, permission=Permission.OPERATIONS_REASSIGN),
    c.AttachProof: Rule(
        name="attach_proof",
        sources=PROCESSING,
        to=None,
        permission=Permission.OPERATIONS_ATTACH_PROOF,
        assigned=True,
    ),
    c.RemoveProof: Rule(
        name="remove_proof",
        sources=PROCESSING,
        to=None,
        permission=Permission.OPERATIONS_ATTACH_PROOF,
        assigned=True,
    ),
    c.Complete: Rule(
        name="complete",
        sources=PROCESSING,
        to=State.COMPLETADA,
        permission=Permission.OPERATIONS_COMPLETE,
        assigned=True,
    ),
    c.Cancel: Rule(
        name="cancel",
        sources=OPEN,
        to=State.CANCELADO,
        permission=Permission.OPERATIONS_CANCEL_PENDING,
        by_client=True,
    ),
    c.ExtendDeadline: Rule(
        name="extend_deadline", sources=PENDING, to=None, permission=Permission.OPERATIONS_EXTEND_DEADLINE
    ),
    c.ReleaseHold: Rule(name="release_hold", sources=OPEN, to=None, permission=Permission.OPERATIONS_RESOLVE_HOLD),
    c.ConfirmHold: Rule(
        name="confirm_hold", sources=OPEN, to=State.CANCELADO, permission=Permission.OPERATIONS_RESOLVE_HOLD
    ),
    c.RetryEffect: Rule(name="retry_effect", sources=ANY_STATE, to=None, permission=Permission.OPERATIONS_RETRY_EFFECT),
    c.WaiveEffect: Rule(name="waive_effect", sources=ANY_STATE, to=None, permission=Permission.OPERATIONS_WAIVE_EFFECT),
}


def decide(operation: Operation, command: c.Command, now: datetime) -> Operation:
    """The operation as `command` leaves it, one version later.

    Raises Forbidden when the actor may not, Conflict when the state does not allow it, Invalid when the input is wrong.
    """
    rule = RULES[type(command)]
    _check_actor(operation, command.actor, rule)
    _check_state(operation, rule)
    after = DECISIONS[type(command)](operation, command, now)
    return replace(after, version=operation.version + 1)


def why_not(operation: Operation, command: type, actor: Actor) -> str:
    """Why this person can't use this command now, in a sentence for the screen; empty when it can."""
    rule = RULES[command]
    try:
        _check_actor(operation, actor, rule)
        _check_state(operation, rule)
    except Refused as refusal:
        return refusal.message
    return ""


def expire(operation: Operation, now: datetime) -> Operation:
    """The client did not transfer in time."""
    return closed(operation, State.EXPIRADA, now, "No se recibió la transferencia dentro del plazo.")


def assessed(operation: Operation, outcome: Assessment, now: datetime) -> Operation:
    """Compliance has looked: go on, or hold. A hold stops the clock of a Pendiente operation."""
    after = replace(operation, version=operation.version + 1, assessment=outcome)
    if outcome is not Assessment.HELD or operation.expires_at is None or operation.state is not State.PENDIENTE:
        return after
    return replace(after, expires_at=None, time_left=max(operation.expires_at - now, now - now))


def effect_refused(operation: Operation, effect: Effect, why: str) -> Operation:
    """An effect was turned down for good; it waits for a person."""
    effects = {**operation.effects, effect: EffectState.REFUSED}
    return replace(operation, version=operation.version + 1, effects=effects, attention=f"{effect}: {why}"[:200])


def needs_attention(operation: Operation, why: str) -> Operation:
    """Somebody of the house should look at it."""
    return replace(operation, version=operation.version + 1, attention=why[:200])


def _check_actor(operation: Operation, actor: Actor, rule: Rule) -> None:
    if actor.kind is ActorKind.SYSTEM:
        return
    if actor.kind is ActorKind.CLIENT:
        if not rule.by_client or actor.id != operation.client_id:
            raise Forbidden("NOT_ALLOWED", "No puedes hacer esto con esta operación.")
        return
    if actor.role is None or not allows(actor.role, rule.permission):
        raise Forbidden("NOT_ALLOWED", "Tu rol no permite esta acción.")
    if rule.assigned and actor.role is Role.OPERADOR and operation.operator_id != actor.id:
        raise Forbidden("NOT_ASSIGNED", "No la tienes asignada. Pide a un Master que te la reasigne.")


def _check_state(operation: Operation, rule: Rule) -> None:
    if operation.state not in rule.sources:
        raise Conflict("WRONG_STATE", f"{operation.code} ya está {operation.state}; esta acción ya no corresponde.")
