"""How much a client may still exchange, counted in one place for every channel and for edits of an amount."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from db import parameters
from db.tables import Client, Operation
from domain.calendar import business_day
from domain.clients import ClientStatus
from domain.errors import Invalid
from domain.limits import check_limit, left
from domain.operations import State

COUNTED = (State.COMPLETADA, State.PENDIENTE, State.EN_PROCESO)


async def check_client_limit(session: AsyncSession, client: Client, usd: Decimal, *, code: str, now: datetime) -> None:
    """Whether the client may exchange this much: at creation by any channel, and when an amount grows.

    A blocked client may not at all. Without complete documents the limit runs over Completada and open operations other
    than `code` (F132). The caller holds the client's row, so two requests never count the same room.
    """
    if client.status is ClientStatus.BLOQUEADO:
        raise Invalid("CLIENT_BLOCKED", "Esta cuenta no puede operar por ahora. Escríbenos para ayudarte.")
    if client.has_complete_documents:
        return
    counted = select(func.coalesce(func.sum(Operation.amount_usd), 0)).where(
        Operation.client_id == client.id, Operation.state.in_(COUNTED), Operation.code != code
    )
    limit = await parameters.value(session, "limit_without_documents_usd", business_day(now))
    check_limit(
        has_complete_documents=False,
        accumulated_usd=Decimal(await session.scalar(counted) or 0),
        amount_usd=usd,
        limit_usd=Decimal(limit),
    )


async def room(session: AsyncSession, client: Client, *, now: datetime) -> Decimal | None:
    """USD that the client may still exchange, to show beside a form; None when no limit applies. It locks nothing."""
    counted = select(func.coalesce(func.sum(Operation.amount_usd), 0)).where(
        Operation.client_id == client.id, Operation.state.in_(COUNTED)
    )
    return left(
        has_complete_documents=client.has_complete_documents,
        accumulated_usd=Decimal(await session.scalar(counted) or 0),
        limit_usd=Decimal(await parameters.value(session, "limit_without_documents_usd", business_day(now))),
    )
