"""What notices say: facts in, a letter (subject, text, HTML) or a push out. The words are in `mail_templates/`.

Facts are already written for people (money with its symbol, Lima hours, masked numbers): a template only places them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from integrations.push import Push

TEMPLATES = Path(__file__).parent / "mail_templates"
_SUBJECT = "Asunto: "


@dataclass(frozen=True, kw_only=True)
class HouseAccountFacts:
    """Where the client pays: the house's own account, in full."""

    bank: str
    number: str
    cci: str
    holder: str
    ruc: str


@dataclass(frozen=True, kw_only=True)
class OperationFacts:
    """An operation as its client is told of it. `document` and accounts come masked; empty texts are left out.

    `awaits_transfer`: a late mail must not ask for money that the operation no longer waits for. `proved`: the client
    itself sent a constancia; who sent none is not thanked for it.

    `deadline` is an hour of today in Lima; `receipt` names the comprobante (`boleta B001-12`); `receipt_attached` tells
    whether its PDF goes with the mail; `receipt_confirmed` whether SUNAT has accepted it.
    """

    code: str
    state: str
    client: str
    document: str
    buys_dollars: bool
    pays: str
    receives: str
    pays_label: str
    receives_label: str
    rate: str
    source_account: str
    destination_account: str
    paid_to: tuple[tuple[str, str], ...] = ()
    house_account: HouseAccountFacts | None = None
    awaits_transfer: bool = False
    proved: bool = False
    deadline: str = ""
    reason: str = ""
    receipt: str = ""
    receipt_attached: bool = False
    receipt_confirmed: bool = False
    channel: str = ""
    site: str = ""


@dataclass(frozen=True, kw_only=True)
class ClientFacts:
    """A client as a notice about itself greets it. `password` only in the one mail that carries it.

    `reason` is why it was rejected; `papers` what it must send, each with what to correct (or nothing).
    """

    client: str
    document: str
    password: str = ""
    site: str = ""
    reason: str = ""
    papers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class CodeFacts:
    """A verification code on its way to an address."""

    code: str
    minutes: int


@dataclass(frozen=True, kw_only=True)
class ComplaintFacts:
    """A sheet of the Libro de Reclamaciones, whole: its copy is the person's right (DS 011-2011-PCM)."""

    code: str
    kind: str
    received: str
    due: str
    person: str
    document: str
    contact: str
    detail: str
    request: str
    answer: str = ""
    house: str = "QoriCash"


@dataclass(frozen=True, kw_only=True)
class InvoiceFacts:
    """A comprobante after its operation. `document` comes masked; `amends` is what a nota takes back.

    `attached`: the PDF goes with this mail; `why` is SUNAT's code and text in plain Spanish.
    """

    name: str
    kind: str
    operation: str
    client: str
    document: str
    total: str
    amends: str = ""
    attached: bool = False
    why: str = ""
    site: str = ""


@dataclass(frozen=True, kw_only=True)
class RateAlertFacts:
    """An alert that a rate reached. `side`: `compra` (the house buys dollars) or `venta`; values in PEN per USD."""

    client: str
    side: str
    value: str
    now: str
    repeats: bool
    until: str
    site: str = ""


@dataclass(frozen=True, kw_only=True)
class DeadlineFacts:
    """A term of compliance that is near or over. A mail box is not the panel: the case's number and nothing else."""

    case: int
    until: str
    late: bool


Facts = OperationFacts | ClientFacts | CodeFacts | ComplaintFacts | InvoiceFacts | DeadlineFacts | RateAlertFacts


@dataclass(frozen=True, kw_only=True)
class Letter:
    """A mail's three faces."""

    subject: str
    text: str
    html: str


def _environment(*escaped: str) -> Environment:
    """Templates with these extensions are escaped. Undefined names fail: a mail with a hole never leaves."""
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        autoescape=select_autoescape(escaped),
        trim_blocks=True,
        lstrip_blocks=True,
    )


# A text included into an HTML mail is escaped like the rest of it.
_HTML = _environment("html", "txt")
_TEXT = _environment()


def letter(notice: str, facts: Facts) -> Letter:
    """The mail of a notice. Raises TemplateNotFound for a notice that nobody has written."""
    text = _TEXT.get_template(f"{notice}.txt").render(f=facts)
    first, _, body = text.partition("\n")
    if not first.startswith(_SUBJECT):
        raise ValueError(f"{notice}.txt debe empezar con «{_SUBJECT}»")
    subject = first.removeprefix(_SUBJECT).strip()
    return Letter(
        subject=subject,
        text=body.strip() + "\n",
        html=_HTML.get_template(f"{notice}.html").render(f=facts, subject=subject),
    )


def push(notice: str, facts: OperationFacts) -> Push | None:
    """What the lock screen shows, by the portal's microcopy (12 to 16); None for notices that only mail carries.

    Lock screens are public: amounts and last digits, never a name, a document or a whole account.
    """
    if notice == "creada" and not facts.awaits_transfer:
        return None
    words = {
        "creada": f"Transfiere {facts.pays}{_until(facts)} y envía tu constancia.",
        "en_proceso": f"{_thanks(facts)}Verificamos tu abono y te avisamos apenas te paguemos.",
        "monto_cambiado": f"Actualizamos {facts.code}: pagas {facts.pays} y recibes {facts.receives}.",
        "completada": f"Te pagamos {facts.receives}. Míralos en tu cuenta {facts.destination_account}.",
        "cancelada": f"Cancelamos {facts.code}. Si ya transferiste, te devolvemos el dinero a la misma cuenta.",
        "expirada": f"{facts.code} expiró sin costo. Si ya habías transferido, avísanos aquí.",
        "reversada": f"Deshicimos {facts.code}: cada parte recibe de vuelta lo que entregó.",
    }.get(notice)
    if words is None:
        return None
    # The existing mobile app reads `operation_expired` (client contract, section 5).
    kind = "operation_expired" if notice == "expirada" else f"operation_{notice}"
    return Push(title="QoriCash", body=words, data={"type": kind, "operation_id": facts.code})


def client_push(notice: str) -> Push | None:
    """What the lock screen shows of a client's own account; None for notices that only mail carries."""
    words = {
        "aprobada": "Tu cuenta ya está activa. Puedes cambiar dólares.",
        "documento_observado": "Necesitamos que vuelvas a enviar un documento. Mira cuál en tu perfil.",
        "recordatorio_documentos": "Te faltan documentos por enviar para activar tu cuenta.",
    }.get(notice)
    return None if words is None else Push(title="QoriCash", body=words, data={"type": f"client_{notice}"})


def rate_push(facts: RateAlertFacts) -> Push:
    """What the lock screen shows of a rate."""
    verb = "Compramos" if facts.side == "compra" else "Vendemos"
    words = f"{verb} el dólar a {facts.now}: llegó a tu alerta de {facts.value}."
    return Push(title="QoriCash", body=words, data={"type": "rate_alert"})


def _thanks(facts: OperationFacts) -> str:
    return "Recibimos tu constancia. " if facts.proved else ""


def _until(facts: OperationFacts) -> str:
    return f" antes de las {facts.deadline}" if facts.deadline else ""
