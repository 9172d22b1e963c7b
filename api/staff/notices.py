"""What the house told: mails and pushes with how they fared, and what was said on one's own screen."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query

from api.auth import CurrentUser, SignedUser, requires
from api.services import ServicesDep
from api.staff.operation_views import delivery_view
from api.staff.shapes import PAGE, Answer, Cursor, Limit, after, page
from db import delivery_reads
from db.deliveries import REFUSED
from db.delivery_reads import DeliveryFilter
from db.tables import Delivery
from domain.notifications import EVERYBODY, role_room, user_room
from domain.permissions import Permission

router = APIRouter(prefix="/notices", tags=["Avisos"])
Reader = Annotated[SignedUser, requires(Permission.OPERATIONS_READ)]


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
    shown, following = page(rows, limit, lambda row: row.id)
    return SentList(items=[_sent(row) for row in shown], next_cursor=following)


@router.get("/told")
async def read_told(user: CurrentUser, services: ServicesDep, cursor: Cursor = None, limit: Limit = PAGE) -> ToldList:
    """What one's own screen was told, newest first."""
    rooms = (EVERYBODY, role_room(user.role), user_room(user.id))
    async with services.sessions() as session:
        rows = await delivery_reads.told(session, rooms, before=after(cursor), limit=limit + 1)
    shown, following = page(rows, limit, lambda row: row.id)
    return ToldList(items=[ToldView.model_validate(row) for row in shown], next_cursor=following)


def _sent(row: Delivery) -> SentView:
    """`why` only of a refused one: a waiting one may carry a sealed secret there."""
    return SentView(
        id=row.id,
        subject=row.subject_key,
        notice=row.notice,
        channel=row.channel,
        recipient=delivery_view(row).recipient,
        status=row.status,
        attempts=row.attempts,
        why=row.detail if row.status == REFUSED else "",
        created_at=row.created_at,
        sent_at=row.sent_at,
    )
