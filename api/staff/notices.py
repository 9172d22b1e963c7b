"""What the house told: mails and pushes with how they fared, and what was said on one's own screen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query

from api import invoices, notices
from api.auth import CurrentUser, SignedUser, requires
from api.operations import digest
from api.public.notices import promise
from api.services import Services, ServicesDep
from api.staff.operation_views import masked_address
from api.staff.shapes import MAX_ID, PAGE, Answer, Cursor, IdempotencyKey, Limit, after, key_or_new, page
from db import audit, delivery_reads
from db.deliveries import REFUSED
from db.delivery_reads import DeliveryFilter, operations_states
from db.tables import Delivery
from domain.clients import split_emails
from domain.errors import Conflict
from domain.notifications import EVERYBODY, role_room, user_room
from domain.operations import State
from domain.permissions import Permission
from domain.resends import OPERATION_NOTICES, why_not_again
from workflows.invoice_messages import InvoiceNotice
from workflows.messages import NoticeOrder

router = APIRouter(prefix="/api/staff/notices", tags=["Avisos"])
Reader = Annotated[SignedUser, requires(Permission.OPERATIONS_READ)]
Sender = Annotated[SignedUser, requires(Permission.NOTICES_RESEND)]
DeliveryId = Annotated[int, Path(ge=1, le=MAX_ID)]


class SentView(Answer):
    """A mail or push. `subject` is the operation's code or `cliente-<id>`; the address is masked."""

    id: int
    subject: str
    notice: str
    channel: str
    recipient: str
    status: str
    attempts: int
    why: str
    created_at: datetime
    sent_at: datetime | None
    opened_at: datetime | None
    why_not_again: str


class AgainView(Answer):
    """Sending a mail once more: the addresses that its client has now, masked, and why not (empty when it may).

    `key` names it among the deliveries once it was asked for.
    """

    notice: str
    subject: str
    to: list[str]
    why_not: str
    key: str = ""


class SentList(Answer):
    """A page of them."""

    items: list[SentView]
    next_cursor: str | None


class ToldView(Answer):
    """Something said on one's own screen."""

    id: int
    event: str
    operation_code: str | None
    at: datetime


class ToldList(Answer):
    """A page of them."""

    items: list[ToldView]
    next_cursor: str | None


@router.get("/sent")
async def read_sent(
    *,
    user: Reader,
    services: ServicesDep,
    status: Annotated[Literal["pendiente", "enviado", "rechazado"] | None, Query()] = None,
    channel: Annotated[Literal["correo", "push"] | None, Query()] = None,
    subject: Annotated[str, Query(max_length=40)] = "",
    cursor: Cursor = None,
    limit: Limit = PAGE,
) -> SentList:
    """Mails and pushes, newest first. A Trader sees those of its portfolio."""
    wanted = DeliveryFilter(status=status or "", channel=channel or "", subject=subject)
    async with services.sessions() as session:
        rows = await delivery_reads.deliveries(session, user.actor, wanted, before=after(cursor), limit=limit + 1)
        states = await operations_states(session, {row.subject_key for row in rows})
    shown, following = page(rows, limit, lambda row: row.id)
    return SentList(items=[_sent(row, states) for row in shown], next_cursor=following)


@router.get("/sent/{delivery_id}/again")
async def look_again(delivery_id: DeliveryId, user: Sender, services: ServicesDep) -> AgainView:
    """To whom a mail would go if it were sent once more, and whether it may."""
    return (await _again(delivery_id, user, services)).view


@router.post("/sent/{delivery_id}/again")
async def send_again(
    delivery_id: DeliveryId, user: Sender, services: ServicesDep, key: IdempotencyKey = None
) -> AgainView:
    """Send a mail once more to every address that its client has now, with what is true now. Audited."""
    found = await _again(delivery_id, user, services)
    if found.view.why_not:
        raise Conflict("NOT_AGAIN", found.view.why_not)
    name = f"reenvio-{digest(str(delivery_id), key_or_new(key))[:16]}"
    async with services.sessions.begin() as session:
        audit.record(
            session,
            actor=user.actor,
            action="notices.resend",
            entity="client" if found.client_notice else "operation",
            entity_id=found.client_id if found.client_notice else found.view.subject,
            reason=found.view.notice,
        )
    await _start(services, found, name)
    return found.view.model_copy(update={"key": name})


@router.get("/told")
async def read_told(user: CurrentUser, services: ServicesDep, cursor: Cursor = None, limit: Limit = PAGE) -> ToldList:
    """What one's own screen was told, newest first."""
    rooms = (EVERYBODY, role_room(user.role), user_room(user.id))
    async with services.sessions() as session:
        rows = await delivery_reads.told(session, rooms, before=after(cursor), limit=limit + 1)
    shown, following = page(rows, limit, lambda row: row.id)
    return ToldList(items=[ToldView.model_validate(row) for row in shown], next_cursor=following)


@dataclass(frozen=True, kw_only=True)
class _Again:
    """A mail that may leave once more: of a client itself, of a comprobante (`invoice_id`), or of an operation."""

    view: AgainView
    client_id: int
    client_notice: bool
    invoice_id: int | None


async def _again(delivery_id: int, user: SignedUser, services: Services) -> _Again:
    async with services.sessions() as session:
        row = await delivery_reads.delivery(session, user.actor, delivery_id)
        whose = await delivery_reads.whose(session, row)
    why_not = why_not_again(row.notice, channel=row.channel, state=whose.state)
    good, _ = split_emails(whose.email)
    if not why_not and not good:
        why_not = "El cliente no tiene un correo que reciba mensajes. Corrígelo en su ficha."
    view = AgainView(
        notice=row.notice, subject=row.subject_key, to=[masked_address(one) for one in good], why_not=why_not
    )
    return _Again(view=view, client_id=whose.client_id, client_notice=whose.state is None, invoice_id=whose.invoice_id)


async def _start(services: Services, found: _Again, key: str) -> None:
    notice, subject = found.view.notice, found.view.subject
    if found.client_notice:
        await promise(services, found.client_id, notice, key=key, again=True)
    elif found.invoice_id is not None:
        order = InvoiceNotice(invoice_id=found.invoice_id, code=subject, notice=notice, key=key)
        await invoices.mail_again(services, order)
    else:
        effect, _ = OPERATION_NOTICES[notice]
        await notices.send_again(services, NoticeOrder(code=subject, effect=effect, notice=notice, key=key, again=True))


def _sent(row: Delivery, states: Mapping[str, State]) -> SentView:
    """`why` only of a refused one: a waiting one may carry a sealed secret there."""
    return SentView(
        id=row.id,
        subject=row.subject_key,
        notice=row.notice,
        channel=row.channel,
        recipient=masked_address(row.recipient),
        status=row.status,
        attempts=row.attempts,
        why=row.detail if row.status == REFUSED else "",
        created_at=row.created_at,
        sent_at=row.sent_at,
        opened_at=row.opened_at,
        why_not_again=why_not_again(row.notice, channel=row.channel, state=states.get(row.subject_key)),
    )
