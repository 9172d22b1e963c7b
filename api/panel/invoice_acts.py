"""What is done to a comprobante from its page: each act asks in a dialog, and is the staff API's own function."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from api.auth import SignedUser
from api.panel.invoice_words import METHODS, NOTE_REASONS
from api.panel.questions import REASON, Ask, Question, Typed
from api.services import Services
from api.staff import invoice_actions as acts
from api.staff.client_bodies import ContactBody, IdentityBody, ReasonBody
from api.staff.invoice_views import InvoiceWhole
from domain.errors import Invalid
from domain.invoices import CreditNoteReason, InvoiceStatus, InvoiceType, VoidMethod, VoidState, is_burnt
from domain.permissions import Permission


@dataclass(frozen=True, kw_only=True)
class Call:
    """One click on a comprobante."""

    view: InvoiceWhole
    user: SignedUser
    services: Services
    typed: Typed


@dataclass(frozen=True, kw_only=True)
class InvoiceAct:
    """An act: what it asks, how it is done, what is said afterwards, and why not now (None: not even worth a lock)."""

    icon: str
    text: str
    done: str
    question: Callable[[InvoiceWhole], Question]
    run: Callable[[Call], Awaitable[object]]
    why_not: Callable[[InvoiceWhole, int], str | None]
    danger: bool = False


@dataclass(frozen=True, kw_only=True)
class Button:
    """An act on the page; `reason` says why not now."""

    name: str
    icon: str
    text: str
    reason: str
    danger: bool


def buttons(view: InvoiceWhole, user: SignedUser) -> list[Button]:
    """What this person may do to it, now or with its reason why not."""
    if not user.may(Permission.INVOICES_MANAGE):
        return []
    shown = []
    for name, act in ACTS.items():
        reason = act.why_not(view, user.id)
        if reason is not None:
            shown.append(Button(name=name, icon=act.icon, text=act.text, reason=reason, danger=act.danger))
    return shown


def _ask(view: InvoiceWhole) -> Question:
    return Question(title=f"¿Consultar {view.name} a la SUNAT ahora?", ok="Consultar")


def _retry(view: InvoiceWhole) -> Question:
    return Question(
        title=f"¿Reintentar {view.name}?",
        effects=(("rotate-cw", "Se envía otra vez con los datos que el cliente tiene ahora. Conserva su número."),),
        ok="Reintentar envío",
    )


def _reissue(view: InvoiceWhole) -> Question:
    burnt = is_burnt(view.status, view.sunat_code) or not view.stands
    number = "Se emite otro con número nuevo; este queda en la historia." if burnt else "Conserva su número."
    return Question(
        title=f"Corregir y emitir de nuevo {view.name}",
        lead="Deja en blanco lo que está bien.",
        effects=(("receipt", number), ("history", "Los datos anteriores del cliente quedan en la auditoría.")),
        asks=(
            Ask(name="document_number", label="Documento del cliente", most=15),
            Ask(name="company_name", label="Razón social", most=200),
            Ask(name="address", label="Dirección", most=200),
            Ask(name="reason", label="Motivo", kind="area", hint="Queda en la auditoría.", most=300),
        ),
        ok="Emitir de nuevo",
    )


def _void(view: InvoiceWhole) -> Question:
    methods = [("", f"Según el plazo: baja hasta el {view.baja_until:%d/%m/%Y}, después nota de crédito")]
    return Question(
        title=f"Pedir la anulación de {view.name}",
        effects=(("users", "La decide otra persona. La SUNAT tiene la última palabra."),),
        asks=(
            Ask(name="method", label="Cómo", kind="choice", options=[*methods, *_named(METHODS)]),
            Ask(name="reason", label="Motivo", kind="area", hint="Lo lee la SUNAT. Hasta 100 letras.", most=100),
        ),
        ok="Pedir anulación",
        danger=True,
    )


def _credit(view: InvoiceWhole) -> Question:
    return Question(
        title=f"Pedir una nota de crédito de {view.name}",
        lead="Por el total del comprobante.",
        effects=(("users", "La decide otra persona."),),
        asks=(
            Ask(name="note_reason", label="Motivo según SUNAT", kind="choice", options=_named(NOTE_REASONS)),
            Ask(name="reason", label="Motivo", kind="area", hint="Lo lee la SUNAT. Hasta 100 letras.", most=100),
        ),
        ok="Pedir nota de crédito",
        danger=True,
    )


def _approve(view: InvoiceWhole) -> Question:
    asked = next(one for one in view.voids if one.ended_at is None)
    return Question(
        title=f"¿Aprobar la anulación de {view.name}?",
        lead=asked.reason,
        effects=(("send", "La baja o la nota sale de inmediato y no se retira."),),
        ok="Aprobar anulación",
        danger=True,
    )


def _refuse(view: InvoiceWhole) -> Question:
    return Question(title=f"¿Negar la anulación de {view.name}?", asks=(REASON,), ok="Negar anulación")


def _resend(view: InvoiceWhole) -> Question:
    lead = "Sale a todos los correos que el cliente tiene ahora, con el PDF."
    return Question(title=f"¿Enviar {view.name} otra vez?", lead=lead, ok="Enviar correo")


def _named(known: dict[VoidMethod, str] | dict[CreditNoteReason, str]) -> list[tuple[str, str]]:
    return [(str(one.value), text) for one, text in known.items()]


async def _run_reissue(call: Call) -> object:
    text, reason = call.typed.text, call.typed.text("reason")
    identity = {name: text(name) for name in ("document_number", "company_name") if text(name)}
    contact = {"address": text("address")} if text("address") else {}
    body = acts.ReissueBody(
        reason=reason,
        contact=ContactBody(**contact) if contact else None,
        identity=IdentityBody(**identity, reason=reason) if identity else None,
    )
    return await acts.reissue_invoice(call.view.id, body, call.user, call.services, call.typed.key)


async def _run_void(call: Call) -> object:
    method = next((one for one in VoidMethod if one == call.typed.text("method")), None)
    body = acts.VoidBody(reason=call.typed.text("reason"), method=method)
    return await acts.ask_void(call.view.id, body, call.user, call.services)


async def _run_credit(call: Call) -> object:
    chosen = call.typed.text("note_reason")
    if chosen not in {str(one.value) for one in CreditNoteReason}:
        raise Invalid("NOTE_REASON", "Elige un motivo de la lista.", field="note_reason")
    body = acts.CreditBody(reason=call.typed.text("reason"), note_reason=CreditNoteReason(int(chosen)))
    return await acts.ask_credit_note(call.view.id, body, call.user, call.services)


async def _run_refuse(call: Call) -> object:
    body = ReasonBody(reason=call.typed.text("reason"))
    return await acts.refuse_void(call.view.id, body, call.user, call.services, call.typed.key)


def _not_to_retry(view: InvoiceWhole, _: int) -> str | None:
    waits = view.status in {InvoiceStatus.RECHAZADO, InvoiceStatus.PENDIENTE}
    return "" if waits and not is_burnt(view.status, view.sunat_code) and view.superseded_at is None else None


def _not_to_decide(view: InvoiceWhole, user_id: int) -> str | None:
    asked = next((one for one in view.voids if one.state is VoidState.SOLICITADA), None)
    if asked is None:
        return None
    return "La pediste tú: la decide otra persona." if asked.requested_by == user_id else ""


def _not_to_void(view: InvoiceWhole, _: int) -> str | None:
    """A comprobante that SUNAT accepted keeps the button, with its reason."""
    return view.why_not_void if view.status is InvoiceStatus.ACEPTADO else None


def _not_to_resend(view: InvoiceWhole, _: int) -> str | None:
    note = view.type is InvoiceType.NOTA_CREDITO
    sent = view.status in {InvoiceStatus.ENVIADO, InvoiceStatus.ACEPTADO}
    return "" if sent and (note or view.superseded_at is None) else None


ACTS: dict[str, InvoiceAct] = {
    "consultar": InvoiceAct(
        icon="refresh-cw",
        text="Consultar a la SUNAT",
        done="Consultado",
        question=_ask,
        run=lambda call: acts.ask_sunat(call.view.id, call.user, call.services),
        why_not=lambda view, _: "" if view.status is InvoiceStatus.ENVIADO else None,
    ),
    "reintentar": InvoiceAct(
        icon="rotate-cw",
        text="Reintentar envío",
        done="Se reintenta",
        question=_retry,
        run=lambda call: acts.retry_invoice(call.view.id, call.user, call.services, call.typed.key),
        why_not=_not_to_retry,
    ),
    "reemitir": InvoiceAct(
        icon="file-pen-line",
        text="Corregir y emitir de nuevo",
        done="Se emite de nuevo",
        question=_reissue,
        run=_run_reissue,
        why_not=lambda view, _: "" if not view.why_not_reissue else None,
    ),
    "reenviar": InvoiceAct(
        icon="send",
        text="Enviar por correo otra vez",
        done="Va en camino",
        question=_resend,
        run=lambda call: acts.resend_invoice(call.view.id, call.user, call.services, call.typed.key),
        why_not=_not_to_resend,
    ),
    "aprobar": InvoiceAct(
        icon="check",
        text="Aprobar anulación",
        done="Anulación aprobada",
        question=_approve,
        run=lambda call: acts.approve_void(call.view.id, call.user, call.services, call.typed.key),
        why_not=_not_to_decide,
        danger=True,
    ),
    "negar": InvoiceAct(
        icon="x",
        text="Negar anulación",
        done="Anulación negada",
        question=_refuse,
        run=_run_refuse,
        why_not=_not_to_decide,
    ),
    "nota": InvoiceAct(
        icon="file-minus",
        text="Pedir nota de crédito",
        done="Pedido hecho: falta la otra persona",
        question=_credit,
        run=_run_credit,
        why_not=_not_to_void,
        danger=True,
    ),
    "anular": InvoiceAct(
        icon="ban",
        text="Pedir anulación",
        done="Pedido hecho: falta la otra persona",
        question=_void,
        run=_run_void,
        why_not=_not_to_void,
        danger=True,
    ),
}
