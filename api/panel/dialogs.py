"""What each command asks before it is done: the question, what will happen, and what has to be typed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal

from api.auth import SignedUser
from api.panel.words import with_symbol
from api.staff.operation_views import OperationView
from domain.lifecycle import RULES
from domain.money import Currency
from domain.operations import Effect
from domain.permissions import Role

PERMISSIONS = {rule.name.replace("_", "-"): rule.permission for rule in RULES.values()}
# The page's name of a deadline → minutes from now.
EXTENSIONS = (
    (15, "15 minutos más"),
    (30, "30 minutos más"),
    (60, "1 hora más"),
    (240, "4 horas más"),
    (1440, "1 día más"),
)
EFFECT_NAMES = {
    Effect.ASSESSMENT: "la evaluación",
    Effect.CREATED_NOTICE: "el aviso de creación",
    Effect.AMOUNT_NOTICE: "el aviso de cambio de monto",
    Effect.PROCESS_NOTICE: "el aviso de proceso",
    Effect.CLOSING_NOTICE: "el aviso de cierre",
    Effect.SETTLEMENT: "la liquidación",
    Effect.INVOICE: "el comprobante",
    Effect.RECEIPT_NOTICE: "el envío del comprobante",
    Effect.FINAL_ASSESSMENT: "la evaluación final",
}


@dataclass(frozen=True, kw_only=True)
class Dialog:
    """A question. `effects` are pairs (icon, sentence); `form` names the fields of dialog_fields.html."""

    title: str
    lead: str = ""
    effects: tuple[tuple[str, str], ...] = ()
    form: str = ""
    ok: str
    back: str = "Volver"
    danger: bool = False


def _complete(view: OperationView) -> Dialog:
    pays, receives = sides(view)
    effects = (
        ("arrow-up-right", f"El cliente recibe {receives} y queda cerrado el ingreso de {pays}."),
        ("receipt", f"Se emite el comprobante por {with_symbol(view.amount_pen, Currency.PEN)} a {view.client.name}."),
        ("mail", "Se avisa al cliente por correo con el PDF."),
    )
    lead = "Después no se puede editar ni devolver."
    return Dialog(title=f"¿Completar {view.code}?", lead=lead, effects=effects, ok="Completar operación")


def _cancel(view: OperationView) -> Dialog:
    paid = sum((line.amount for line in view.deposits), Decimal(0))
    effects = [("mail", "Se avisa al cliente con el motivo que escribas.")]
    if view.coupon:
        effects.insert(0, ("percent", f"El cupón {view.coupon} queda libre otra vez."))
    if paid:
        refund = with_symbol(paid, view.client_pays)
        effects.insert(0, ("undo-2", f"Se abre una devolución de {refund} al cliente."))
    return Dialog(
        title=f"¿Cancelar {view.code}?",
        lead="Esta acción no se deshace.",
        effects=tuple(effects),
        form="reason",
        ok="Cancelar operación",
        back="No cancelar",
        danger=True,
    )


def _start(view: OperationView) -> Dialog:
    _, receives = sides(view)
    effects = [("user-round", "Se asigna al operador activo con menos operaciones.")]
    if not view.payouts:
        place = f"{view.destination_account['bank']} ···{view.destination_account['number'][-4:]}"
        effects.append(("arrow-up-right", f"El pago será de {receives} a {place}."))
    effects.append(("mail", "Se avisa al cliente que su operación está en proceso."))
    return Dialog(title=f"¿Pasar {view.code} a En proceso?", effects=tuple(effects), ok="Pasar a En proceso")


def _return(view: OperationView) -> Dialog:
    effects = (
        ("user-round", "Queda sin operador."),
        ("timer-off", "Ya no vence sola: hay que moverla o cancelarla a mano."),
    )
    return Dialog(
        title=f"¿Devolver {view.code} a Pendiente?", effects=effects, form="reason", ok="Devolver a Pendiente"
    )


def _reassign(view: OperationView) -> Dialog:
    holder = view.operator.name if view.operator else "Nadie"
    lead = f"Ahora la tiene {holder}. Quien la reciba ve el aviso al instante."
    return Dialog(title=f"Reasignar {view.code}", lead=lead, form="operator", ok="Reasignar operación")


def _extend(view: OperationView) -> Dialog:
    lead = "El cliente ve el nuevo plazo en su cuenta regresiva."
    return Dialog(title=f"Ampliar el plazo de {view.code}", lead=lead, form="extend", ok="Ampliar plazo")


def _submit_proof(view: OperationView) -> Dialog:
    pays, _ = sides(view)
    return Dialog(
        title="Registrar el abono del cliente",
        lead=f"El cliente debe {pays}. La operación pasa a En proceso y se asigna a un operador.",
        form="client_proof",
        ok="Registrar abono",
    )


def _attach_proof(view: OperationView) -> Dialog:
    _, receives = sides(view)
    lead = f"Del pago de {receives}. PNG, JPG, WEBP, HEIC o PDF de hasta 10 MB; hasta 4 en total."
    return Dialog(title="Adjuntar constancia de pago", lead=lead, form="proof", ok="Adjuntar constancia")


def _remove_proof(view: OperationView) -> Dialog:
    return Dialog(
        title=f"¿Quitar esta constancia de {view.code}?",
        lead="Deja de verse en la operación. En la historia queda quién la quitó.",
        form="proof_number",
        ok="Quitar constancia",
        danger=True,
    )


def _release(view: OperationView) -> Dialog:
    lead = "Sigue su curso; si tenía plazo, vuelve a correr desde donde se detuvo."
    return Dialog(title=f"¿Liberar {view.code}?", lead=lead, form="resolution", ok="Liberar operación")


def _confirm_hold(view: OperationView) -> Dialog:
    effects = (
        ("ban", "La operación se cancela."),
        ("eye-off", "Al cliente no se le dice por qué."),
    )
    return Dialog(
        title=f"¿Confirmar la retención de {view.code}?",
        lead="Esta acción no se deshace.",
        effects=effects,
        form="resolution",
        ok="Confirmar retención",
        danger=True,
    )


def _retry(view: OperationView) -> Dialog:
    effect = refused_effect(view)
    name = EFFECT_NAMES[effect] if effect else "el efecto"
    return Dialog(title=f"¿Reintentar {name}?", lead=view.attention, form="effect", ok="Reintentar")


def _waive(view: OperationView) -> Dialog:
    effect = refused_effect(view)
    name = EFFECT_NAMES[effect] if effect else "el efecto"
    return Dialog(
        title=f"¿Exonerar {name}?",
        lead=f"{view.attention}. Hacen falta dos Masters: uno lo pide y otro lo concede pidiendo lo mismo.",
        form="waive",
        ok="Exonerar",
        danger=True,
    )


def _amount(view: OperationView) -> Dialog:
    lead = f"A la tasa de esta operación, {view.rate:.4f}. Los soles se calculan solos y el cliente recibe un correo."
    return Dialog(title="Cambiar el monto", lead=lead, form="amount", ok="Cambiar monto")


DIALOGS: dict[str, Callable[[OperationView], Dialog]] = {
    "complete": _complete,
    "cancel": _cancel,
    "start-processing": _start,
    "return-to-pending": _return,
    "reassign": _reassign,
    "extend-deadline": _extend,
    "submit-proof": _submit_proof,
    "attach-proof": _attach_proof,
    "remove-proof": _remove_proof,
    "release-hold": _release,
    "confirm-hold": _confirm_hold,
    "retry-effect": _retry,
    "waive-effect": _waive,
    "edit": _amount,
}


def dialog_of(view: OperationView, command: str, user: SignedUser) -> Dialog:
    """A command's dialog; of completing, a Master who did not pay it may also say an earlier day (F038)."""
    made = DIALOGS[command](view)
    paid_it = view.operator is not None and view.operator.id == user.id
    if command == "complete" and user.role is Role.MASTER and not paid_it:
        return replace(made, form="value_day")
    return made


def sides(view: OperationView) -> tuple[str, str]:
    """What the client pays and what it receives, written."""
    usd, pen = with_symbol(view.amount_usd, Currency.USD), with_symbol(view.amount_pen, Currency.PEN)
    return (usd, pen) if view.client_pays is Currency.USD else (pen, usd)


def refused_effect(view: OperationView) -> Effect | None:
    """The effect that waits for a person, from the operation's own words."""
    return next((effect for effect in Effect if view.attention.startswith(f"{effect}:")), None)
