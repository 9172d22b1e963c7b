"""What each command does to an operation, rule by rule. Pure: the operation in, the operation out, or a refusal.

`domain/lifecycle.py` has already checked that the person may and that the state allows it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from domain import commands as c
from domain.errors import Conflict, Forbidden, Invalid
from domain.money import Currency, amount, dollars, to_pen, written
from domain.operations import (
    MAX_DEPOSITS,
    MAX_PAYOUTS,
    MAX_PROOFS,
    ActorKind,
    Assessment,
    Effect,
    EffectState,
    Line,
    Operation,
    Proof,
    State,
    StoredFile,
)
from domain.permissions import Permission, Role, allows
from domain.value_days import finished_at


def _submit_proof(operation: Operation, command: c.SubmitProof, _now: datetime) -> Operation:
    """Registers the abono, its proofs and the expected pago.

    Existing clients send one request per picture, so a proof may still arrive En proceso: it then adds what is
    missing, or only its pictures when the abonos already add up.
    """
    if not command.files and not command.transfer_code.strip():
        raise Invalid("PROOF_EMPTY", "Escribe el número de operación o adjunta la constancia.", field="files")
    _not_held(operation)
    missing = operation.pays - sum((line.amount for line in operation.deposits), Decimal(0))
    after = operation
    if missing > 0:
        paid = missing if command.amount is None else amount(command.amount, field="importe")
        if paid > missing:
            owed = written(missing, operation.kind.client_pays)
            raise Invalid("DEPOSIT_TOO_LARGE", f"El abono no puede pasar de lo que falta: {owed}.", field="importe")
        draft = c.LineDraft(
            amount=paid, account_id=operation.source_account_id, transfer_code=command.transfer_code.strip()
        )
        after = _with_deposits(after, (*_drafts(after.deposits), draft))
    elif command.transfer_code.strip() and not command.files:
        raise Conflict("ALREADY_SENT", "Ya recibimos tu constancia. La estamos verificando.")
    after = _with_proofs(after, command.files, by_operator=False, comment="")
    return _to_processing(after, None, _now)


def _start_processing(operation: Operation, command: c.StartProcessing, now: datetime) -> Operation:
    _not_held(operation)
    _adds_up(operation.deposits, operation.pays, operation.kind.client_pays, "los abonos", "deposits")
    return _to_processing(operation, command.payouts, now)


def _to_processing(operation: Operation, payouts: tuple[c.LineDraft, ...] | None, now: datetime) -> Operation:
    after = operation
    if payouts:
        after = _with_payouts(after, payouts)
    elif not after.payouts:
        whole = c.LineDraft(amount=after.receives, account_id=after.destination_account_id)
        after = _with_payouts(after, (whole,))
    since = operation.in_process_since if operation.state is State.EN_PROCESO else now
    return replace(
        after,
        state=State.EN_PROCESO,
        in_process_since=since,
        expires_at=None,
        time_left=None,
        reason="",
        attention=_attention_after_moving(operation),
    )


def _edit(operation: Operation, command: c.Edit, _now: datetime) -> Operation:
    if command.version is not None and command.version != operation.version:
        raise Conflict(
            "EDIT_CONFLICT", "Otra persona cambió la operación mientras la editabas. Tu cambio no se guardó."
        )
    _check_edit_rights(operation, command)
    after = operation
    if command.amount_usd is not None:
        after = _with_amount(after, command.amount_usd, command.actor.role)
    if command.deposits is not None:
        after = _with_deposits(after, command.deposits)
    if command.payouts is not None:
        after = _with_payouts(after, command.payouts)
    if command.comments is not None:
        after = replace(after, comments=command.comments.strip()[:1000])
    if after == operation:
        raise Invalid("NOTHING_TO_CHANGE", "No cambiaste nada.")
    return after


# Against manipulation (F041): beyond this share of what was agreed, a Master makes the change.
TRADER_EDIT_SHARE = Decimal("0.20")


def _with_amount(operation: Operation, asked: Decimal, role: Role | None) -> Operation:
    """The corrected amount in USD, and PEN at the operation's own rate."""
    usd = amount(asked, field="amount_usd")
    if usd == operation.amount_usd:
        return operation
    agreed = operation.agreed_usd or operation.amount_usd
    if role is not Role.MASTER and abs(usd - agreed) > agreed * TRADER_EDIT_SHARE:
        least, most = agreed * (1 - TRADER_EDIT_SHARE), agreed * (1 + TRADER_EDIT_SHARE)
        raise Forbidden(
            "AMOUNT_NEEDS_MASTER",
            f"Puedes corregirlo entre {dollars(least)} y {dollars(most)}. Para más, pídelo a un Master.",
            field="amount_usd",
        )
    after = replace(operation, amount_usd=usd, amount_pen=to_pen(usd, operation.rate))
    amount(after.amount_pen, field="amount_usd")
    return replace(after, agreed_usd=usd if role is Role.MASTER else agreed)


# design.md section 4: who may edit what. Pendiente is the Trader's desk, En proceso the Operador's.
_EDITABLE: dict[tuple[State, Role], frozenset[str]] = {
    (State.PENDIENTE, Role.TRADER): frozenset({"amount_usd", "deposits", "payouts", "comments"}),
    (State.PENDIENTE, Role.MASTER): frozenset({"amount_usd", "deposits", "payouts", "comments"}),
    (State.EN_PROCESO, Role.OPERADOR): frozenset({"payouts", "comments"}),
    (State.EN_PROCESO, Role.TRADER): frozenset({"deposits"}),
    (State.EN_PROCESO, Role.MASTER): frozenset({"amount_usd", "deposits", "payouts", "comments"}),
}


def editable(state: State, role: Role) -> frozenset[str]:
    """The fields that a role may edit in a state."""
    return _EDITABLE.get((state, role), frozenset())


def _check_edit_rights(operation: Operation, command: c.Edit) -> None:
    asked = {name for name in ("amount_usd", "deposits", "payouts", "comments") if getattr(command, name) is not None}
    allowed = editable(operation.state, command.actor.role) if command.actor.role else frozenset()
    if asked - allowed:
        raise Forbidden("NOT_ALLOWED", f"Con tu rol no puedes cambiar esto mientras está {operation.state}.")


def _return_to_pending(operation: Operation, command: c.ReturnToPending, _now: datetime) -> Operation:
    """Its expiry does not re-arm: the client has already shown a transfer."""
    reason = _reason(command.reason)
    return replace(
        operation, state=State.PENDIENTE, in_process_since=None, operator_id=None, expires_at=None, reason=reason
    )


def _reassign(operation: Operation, command: c.Reassign, _now: datetime) -> Operation:
    if command.operator_id == operation.operator_id:
        raise Invalid("SAME_OPERATOR", "Ese operador ya la tiene.", field="operator_id")
    return replace(operation, operator_id=command.operator_id)


def _attach_proof(operation: Operation, command: c.AttachProof, _now: datetime) -> Operation:
    if not command.files:
        raise Invalid("PROOF_EMPTY", "Adjunta la constancia del pago.", field="file")
    return _with_proofs(operation, command.files, by_operator=True, comment=command.comment.strip()[:500])


def _remove_proof(operation: Operation, command: c.RemoveProof, _now: datetime) -> Operation:
    kept = tuple(proof for proof in operation.proofs if not (proof.by_operator and proof.number == command.number))
    if len(kept) == len(operation.proofs):
        raise Conflict("PROOF_GONE", "Esa constancia ya no está.")
    return replace(operation, proofs=kept)


def _complete(operation: Operation, command: c.Complete, now: datetime) -> Operation:
    if operation.assessment is Assessment.PENDING:
        raise Conflict("ASSESSMENT_PENDING", "La revisión de cumplimiento aún no termina. Intenta en unos segundos.")
    _not_held(operation)
    if not operation.operator_proofs():
        raise Invalid("PROOF_MISSING", "Adjunta al menos una constancia de pago para completar.", field="proofs")
    if not operation.payouts:
        raise Invalid("PAYOUT_MISSING", "Registra al menos un pago para completar.", field="payouts")
    if any(line.account_id is None or line.amount <= 0 for line in operation.payouts):
        raise Invalid("PAYOUT_INCOMPLETE", "Cada pago necesita su cuenta y un monto mayor que cero.", field="payouts")
    _adds_up(operation.deposits, operation.pays, operation.kind.client_pays, "los abonos", "deposits")
    _adds_up(operation.payouts, operation.receives, operation.kind.client_receives, "los pagos", "payouts")
    comments = operation.comments if command.comments is None else command.comments.strip()[:1000]
    done = replace(operation, comments=comments, reason="" if command.value_day is None else _reason(command.reason))
    return replace(done, state=State.COMPLETADA, finished_at=finished_at(operation, command, now), expires_at=None)


def _cancel(operation: Operation, command: c.Cancel, now: datetime) -> Operation:
    if operation.state is State.EN_PROCESO:
        by_client = command.actor.kind is ActorKind.CLIENT
        may = command.actor.role is not None and allows(command.actor.role, Permission.OPERATIONS_CANCEL_IN_PROCESS)
        if by_client:
            raise Conflict("IN_PROCESS", "Ya estamos procesando tu operación, por eso no se puede cancelar.")
        if not may and command.actor.kind is ActorKind.STAFF:
            raise Forbidden("NOT_ALLOWED", "Ya está En proceso; solo un Master puede cancelarla.")
    return closed(operation, State.CANCELADO, now, _reason(command.reason))


def _extend_deadline(operation: Operation, command: c.ExtendDeadline, now: datetime) -> Operation:
    reason = _reason(command.reason)
    if operation.expires_at is None:
        raise Conflict("NO_DEADLINE", "Esta operación no tiene un plazo que ampliar.")
    if command.expires_at <= max(now, operation.expires_at):
        raise Invalid("DEADLINE_NOT_LATER", "El nuevo plazo debe ser posterior al actual.", field="expires_at")
    return replace(operation, expires_at=command.expires_at, reason=reason)


def _release_hold(operation: Operation, command: c.ReleaseHold, now: datetime) -> Operation:
    _held(operation)
    again = now + operation.time_left if operation.time_left is not None else operation.expires_at
    return replace(
        operation,
        assessment=Assessment.CLEAR,
        reason=_reason(command.resolution),
        expires_at=again,
        time_left=None,
    )


def _confirm_hold(operation: Operation, command: c.ConfirmHold, now: datetime) -> Operation:
    _held(operation)
    return closed(operation, State.CANCELADO, now, _reason(command.resolution))


def _retry_effect(operation: Operation, command: c.RetryEffect, _now: datetime) -> Operation:
    _refused_effect(operation, command.effect)
    effects = {**operation.effects, command.effect: EffectState.OWED}
    asked = {effect: user for effect, user in operation.waiver_asked_by.items() if effect is not command.effect}
    return replace(operation, effects=effects, waiver_asked_by=asked, attention=_attention_left(effects))


def _waive_effect(operation: Operation, command: c.WaiveEffect, _now: datetime) -> Operation:
    _refused_effect(operation, command.effect)
    reason = _reason(command.reason)
    first = operation.waiver_asked_by.get(command.effect)
    if first is None:
        asked = {**operation.waiver_asked_by, command.effect: command.actor.id}
        return replace(operation, waiver_asked_by=asked, reason=reason)
    if first == command.actor.id:
        raise Conflict("SECOND_PERSON", "Ya lo pediste tú; falta que otro Master lo apruebe.")
    effects = {**operation.effects, command.effect: EffectState.WAIVED}
    return replace(operation, effects=effects, attention=_attention_left(effects), reason=reason)


def closed(operation: Operation, state: State, now: datetime, reason: str) -> Operation:
    """Ended in `state`, one version later, with every clock stopped."""
    return replace(
        operation,
        version=operation.version + 1,
        state=state,
        finished_at=now,
        expires_at=None,
        time_left=None,
        reason=reason,
        attention=_attention_after_moving(operation),
    )


def _attention_after_moving(operation: Operation) -> str:
    """A refused effect still asks for attention; "sigue Pendiente" no longer does once it has moved."""
    return operation.attention if _attention_left(operation.effects) else ""


def _attention_left(effects: dict[Effect, EffectState]) -> str:
    refused = [effect.value for effect, state in effects.items() if state is EffectState.REFUSED]
    return ", ".join(refused)


def _refused_effect(operation: Operation, effect: Effect) -> None:
    if operation.effects.get(effect) is not EffectState.REFUSED:
        raise Conflict("EFFECT_NOT_REFUSED", f"El efecto «{effect}» no está detenido; no hace falta.")


def _held(operation: Operation) -> None:
    if not operation.on_hold:
        raise Conflict("NOT_ON_HOLD", "La operación no está en revisión.")


def _not_held(operation: Operation) -> None:
    """The text says nothing about compliance: the client and most of the staff must not learn why (duty of secrecy)."""
    if operation.on_hold:
        raise Conflict("UNDER_REVIEW", "Estamos verificando la operación. Te avisaremos apenas pueda continuar.")


def _reason(text: str) -> str:
    if not text.strip():
        raise Invalid("REASON_MISSING", "Escribe el motivo.", field="reason")
    return text.strip()[:500]


def _adds_up(lines: tuple[Line, ...], due: Decimal, currency: Currency, what: str, field: str) -> None:
    """To the cent: the difference is named, with the total to reach (F042)."""
    difference = due - sum((line.amount for line in lines), Decimal(0))
    if difference == 0:
        return
    word = "Faltan" if difference > 0 else "Sobran"
    total = written(due, currency)
    raise Invalid(
        "SUM_MISMATCH", f"{word} {written(abs(difference), currency)} en {what} para llegar a {total}.", field=field
    )


def _with_deposits(operation: Operation, drafts: tuple[c.LineDraft, ...]) -> Operation:
    if len(drafts) > MAX_DEPOSITS:
        raise Invalid("TOO_MANY_DEPOSITS", f"Como máximo {MAX_DEPOSITS} abonos.", field="deposits")
    lines, following = _lines(operation.deposits, drafts, operation.next_number, "deposits")
    return replace(operation, deposits=lines, next_number=following)


def _with_payouts(operation: Operation, drafts: tuple[c.LineDraft, ...]) -> Operation:
    if len(drafts) > MAX_PAYOUTS:
        raise Invalid("TOO_MANY_PAYOUTS", f"Como máximo {MAX_PAYOUTS} pagos.", field="payouts")
    lines, following = _lines(operation.payouts, drafts, operation.next_number, "payouts")
    return replace(operation, payouts=lines, next_number=following)


def _lines(
    before: tuple[Line, ...], drafts: tuple[c.LineDraft, ...], following: int, field: str
) -> tuple[tuple[Line, ...], int]:
    """The drafts as lines: a draft with a number changes that line, one without gets the next number."""
    known = {line.number for line in before}
    lines: list[Line] = []
    for draft in drafts:
        number = draft.number
        if number is None:
            number, following = following, following + 1
        elif number not in known:
            raise Conflict("LINE_GONE", f"La línea {number} ya no está. Vuelve a abrir la operación.")
        lines.append(
            Line(
                number=number,
                amount=amount(draft.amount, field=f"{field}.amount"),
                account_id=draft.account_id,
                transfer_code=draft.transfer_code.strip()[:50],
                house_account_id=draft.house_account_id,
            )
        )
    if len({line.number for line in lines}) != len(lines):
        raise Invalid("LINE_REPEATED", "Una línea está repetida.", field=field)
    return tuple(lines), following


def _drafts(lines: tuple[Line, ...]) -> tuple[c.LineDraft, ...]:
    return tuple(
        c.LineDraft(
            number=line.number, amount=line.amount, account_id=line.account_id, transfer_code=line.transfer_code
        )
        for line in lines
    )


def _with_proofs(operation: Operation, files: tuple[StoredFile, ...], *, by_operator: bool, comment: str) -> Operation:
    mine = [proof for proof in operation.proofs if proof.by_operator is by_operator]
    if len(mine) + len(files) > MAX_PROOFS:
        raise Invalid("TOO_MANY_PROOFS", f"Como máximo {MAX_PROOFS} constancias.", field="files")
    added = tuple(
        Proof(number=operation.next_number + place, by_operator=by_operator, file=file, comment=comment)
        for place, file in enumerate(files)
    )
    return replace(operation, proofs=operation.proofs + added, next_number=operation.next_number + len(added))


DECISIONS: dict[type, Callable[[Operation, Any, datetime], Operation]] = {
    c.SubmitProof: _submit_proof,
    c.Edit: _edit,
    c.StartProcessing: _start_processing,
    c.ReturnToPending: _return_to_pending,
    c.Reassign: _reassign,
    c.AttachProof: _attach_proof,
    c.RemoveProof: _remove_proof,
    c.Complete: _complete,
    c.Cancel: _cancel,
    c.ExtendDeadline: _extend_deadline,
    c.ReleaseHold: _release_hold,
    c.ConfirmHold: _confirm_hold,
    c.RetryEffect: _retry_effect,
    c.WaiveEffect: _waive_effect,
}
