"""An exchange operation: its words, its parts, and what each side owes.

Orientation is always the house's. Compra: the house buys USD, the client pays USD and receives PEN at the buy rate.
Venta: the house sells USD, the client pays PEN and receives USD at the sell rate.
*Abono* (deposit) is money client → house; *pago* (payout) is money house → client.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from domain.money import Currency, dollars, written
from domain.permissions import Role

FIRST_CODE = 1001
MAX_PAYOUTS = 4
MAX_DEPOSITS = 8
MAX_PROOFS = 4


class State(StrEnum):
    """Where an operation stands. The values are what the database, the pages and the Temporal UI show."""

    PENDIENTE = "Pendiente"
    EN_PROCESO = "En proceso"
    COMPLETADA = "Completada"
    CANCELADO = "Cancelado"
    EXPIRADA = "Expirada"


OPEN = frozenset({State.PENDIENTE, State.EN_PROCESO})


class Kind(StrEnum):
    """Compra: the house buys USD. Venta: the house sells USD."""

    COMPRA = "Compra"
    VENTA = "Venta"

    @property
    def client_pays(self) -> Currency:
        """Currency of the abono."""
        return Currency.USD if self is Kind.COMPRA else Currency.PEN

    @property
    def client_receives(self) -> Currency:
        """Currency of the pago."""
        return Currency.PEN if self is Kind.COMPRA else Currency.USD


class Origin(StrEnum):
    """The channel that created the operation. `sistema` is staff; the others are the client's own hand."""

    WEB = "web"
    APP = "app"
    PLATAFORMA = "plataforma"
    PORTAL = "portal"
    SISTEMA = "sistema"

    @property
    def self_service(self) -> bool:
        """Created by the client: it expires, and only one may be active at a time."""
        return self is not Origin.SISTEMA


class ActorKind(StrEnum):
    """Who acts: a person of the house, a client, a partner's system, or the house's own clock."""

    STAFF = "usuario"
    CLIENT = "cliente"
    PARTNER = "aliado"
    SYSTEM = "sistema"


@dataclass(frozen=True, kw_only=True)
class Actor:
    """Who does something, by internal id; never a name or a document, since histories keep it."""

    kind: ActorKind
    id: int = 0
    role: Role | None = None

    def __str__(self) -> str:
        return self.kind.value if self.kind is ActorKind.SYSTEM else f"{self.kind.value} {self.id}"


SYSTEM = Actor(kind=ActorKind.SYSTEM)


@dataclass(frozen=True, kw_only=True)
class StoredFile:
    """A file that is already in the store: its bytes never travel through a workflow."""

    key: str
    content_type: str
    size: int


@dataclass(frozen=True, kw_only=True)
class Line:
    """One abono or pago. `number` is stable for the life of the operation; `account_id` is the client's account.

    `house_account_id` is the house's that it goes through, when a person names it.
    """

    number: int
    amount: Decimal
    account_id: int | None = None
    transfer_code: str = ""
    house_account_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class Proof:
    """A file that shows a transfer: the client's (of an abono) or the operator's (of a pago)."""

    number: int
    by_operator: bool
    file: StoredFile
    comment: str = ""


class Assessment(StrEnum):
    """Whether compliance has looked at the operation."""

    PENDING = "pendiente"
    CLEAR = "conforme"
    HELD = "retenida"


class Effect(StrEnum):
    """What the house owes after a transition, each carried out once and on its own."""

    ASSESSMENT = "evaluacion"
    CREATED_NOTICE = "aviso de creacion"
    AMOUNT_NOTICE = "aviso de monto"
    PROCESS_NOTICE = "aviso de proceso"
    CLOSING_NOTICE = "aviso de cierre"
    SETTLEMENT = "liquidacion"
    INVOICE = "comprobante"
    RECEIPT_NOTICE = "aviso de comprobante"
    FINAL_ASSESSMENT = "evaluacion final"


class EffectState(StrEnum):
    """How an effect stands. REFUSED waits for a person; WAIVED was let go by two Masters."""

    OWED = "pendiente"
    DONE = "hecho"
    REFUSED = "rechazado"
    WAIVED = "exonerado"


@dataclass(frozen=True, kw_only=True)
class Operation:
    """The whole truth about one operation, as its workflow holds it and as the database projects it.

    `expires_at` is None when it does not expire by itself; `time_left` keeps the rest of the term during a hold.
    `rate` is what the client gets (PEN per USD); `base_rate` is what the house published; they differ by a coupon or a
    preferential rate. `desk_rate` is what the house counts its margin against.
    """

    code: str
    version: int
    client_id: int
    kind: Kind
    origin: Origin
    amount_usd: Decimal
    base_rate: Decimal
    rate: Decimal
    amount_pen: Decimal
    source_account_id: int
    destination_account_id: int
    created_at: datetime
    created_by: Actor
    state: State = State.PENDIENTE
    coupon: str = ""
    coupon_pips: int = 0
    # The version of the price that it was quoted from, and the desk's rate of then (None before there was one).
    rate_id: int | None = None
    desk_rate: Decimal | None = None
    expires_at: datetime | None = None
    time_left: timedelta | None = None
    in_process_since: datetime | None = None
    finished_at: datetime | None = None
    operator_id: int | None = None
    deposits: tuple[Line, ...] = ()
    payouts: tuple[Line, ...] = ()
    proofs: tuple[Proof, ...] = ()
    next_number: int = 1
    assessment: Assessment = Assessment.PENDING
    attention: str = ""
    comments: str = ""
    reason: str = ""
    effects: dict[Effect, EffectState] = field(default_factory=dict)
    waiver_asked_by: dict[Effect, int] = field(default_factory=dict)
    # What the client asked for or a Master last agreed, in USD; None while the amount was never edited.
    agreed_usd: Decimal | None = None

    @property
    def pays(self) -> Decimal:
        """What the client owes the house, in `kind.client_pays`."""
        return self.amount_usd if self.kind is Kind.COMPRA else self.amount_pen

    @property
    def receives(self) -> Decimal:
        """What the house owes the client, in `kind.client_receives`."""
        return self.amount_pen if self.kind is Kind.COMPRA else self.amount_usd

    @property
    def on_hold(self) -> bool:
        """Compliance has stopped it."""
        return self.assessment is Assessment.HELD

    @property
    def open(self) -> bool:
        """A person can still move it."""
        return self.state in OPEN

    def overdue(self, now: datetime) -> bool:
        """Its time to transfer is over, whether or not the timer has fired yet."""
        return self.state is State.PENDIENTE and self.expires_at is not None and now >= self.expires_at

    def operator_proofs(self) -> tuple[Proof, ...]:
        """The proofs of what the house paid."""
        return tuple(proof for proof in self.proofs if proof.by_operator)

    def summary(self) -> str:
        """One line for the Temporal UI, without personal data: `Venta US$ 1,500.00 a 3.7650 · web`."""
        return f"{self.kind} {dollars(self.amount_usd)} a {self.rate:.4f} · {self.origin}"

    def flow(self) -> str:
        """What goes in and out: `paga S/ 5,647.50, recibe US$ 1,500.00`."""
        pays = written(self.pays, self.kind.client_pays)
        return f"paga {pays}, recibe {written(self.receives, self.kind.client_receives)}"


@dataclass(frozen=True, kw_only=True)
class FieldChange:
    """One field before and after, as text, for the event and the audit."""

    field: str
    before: str
    after: str


# Bookkeeping of the workflow that would only repeat what the event already says.
_UNREPORTED = frozenset({"version", "next_number", "effects", "waiver_asked_by", "agreed_usd"})


def differences(before: Operation, after: Operation) -> tuple[FieldChange, ...]:
    """Field by field, what a command changed."""
    names = [item.name for item in fields(Operation) if item.name not in _UNREPORTED]
    pairs = [(name, getattr(before, name), getattr(after, name)) for name in names]
    return tuple(FieldChange(field=name, before=_text(old), after=_text(new)) for name, old, new in pairs if old != new)


def _text(value: object) -> str:
    """How a field reads in a history: lines by their amounts, instants in ISO, nothing as an empty text."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, tuple):
        return ", ".join(_text(item) for item in value)
    if isinstance(value, Line):
        return f"#{value.number} {value.amount:.2f} {value.transfer_code}".strip()
    if isinstance(value, Proof):
        return f"#{value.number} {'operador' if value.by_operator else 'cliente'}"
    return str(value)
