"""What happened to an operation, in the house's words: events, deliveries and comprobantes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from api.panel import audit_words, words
from api.staff.operation_views import DeliveryView, EventView, OperationView
from domain.invoices import InvoiceStatus
from domain.operations import State
from domain.resends import why_not_again

# Event → what it is called, its icon, and the colour of what it did.
EVENTS: dict[str, tuple[str, str, str]] = {
    "create": ("Creada", "hourglass", "pendiente"),
    "submit_proof": ("Abono registrado", "paperclip", "proceso"),
    "edit": ("Editada", "pencil", ""),
    "start_processing": (State.EN_PROCESO.value, "refresh-cw", "proceso"),
    "return_to_pending": ("Devuelta a Pendiente", "undo-2", "pendiente"),
    "reassign": ("Reasignada", "user-round-cog", "proceso"),
    "attach_proof": ("Constancia de pago", "paperclip", "proceso"),
    "remove_proof": ("Constancia quitada", "trash-2", ""),
    "complete": (State.COMPLETADA.value, "circle-check", "completada"),
    "cancel": ("Cancelada", "ban", "cancelado"),
    "extend_deadline": ("Plazo ampliado", "calendar-clock", "pendiente"),
    "expire": (State.EXPIRADA.value, "timer-off", "expirada"),
    "stale": ("Pide atención", "triangle-alert", "alerta"),
    "hold": ("Retenida", "lock", "alerta"),
    "release_hold": ("Liberada", "lock-open", "proceso"),
    "confirm_hold": ("Retención confirmada", "ban", "cancelado"),
    "review": ("En revisión", "lock", ""),
    "effect_refused": ("Algo fue rechazado", "triangle-alert", "alerta"),
    "effects_done": ("Todo hecho", "check", "completada"),
    "retry_effect": ("Se reintenta", "rotate-cw", ""),
    "waive_effect": ("Exoneración", "file-check", ""),
    "resync": ("Datos puestos al día", "refresh-cw", ""),
}
UNNAMED = ("Cambio", "pencil", "")
# What of a change tells the story; the rest follows from the event itself.
TOLD = frozenset({"amount_usd", "amount_pen", "deposits", "payouts", "comments", "expires_at"})
NOTICES = {
    "creada": "Correo de creación",
    "creada_casa": "Aviso a la mesa",
    "en_proceso": "Aviso de en proceso",
    "completada": "Aviso de completada",
    "cancelada": "Aviso de cancelación",
    "reversada": "Aviso de reverso",
    "expirada": "Aviso de expiración",
    "monto_cambiado": "Aviso de cambio de monto",
    "comprobante": "Envío del comprobante",
    "nota_credito": "Envío de la nota de crédito",
    "comprobante_anulado": "Aviso de comprobante anulado",
    "comprobante_rechazado_casa": "Comprobante rechazado, a la casa",
    "bienvenida": "Bienvenida",
    "aprobada": "Cuenta aprobada",
    "rechazada": "Cuenta rechazada",
    "documento_observado": "Documento por corregir",
    "recordatorio_documentos": "Recordatorio de documentos",
    "contrasena_temporal": "Contraseña temporal",
    "llave_agregada": "Llave de acceso nueva",
    "codigo_verificacion": "Código de verificación",
    "reclamo_copia": "Copia de la hoja de reclamo",
    "reclamo_casa": "Reclamo recibido, a la casa",
    "reclamo_respuesta": "Respuesta al reclamo",
    "plazo_caso": "Plazo de un caso",
    "alerta_tc": "Alerta de tipo de cambio",
}
# The key of a mail that a person sent once more begins so (api/staff/notices.py).
AGAIN = "reenvio-"
SENT = {
    "enviado": ("completada", "Enviado"),
    "pendiente": ("pendiente", "Saliendo"),
    "rechazado": ("alerta", "Rechazado"),
}
INVOICE_TONES = {
    InvoiceStatus.ACEPTADO: "completada",
    InvoiceStatus.ENVIADO: "proceso",
    InvoiceStatus.RECHAZADO: "alerta",
}


@dataclass(frozen=True, kw_only=True)
class Happened:
    """One line of the history."""

    what: str
    icon: str
    tone: str
    at: datetime
    text: str


@dataclass(frozen=True, kw_only=True)
class Sent:
    """A mail or a push about the operation."""

    name: str
    icon: str
    to: str
    people: str
    tone: str
    status: str
    id: int
    opened_at: datetime | None
    why_not_again: str


def story(view: OperationView) -> list[Happened]:
    """The events, newest first."""
    return [_happened(event) for event in reversed(view.events) if not event.orphaned]


def deliveries(sent: Sequence[DeliveryView], state: State | None = None) -> list[Sent]:
    """The mails and pushes, newest first; what went to several people alike is one line."""
    alike = sorted(sent, key=_alike)
    groups = [list(group) for _, group in groupby(alike, key=_alike)]
    groups.sort(key=lambda group: sent.index(group[-1]), reverse=True)
    return [_sent(group, state) for group in groups]


def awaits(view: OperationView) -> bool:
    """Whether something of it is on its way out: a mail, or the comprobante of a completed one."""
    leaving = any(one.status == "pendiente" for one in view.deliveries)
    documents = any(one.status in {InvoiceStatus.PENDIENTE, InvoiceStatus.ENVIADO} for one in view.invoices)
    return leaving or documents or (view.state is State.COMPLETADA and not view.invoices)


def _alike(one: DeliveryView) -> tuple[str, str, str, str]:
    return (one.notice, one.key, one.channel, one.status)


def invoice_tone(status: str) -> str:
    """The colour of a comprobante's state."""
    return next((tone for state, tone in INVOICE_TONES.items() if state == status), "pendiente")


def _happened(event: EventView) -> Happened:
    what, icon, tone = EVENTS.get(event.event, UNNAMED)
    parts = [
        event.actor,
        audit_words.changed([one for one in event.changes if one.get("field") in TOLD]),
        event.reason if event.reason != what else "",
    ]
    return Happened(what=what, icon=icon, tone=tone, at=event.at, text=" · ".join(part for part in parts if part))


def _sent(group: Sequence[DeliveryView], state: State | None) -> Sent:
    one = group[-1]
    tone, status = SENT.get(one.status, ("quiet", one.status))
    mail = one.channel == "correo"
    to = f"{len(group)} personas" if len(group) > 1 else (one.recipient if mail else "Push")
    at = f" · {words.moment(one.sent_at)}" if one.sent_at else ""
    tries = f" · {one.attempts} intentos" if one.attempts > 1 and one.status != "enviado" else ""
    again = ", otra vez" if one.key.startswith(AGAIN) else ""
    return Sent(
        name=notice_name(one.notice) + again,
        icon="mail" if mail else "smartphone",
        to=f"{to}{at}{tries}",
        people=", ".join(each.recipient for each in group) if mail else "",
        tone=tone,
        status=status,
        id=one.id,
        opened_at=min((each.opened_at for each in group if each.opened_at), default=None),
        why_not_again=why_not_again(one.notice, channel=one.channel, state=state),
    )


def notice_name(notice: str) -> str:
    """A mail or push in the house's words."""
    return NOTICES.get(notice) or notice.replace("_", " ").capitalize()


def ended(state: State) -> bool:
    """Nothing moves it any more."""
    return state not in {State.PENDIENTE, State.EN_PROCESO}
