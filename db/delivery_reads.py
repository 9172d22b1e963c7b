"""The mails and pushes that left, as the house reads them: newest first, within what each may see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import literal, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.operation_reads import within
from db.tables import Client, Delivery, Notification
from db.tables import Operation as OperationRow
from domain.operations import Actor
from domain.permissions import Role, Scope, scope


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
    query = select(Delivery)
    if reader.role is None or scope(Role(reader.role), "operations") is not Scope.ALL:
        mine = select(literal(1)).select_from(OperationRow).join(Client, Client.id == OperationRow.client_id)
        query = query.where(mine.where(OperationRow.code == Delivery.subject_key, within(reader)).exists())
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


async def told(
    session: AsyncSession, rooms: Sequence[str], *, before: int | None, limit: int
) -> Sequence[Notification]:
    """What these rooms were told on screen, newest first."""
    query = select(Notification).where(or_(*(Notification.room == room for room in rooms)))
    if before is not None:
        query = query.where(Notification.id < before)
    return (await session.scalars(query.order_by(Notification.id.desc()).limit(limit))).all()
