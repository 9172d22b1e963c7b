"""The mails and pushes that left, as the house reads them: newest first, within what each may see."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import Select, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.operation_reads import seen_by
from db.tables import Client, Delivery, Invoice, Notification
from db.tables import Operation as OperationRow
from domain.errors import Missing
from domain.invoices import InvoiceStatus, InvoiceType
from domain.operations import Actor, State
from domain.permissions import Role, Scope, scope

CLIENT_PREFIX = "cliente-"
# Which document of an operation a mail about one tells of.
INVOICES = {
    "nota_credito": Invoice.type == InvoiceType.NOTA_CREDITO,
    "comprobante_anulado": Invoice.status == InvoiceStatus.ANULADO,
}


@dataclass(frozen=True, kw_only=True)
class DeliveryFilter:
    """What the list is narrowed by; empty is everything."""

    status: str = ""
    channel: str = ""
    subject: str = ""


async def deliveries(
    session: AsyncSession, reader: Actor, wanted: DeliveryFilter, *, before: int | None, limit: int
) -> Sequence[Delivery]:
    """Mails and pushes, newest first; a Trader those of its portfolio's operations."""
    query = _visible(reader)
    for column, value in (
        (Delivery.status, wanted.status),
        (Delivery.channel, wanted.channel),
        (Delivery.subject_key, wanted.subject),
    ):
        if value:
            query = query.where(column == value)
    if before is not None:
        query = query.where(Delivery.id < before)
    return (await session.scalars(query.order_by(Delivery.id.desc()).limit(limit))).all()


async def delivery(session: AsyncSession, reader: Actor, delivery_id: int) -> Delivery:
    """One of them. Raises Missing when there is none, or it is not this person's to see."""
    found = await session.scalar(_visible(reader).where(Delivery.id == delivery_id))
    if found is None:
        raise Missing("DELIVERY_NOT_FOUND", "No encontramos este envío.")
    return found


@dataclass(frozen=True, kw_only=True)
class Whose:
    """Whom a delivery is about: its operation's state (None of a client itself), and the comprobante that it mails."""

    client_id: int
    email: str
    state: State | None
    invoice_id: int | None = None


async def whose(session: AsyncSession, row: Delivery) -> Whose:
    """The client of a delivery as it is now. Raises Missing for one about nobody (a complaint, a case)."""
    if row.subject_key.startswith(CLIENT_PREFIX):
        number = row.subject_key.removeprefix(CLIENT_PREFIX)
        client = await session.get(Client, int(number)) if number.isdecimal() else None
        if client is None:
            raise Missing("DELIVERY_NOT_FOUND", "No encontramos este envío.")
        return Whose(client_id=client.id, email=client.email, state=None)
    query = select(OperationRow.state, Client.id, Client.email).join(Client, Client.id == OperationRow.client_id)
    found = (await session.execute(query.where(OperationRow.code == row.subject_key))).one_or_none()
    if found is None:
        raise Missing("DELIVERY_NOT_FOUND", "No encontramos este envío.")
    state, client_id, email = found
    wanted = INVOICES.get(row.notice)
    document = None
    if wanted is not None:
        newest = select(Invoice.id).where(Invoice.operation_code == row.subject_key, wanted).order_by(Invoice.id.desc())
        document = await session.scalar(newest.limit(1))
    return Whose(client_id=client_id, email=email, state=state, invoice_id=document)


async def operations_states(session: AsyncSession, codes: Collection[str]) -> dict[str, State]:
    """Where each operation of these codes stands now."""
    found = await session.execute(select(OperationRow.code, OperationRow.state).where(OperationRow.code.in_(codes)))
    return dict(found.all())


def _visible(reader: Actor) -> Select[Delivery]:
    query = select(Delivery)
    if reader.role is None or scope(Role(reader.role), "operations") is not Scope.ALL:
        mine = select(literal(1)).where(OperationRow.code == Delivery.subject_key, seen_by(reader))
        query = query.where(mine.exists())
    return query


async def told(
    session: AsyncSession, rooms: Sequence[str], *, before: int | None, limit: int
) -> Sequence[Notification]:
    """What these rooms were told on screen, newest first."""
    query = select(Notification).where(or_(*(Notification.room == room for room in rooms)))
    if before is not None:
        query = query.where(Notification.id < before)
    return (await session.scalars(query.order_by(Notification.id.desc()).limit(limit))).all()
