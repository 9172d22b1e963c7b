"""What a client was told on screen, kept for it to read again: its own room's notifications, with how far it has read.

There is no table for it. Every step already writes the row that its sockets hear (db/notifications.py); the client's
own row keeps the number of the last one that was read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Select, bindparam, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db.notifications import notify
from db.tables import Client, Invoice, Notification, Operation
from domain.notifications import INVOICE_ANNULLED, INVOICE_ISSUED, NEWS, client_room

# Beyond this many nobody counts them.
MOST_COUNTED = 100


@dataclass(frozen=True, kw_only=True)
class Inbox:
    """Some of a client's notices, newest first; those with an id above `read_to` are new to it."""

    rows: Sequence[Notification]
    read_to: int


async def page(session: AsyncSession, client_id: int, *, before: int | None, limit: int) -> Inbox:
    """The newest `limit` before the notice `before`."""
    query = _of(client_id)
    if before is not None:
        query = query.where(Notification.id < before)
    rows = (await session.scalars(query.order_by(Notification.id.desc()).limit(limit))).all()
    read_to = await session.scalar(select(Client.notices_read_to).where(Client.id == client_id))
    return Inbox(rows=rows, read_to=read_to or 0)


async def unread(session: AsyncSession, client_id: int) -> int:
    """How many are new to the client; MOST_COUNTED stands for as many or more."""
    return await session.scalar(_UNREAD, {"client": client_id, "room": client_room(client_id)}) or 0


async def mark_read(session: AsyncSession, client_id: int, *, up_to: int) -> None:
    """Everything up to this notice has been read. A number that is none of the client's own reads nothing to come."""
    newest = select(func.max(Notification.id)).where(
        Notification.room == client_room(client_id), Notification.id <= up_to
    )
    last = await session.scalar(newest)
    further = (Client.id == client_id, Client.notices_read_to < (last or 0))
    await session.execute(update(Client).where(*further).values(notices_read_to=last))


async def tell_of_invoice(session: AsyncSession, invoice: Invoice, *, issued: bool) -> None:
    """A comprobante of the client is there, or counts no more; once each."""
    client_id = await session.scalar(select(Operation.client_id).where(Operation.code == invoice.operation_code))
    assert client_id is not None  # the invoice's own foreign key
    event = INVOICE_ISSUED if issued else INVOICE_ANNULLED
    await notify(
        session,
        key=f"comprobante-{invoice.id}",
        room=client_room(client_id),
        event=event,
        payload={
            "operation_id": invoice.operation_code,
            "comprobante": f"{invoice.series}-{invoice.number}",
            "tipo": invoice.type.value,
        },
        operation_code=invoice.operation_code,
    )


def _of(client_id: int) -> Select[Notification]:
    return select(Notification).where(Notification.room == client_room(client_id), Notification.event.in_(NEWS))


_READ_TO = select(Client.notices_read_to).where(Client.id == bindparam("client")).scalar_subquery()
_NEW = select(Notification.id).where(
    Notification.room == bindparam("room"), Notification.event.in_(NEWS), Notification.id > _READ_TO
)
# Asked at every page: a few rows of one index, whatever the client's history.
_UNREAD = select(func.count()).select_from(_NEW.limit(MOST_COUNTED).subquery())
