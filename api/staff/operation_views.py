"""How an operation reads for a person of the house: what its role lets it know, and what it can do next."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from api.auth import SignedUser
from api.files import link
from api.services import Services
from api.staff.shapes import Answer, Money, Rate
from db.client_reads import display_name
from db.operation_reads import OperationDetail, OperationLine, assessment_of
from db.tables import Client, Deposit, Operation, OperationEvent, Payout, Proof
from domain.clients import DocumentType, masked
from domain.money import Currency
from domain.operations import Assessment, Kind, Origin, State
from domain.permissions import Permission
from domain.reversals import ReversalState
from integrations.temporal import workflow_url

IN_REVIEW = "En revisión"
ASSESSED: dict[Assessment, str] = {
    Assessment.PENDING: IN_REVIEW,
    Assessment.CLEAR: "Conforme",
    Assessment.HELD: "Retenida",
}
# What these say is compliance's: others read that there was a review, not what it found (duty of secrecy).
REVIEW_EVENTS = frozenset({"hold", "release_hold", "confirm_hold"})
REVIEW_ATTENTION = "evaluacion"


class PersonRef(Answer):
    """A person of the house."""

    id: int
    name: str


class ClientRef(Answer):
    """The client of an operation, without what a screen over somebody's shoulder should not show."""

    id: int
    name: str
    document_type: DocumentType
    document_masked: str


class OperationLineView(Answer):
    """One operation of a list."""

    code: str
    state: State
    kind: Kind
    origin: Origin
    client: ClientRef
    amount_usd: Money
    amount_pen: Money
    rate: Rate
    operator: PersonRef | None
    attention: str
    created_at: datetime
    expires_at: datetime | None
    in_process_since: datetime | None
    finished_at: datetime | None
    updated_at: datetime


class OperationList(Answer):
    """A page of operations."""

    items: list[OperationLineView]
    next_cursor: str | None


class MoneyLine(Answer):
    """An abono or a pago."""

    number: int
    amount: Money
    account_id: int | None
    bank: str
    account: str
    transfer_code: str
    house_account_id: int | None
    created_at: datetime


class ProofView(Answer):
    """A proof, with a link that shows it for 15 minutes."""

    number: int
    by_operator: bool
    url: str
    content_type: str
    size: int
    comment: str
    created_at: datetime


class EventView(Answer):
    """One version of the operation: what happened, who did it and what changed."""

    version: int
    event: str
    state: State
    actor: str
    actor_kind: str
    actor_id: int
    reason: str
    changes: list[dict[str, str]]
    at: datetime
    orphaned: bool


class NoteView(Answer):
    """A remark of the house."""

    id: int
    text: str
    author: str
    author_id: int | None
    at: datetime


class InvoiceView(Answer):
    """A comprobante. `total` is in `currency`."""

    id: int
    status: str
    type: str
    series: str
    number: int
    total: Money
    currency: Currency
    pdf_url: str
    xml_url: str
    cdr_url: str
    sunat_description: str


class DeliveryView(Answer):
    """A mail or push about the operation. Its address is shown masked; `key` tells apart two of the same notice."""

    id: int
    channel: str
    notice: str
    key: str
    recipient: str
    status: str
    attempts: int
    sent_at: datetime | None
    opened_at: datetime | None


class RefundView(Answer):
    """Money to give back."""

    currency: Currency
    amount: Money
    status: str


class ReversalView(Answer):
    """A request. Who asked and who decided are ids of people; `outcome` tells what became of the comprobante."""

    id: int
    operation_code: str
    state: ReversalState
    reason: str
    requested_by: int
    requested_at: datetime
    decided_by: int | None
    decided_at: datetime | None
    decision: str
    outcome: str
    ended_at: datetime | None


class ActionView(Answer):
    """A command, and why it can't be used now when it can't."""

    command: str
    allowed: bool
    reason: str


class OperationView(OperationLineView):
    """One operation with everything that belongs to it."""

    id: int
    version: int
    base_rate: Rate
    coupon: str
    coupon_pips: int
    client_pays: Currency
    client_receives: Currency
    source_account: dict[str, Any]
    destination_account: dict[str, Any]
    trader: PersonRef | None
    created_by: PersonRef | None
    assessment: str
    comments: str
    reason: str
    deposits: list[MoneyLine]
    payouts: list[MoneyLine]
    proofs: list[ProofView]
    events: list[EventView]
    notes: list[NoteView]
    invoices: list[InvoiceView]
    deliveries: list[DeliveryView]
    refund: RefundView | None
    reversal: ReversalView | None
    monitoring: list[dict[str, Any]] | None
    actions: list[ActionView]
    temporal_url: str


def line_view(line: OperationLine, user: SignedUser) -> OperationLineView:
    """One row of the list."""
    operator = PersonRef(id=line.row.operator_id, name=line.operator_name) if line.row.operator_id else None
    return OperationLineView(**_common(line.row, line.client, user), operator=operator)


def whole_view(
    services: Services, detail: OperationDetail, user: SignedUser, actions: list[ActionView]
) -> OperationView:
    """Everything about one operation that this person may know."""
    row = detail.row
    assessment = assessment_of(detail)
    knows = user.may(Permission.COMPLIANCE_READ)
    copied = ("id", "version", "base_rate", "coupon", "coupon_pips", "comments")
    return OperationView(
        **_common(row, detail.client, user),
        **{name: getattr(row, name) for name in copied},
        operator=_person(detail, row.operator_id),
        trader=_person(detail, row.trader_id),
        created_by=_person(detail, row.created_by_user_id),
        client_pays=row.kind.client_pays,
        client_receives=row.kind.client_receives,
        source_account=_account(row.source_account_id, row.source_bank, row.source_account),
        destination_account=_account(row.destination_account_id, row.destination_bank, row.destination_account),
        assessment=ASSESSED[assessment] if knows or assessment is Assessment.CLEAR else IN_REVIEW,
        reason=_reason(detail, knows=knows),
        deposits=[_money_line(line) for line in detail.deposits],
        payouts=[_money_line(line) for line in detail.payouts],
        proofs=[_proof(services, proof) for proof in detail.proofs],
        events=[_event(detail, event, knows=knows) for event in detail.events],
        notes=[
            NoteView(id=n.id, text=n.text, author=detail.names.get(n.user_id or 0, ""), author_id=n.user_id, at=n.at)
            for n in detail.notes
        ],
        invoices=[InvoiceView.model_validate(invoice) for invoice in detail.invoices],
        deliveries=[delivery_view(delivery) for delivery in detail.deliveries],
        refund=RefundView.model_validate(detail.refund) if detail.refund else None,
        reversal=ReversalView.model_validate(detail.reversal) if detail.reversal else None,
        monitoring=_monitoring(detail) if knows else None,
        actions=actions,
        temporal_url=workflow_url(services.temporal_settings, services.temporal.namespace, row.code),
    )


def _common(row: Operation, client: Client, user: SignedUser) -> dict[str, Any]:
    names = ("code", "state", "kind", "origin", "amount_usd", "amount_pen", "rate")
    times = ("created_at", "expires_at", "in_process_since", "finished_at", "updated_at")
    hidden = row.attention.startswith(REVIEW_ATTENTION) and not user.may(Permission.COMPLIANCE_READ)
    return {
        **{name: getattr(row, name) for name in names + times},
        "attention": IN_REVIEW if hidden else row.attention,
        "client": ClientRef(
            id=client.id,
            name=display_name(client),
            document_type=client.document_type,
            document_masked=masked(client.document_number),
        ),
    }


def _person(detail: OperationDetail, user_id: int | None) -> PersonRef | None:
    return PersonRef(id=user_id, name=detail.names.get(user_id, "")) if user_id else None


def _account(account_id: int, bank: str, number: str) -> dict[str, Any]:
    return {"id": account_id, "bank": bank, "number": number}


def _money_line(line: Deposit | Payout) -> MoneyLine:
    return MoneyLine.model_validate(line)


def _proof(services: Services, proof: Proof) -> ProofView:
    return ProofView(
        number=proof.number,
        by_operator=proof.by_operator,
        url=link(services, proof.file_key, proof.content_type),
        content_type=proof.content_type,
        size=proof.size,
        comment=proof.comment,
        created_at=proof.created_at,
    )


def delivery_view(delivery: Any) -> DeliveryView:
    """A mail or push, its address masked."""
    view = DeliveryView.model_validate(delivery)
    view.recipient = masked_address(view.recipient)
    return view


def masked_address(address: str) -> str:
    """An address that who knows it recognises: `ro***@correo.pe`."""
    name, at, domain = address.partition("@")
    return f"{name[:2]}***{at}{domain}" if at else f"{name[:6]}***"


def _event(detail: OperationDetail, event: OperationEvent, *, knows: bool) -> EventView:
    secret = event.event in REVIEW_EVENTS and not knows
    names = {"usuario": detail.names.get(event.actor_id, ""), "cliente": display_name(detail.client)}
    names["aliado"] = f"Aliado {event.actor_id}"
    changes = [] if secret else event.changes
    if not knows:
        changes = [change for change in changes if change.get("field") not in {"assessment", "time_left"}]
    return EventView(
        version=event.version,
        event="review" if secret else event.event,
        state=event.state,
        actor="" if secret else names.get(event.actor_kind, "Sistema"),
        actor_kind="sistema" if secret else event.actor_kind,
        actor_id=0 if secret else event.actor_id,
        reason=IN_REVIEW if secret else event.reason,
        changes=changes,
        at=event.at,
        orphaned=event.orphaned_at is not None,
    )


def _reason(detail: OperationDetail, *, knows: bool) -> str:
    """The row's reason is that of its last event; a resolution of compliance is not for everybody."""
    told = [event for event in detail.events if event.reason == detail.row.reason]
    secret = bool(told) and told[0].event in REVIEW_EVENTS and not knows
    if not secret:
        return detail.row.reason
    return "Cancelada por la casa." if detail.row.state is State.CANCELADO else IN_REVIEW


def _monitoring(detail: OperationDetail) -> list[dict[str, Any]]:
    return [
        {"occasion": one.occasion, "outcome": ASSESSED[one.outcome], "findings": one.findings, "at": one.at}
        for one in detail.monitoring
    ]
