"""The house's published rates: the newest row is the rate of every channel (F054), and every change is told to all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Date, cast, func, literal_column, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from db import approvals, audit, parameters, rate_alerts
from db.notifications import notify
from db.tables import Approval, ExchangeRate, User
from domain.approvals import ApprovalKind
from domain.calendar import business_day
from domain.errors import Missing
from domain.notifications import EVERYBODY
from domain.operations import Actor, FieldChange
from domain.rates import Quote, check, jump_percent

RATES_CHANGED = "tipos_cambio_actualizados"


async def current_rate(session: AsyncSession) -> ExchangeRate:
    """The pair in force. Raises Missing before the first one is published."""
    newest = await session.scalar(select(ExchangeRate).order_by(ExchangeRate.id.desc()).limit(1))
    if newest is None:
        raise Missing("NO_RATE", "Aún no hay un tipo de cambio publicado.")
    return newest


async def valuation_rate(session: AsyncSession) -> Decimal:
    """What a dollar that nobody exchanged is worth in the books today: the middle of the desk's base (PEN).

    Raises Missing before the first rate is published.
    """
    return quote_of(await current_rate(session)).middle()


def quote_of(row: ExchangeRate) -> Quote:
    """A published version as the domain reads it."""
    return Quote(buy=row.buy, sell=row.sell, base_buy=row.base_buy, base_sell=row.base_sell)


async def publish(session: AsyncSession, quote: Quote, *, actor: Actor, at: datetime) -> ExchangeRate | Approval:
    """Publish a price, or ask for a second person when it jumps more than the house allows (PEN per USD).

    Raises:
        Invalid: the pair is not sane.
        Conflict: this very pair waits already (a double click).
    """
    check(quote)
    newest = await session.scalar(select(ExchangeRate).order_by(ExchangeRate.id.desc()).limit(1))
    jump = jump_percent(quote_of(newest) if newest else None, quote)
    most = await parameters.value(session, "max_rate_jump_percent", business_day(at))
    if jump <= most:
        return await set_rate(session, quote=quote, actor=actor)
    asked = {name: None if value is None else str(value) for name, value in asdict(quote).items()}
    words = f"Tipo de cambio {quote.buy:.4f} / {quote.sell:.4f}: se mueve {jump} % y sin confirmar se permite {most} %"
    return await approvals.ask_once(
        session, ApprovalKind.TIPO_DE_CAMBIO, asked, words=words, reason="Salto de tipo de cambio", actor=actor
    )


def quote_from(kept: dict[str, Any]) -> Quote:
    """The price that a request for approval kept."""
    base_buy, base_sell = (None if kept[name] is None else Decimal(kept[name]) for name in ("base_buy", "base_sell"))
    return Quote(buy=Decimal(kept["buy"]), sell=Decimal(kept["sell"]), base_buy=base_buy, base_sell=base_sell)


async def set_rate(
    session: AsyncSession,
    *,
    actor: Actor,
    buy: Decimal | None = None,
    sell: Decimal | None = None,
    quote: Quote | None = None,
    confirmed_by: Actor | None = None,
) -> ExchangeRate:
    """Publish a pair (PEN per USD), tell everybody, fire the alerts that it reaches, and write who did it.

    The caller has checked its sanity.
    """
    if quote is None:
        assert buy is not None, "a price is a quote, or both sides of one"
        assert sell is not None, "a price is a quote, or both sides of one"
        quote = Quote(buy=buy, sell=sell)
    before = await session.scalar(select(ExchangeRate).order_by(ExchangeRate.id.desc()).limit(1))
    row = ExchangeRate(**asdict(quote), user_id=actor.id or None)
    row.confirmed_by = confirmed_by.id if confirmed_by else None
    session.add(row)
    await session.flush()
    await session.refresh(row)
    await notify(session, key=f"rate:{row.id}", room=EVERYBODY, event=RATES_CHANGED, payload=rate_event(row))
    await rate_alerts.fire(session, row)
    changes = [
        FieldChange(field=side, before=_text(getattr(before, side, None)), after=_text(getattr(row, side)))
        for side in ("buy", "sell", "base_buy", "base_sell")
        if getattr(before, side, None) is not None or getattr(row, side) is not None
    ]
    audit.record(session, actor=actor, action="rates.set", entity="rate", entity_id=row.id, changes=changes)
    return row


def _text(value: Decimal | None) -> str:
    return "" if value is None else f"{value:.4f}"


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


async def last_of_each_day(session: AsyncSession, since: datetime) -> Sequence[tuple[date, Decimal, Decimal]]:
    """Lima day, buy and sell: the last pair published on each day from `since` on, oldest first."""
    day = cast(func.timezone(literal_column("'America/Lima'"), ExchangeRate.at), Date)
    newest = (
        select(day.label("day"), ExchangeRate.buy, ExchangeRate.sell)
        .where(ExchangeRate.at >= since)
        .ext(distinct_on(day))
        .order_by(day, ExchangeRate.id.desc())
    )
    return [(row.day, row.buy, row.sell) for row in await session.execute(newest)]
