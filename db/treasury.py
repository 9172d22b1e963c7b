"""The house's published rates: the newest row is the rate of every channel (F054), and every change is told to all."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db import audit, rate_alerts
from db.notifications import notify
from db.tables import ExchangeRate, User
from domain.errors import Missing
from domain.notifications import EVERYBODY
from domain.operations import Actor, FieldChange

RATES_CHANGED = "tipos_cambio_actualizados"


async def current_rate(session: AsyncSession) -> ExchangeRate:
    """The pair in force. Raises Missing before the first one is published."""
    newest = await session.scalar(select(ExchangeRate).order_by(ExchangeRate.id.desc()).limit(1))
    if newest is None:
        raise Missing("NO_RATE", "Aún no hay un tipo de cambio publicado.")
    return newest


async def set_rate(session: AsyncSession, *, buy: Decimal, sell: Decimal, actor: Actor) -> ExchangeRate:
    """Publish a pair (PEN per USD), tell everybody, fire the alerts that it reaches, and write who did it.

    The caller has checked its sanity.
    """
    before = await session.scalar(select(ExchangeRate).order_by(ExchangeRate.id.desc()).limit(1))
    row = ExchangeRate(buy=buy, sell=sell, user_id=actor.id or None)
    session.add(row)
    await session.flush()
    await session.refresh(row)
    await notify(session, key=f"rate:{row.id}", room=EVERYBODY, event=RATES_CHANGED, payload=rate_event(row))
    await rate_alerts.fire(session, row)
    changes = [
        FieldChange(field="buy", before=f"{before.buy:.4f}" if before else "", after=f"{row.buy:.4f}"),
        FieldChange(field="sell", before=f"{before.sell:.4f}" if before else "", after=f"{row.sell:.4f}"),
    ]
    audit.record(session, actor=actor, action="rates.set", entity="rate", entity_id=row.id, changes=changes)
    return row


def rate_event(row: ExchangeRate) -> dict[str, Any]:
    """What every page hears when the rate changes; as exact text, which the sockets turn into numbers."""
    return {"compra": str(row.buy), "venta": str(row.sell), "updated_at": row.at.isoformat()}


async def rate_history(session: AsyncSession, *, before: int | None, limit: int) -> Sequence[tuple[ExchangeRate, str]]:
    """Published pairs with the name of who published each, newest first; `before` is the id to go on from."""
    wanted = select(ExchangeRate, User.full_name).outerjoin(User, User.id == ExchangeRate.user_id)
    if before is not None:
        wanted = wanted.where(ExchangeRate.id < before)
    found = await session.execute(wanted.order_by(ExchangeRate.id.desc()).limit(limit))
    return [(rate, name or "") for rate, name in found.all()]
