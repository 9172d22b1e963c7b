"""Clients' rate alerts: asked for, fired in the transaction that publishes a rate, and told afterwards.

Firing is one statement whatever the number of alerts. What has fired and waits to be told is a row, so that a mail
server or a Temporal that is away loses none.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from sqlalchemy import ColumnElement, Numeric, and_, case, func, literal, not_, null, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from db import audit, clients
from db.notifications import notify_each
from db.tables import Client, ExchangeRate, RateAlert, RateAlertFiring
from domain.calendar import business_day
from domain.errors import Conflict, Missing
from domain.notifications import RATE_REACHED, Announcement, client_room
from domain.operations import Actor
from domain.rate_alerts import Direction, Side, check_new

# News of a rate is none six hours later.
STALE = timedelta(hours=6)


@dataclass(frozen=True, kw_only=True)
class NewAlert:
    """An alert as its client asks for it, already read by the domain."""

    side: Side
    direction: Direction
    value: Decimal
    repeats: bool
    until: date


@dataclass(frozen=True, kw_only=True)
class Fired:
    """One firing with what its notice says."""

    firing: RateAlertFiring
    alert: RateAlert
    client: Client


async def live(session: AsyncSession, client_id: int, today: date) -> Sequence[tuple[RateAlert, datetime | None]]:
    """The client's alerts that still watch, the newest first, each with when it last fired."""
    last = select(func.max(RateAlertFiring.at)).where(RateAlertFiring.alert_id == RateAlert.id).scalar_subquery()
    wanted = select(RateAlert, last).where(RateAlert.client_id == client_id, *_watching(today))
    return [(alert, at) for alert, at in await session.execute(wanted.order_by(RateAlert.id.desc()))]


async def add(session: AsyncSession, client_id: int, new: NewAlert, *, actor: Actor, now: datetime) -> RateAlert:
    """Raises Conflict for a repeated one or one too many, and Invalid for a value that the rate has reached already."""
    await clients.lock(session, client_id)
    present = [alert for alert, _ in await live(session, client_id, business_day(now))]
    if any((one.side, one.direction, one.value) == (new.side, new.direction, new.value) for one in present):
        raise Conflict("ALERT_EXISTS", "Ya tienes esa alerta.", field="valor")
    check_new(len(present), new.direction, new.value, await _figure(session, new.side))
    row = RateAlert(
        client_id=client_id,
        side=new.side,
        direction=new.direction,
        value=new.value,
        repeats=new.repeats,
        until=new.until,
    )
    session.add(row)
    await session.flush()
    await session.refresh(row)
    audit.record(session, actor=actor, action="rate_alerts.add", entity="rate_alert", entity_id=row.id)
    return row


async def end(session: AsyncSession, client_id: int, alert_id: int, *, actor: Actor, now: datetime) -> None:
    """The client wants it no more. Raises Missing when it has none of that number."""
    mine = (RateAlert.id == alert_id, RateAlert.client_id == client_id, RateAlert.ended_at.is_(None))
    if await session.scalar(update(RateAlert).where(*mine).values(ended_at=now).returning(RateAlert.id)) is None:
        raise Missing("ALERT_NOT_FOUND", "No encontramos esa alerta entre las tuyas.")
    audit.record(session, actor=actor, action="rate_alerts.end", entity="rate_alert", entity_id=alert_id)


async def fire(session: AsyncSession, published: ExchangeRate) -> int:
    """Mark the alerts that this rate reaches, and tell their clients' screens; answers how many.

    One that has fired is armed again by a rate that is back on the other side, so that a repeating one tells a
    crossing once.
    """
    there = _reached(published)
    back = update(RateAlert).where(RateAlert.ended_at.is_(None), RateAlert.armed.is_(False), not_(there))
    await session.execute(back.values(armed=True))
    open_clients = select(Client.id).where(Client.closed_at.is_(None))
    living = (*_watching(business_day(published.at)), RateAlert.armed.is_(True), RateAlert.client_id.in_(open_clients))
    hit = await session.execute(
        update(RateAlert)
        .where(*living, there)
        .values(armed=False, ended_at=case((RateAlert.repeats, null()), else_=published.at))
        .returning(RateAlert.id, RateAlert.client_id, RateAlert.side)
    )
    fired = hit.all()
    if not fired:
        return 0
    rows = [
        {
            "alert_id": one.id,
            "rate_id": published.id,
            "value": published.buy if one.side is Side.COMPRA else published.sell,
        }
        for one in fired
    ]
    await session.execute(insert(RateAlertFiring), rows)
    rooms = [client_room(client_id) for client_id in sorted({one.client_id for one in fired})]
    await notify_each(
        session,
        [Announcement(event=RATE_REACHED, room=room) for room in rooms],
        key=f"rate-alert:{published.id}",
        payload={
            "compra": str(published.buy),
            "venta": str(published.sell),
            "title": "QoriCash",
            "message": "El tipo de cambio llegó a tu alerta.",
        },
    )
    return len(fired)


async def waiting(
    session: AsyncSession, *, rate_id: int | None, before: datetime, after: int, limit: int, now: datetime
) -> Sequence[int]:
    """Firings that wait to be told, by their ids after `after`: those of a rate, or of any from before `before`."""
    which = RateAlertFiring.rate_id == rate_id if rate_id is not None else RateAlertFiring.at <= before
    wanted = select(RateAlertFiring.id).where(
        which, RateAlertFiring.told_at.is_(None), RateAlertFiring.at > now - STALE, RateAlertFiring.id > after
    )
    return (await session.scalars(wanted.order_by(RateAlertFiring.id).limit(limit))).all()


async def fired(session: AsyncSession, firing_ids: Iterable[int]) -> Sequence[Fired]:
    """These firings, where they have not been told yet and their client's account is open."""
    wanted = (
        select(RateAlertFiring, RateAlert, Client)
        .join(RateAlert, RateAlert.id == RateAlertFiring.alert_id)
        .join(Client, Client.id == RateAlert.client_id)
        .where(RateAlertFiring.id.in_(list(firing_ids)), RateAlertFiring.told_at.is_(None), Client.closed_at.is_(None))
    )
    rows = await session.execute(wanted.order_by(RateAlertFiring.id))
    return [Fired(firing=firing, alert=alert, client=client) for firing, alert, client in rows]


async def mark_told(session: AsyncSession, firing_id: int, *, at: datetime) -> None:
    """Its mail and push have left, or never will."""
    await session.execute(update(RateAlertFiring).where(RateAlertFiring.id == firing_id).values(told_at=at))


async def _figure(session: AsyncSession, side: Side) -> Decimal | None:
    newest = await session.scalar(select(ExchangeRate).order_by(ExchangeRate.id.desc()).limit(1))
    if newest is None:
        return None
    return newest.buy if side is Side.COMPRA else newest.sell


def _watching(today: date) -> tuple[ColumnElement[bool], ...]:
    return RateAlert.ended_at.is_(None), RateAlert.until >= today


def _reached(published: ExchangeRate) -> ColumnElement[bool]:
    """domain.rate_alerts.reached, as the database asks it of all alerts at once."""
    buy, sell = (literal(figure, Numeric(10, 4)) for figure in (published.buy, published.sell))
    figure = case((RateAlert.side == Side.COMPRA, buy), else_=sell)
    return or_(
        and_(RateAlert.direction == Direction.SOBRE, figure >= RateAlert.value),
        and_(RateAlert.direction == Direction.BAJO, figure <= RateAlert.value),
    )
