"""Better rates than the published ones: by amount, and for one client."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import ColumnElement, delete, or_, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from db import audit, parameters
from db.tables import Client, ClientRate, RateTier
from domain.errors import Conflict, Invalid, Missing
from domain.operations import Actor, FieldChange
from domain.rates import Tier, improvement


async def improvement_for(session: AsyncSession, client_id: int, usd: Decimal, *, day: date) -> int:
    """Pips better than the published rate for this client and amount on a Lima day; one read."""
    of_client = select(ClientRate.pips).where(ClientRate.client_id == client_id, _in_force(day))
    of_amount = select(RateTier.pips).where(RateTier.from_usd <= usd)
    reached = list(await session.scalars(of_client.union_all(of_amount)))
    return improvement(usd, (), of_client=max(reached, default=0))


async def tiers(session: AsyncSession) -> Sequence[RateTier]:
    """The tiers by amount, smallest first."""
    return (await session.scalars(select(RateTier).order_by(RateTier.from_usd))).all()


async def clients(session: AsyncSession, *, day: date) -> Sequence[tuple[ClientRate, Client]]:
    """The clients that have a rate of their own on this day."""
    wanted = select(ClientRate, Client).join(Client, Client.id == ClientRate.client_id).where(_in_force(day))
    return [(rate, client) for rate, client in (await session.execute(wanted.order_by(ClientRate.at.desc()))).all()]


async def set_tiers(
    session: AsyncSession, given: Sequence[Tier], *, seen: Sequence[Tier] | None = None, actor: Actor, at: datetime
) -> Sequence[RateTier]:
    """Replace the tiers as a whole; with `seen`, only while they are still what the person saw.

    Raises:
        Invalid: pips beyond the house's limit, or an amount given twice.
        Conflict: somebody changed them meanwhile.
    """
    # Two who replace at once take turns: a lock of rows would not hold back the rows that the other one adds.
    await session.execute(text("LOCK TABLE rate_tiers IN SHARE ROW EXCLUSIVE MODE"))
    if len({tier.from_usd for tier in given}) != len(given):
        raise Invalid("TIER_TWICE", "Hay dos tramos con el mismo monto.", field="tiers")
    for tier in given:
        await _check_pips(session, tier.pips, at)
    there = [Tier(from_usd=row.from_usd, pips=row.pips) for row in await tiers(session)]
    if seen is not None and sorted(seen, key=lambda one: one.from_usd) != there:
        raise Conflict("TIERS_MOVED", "Otra persona cambió los tramos: revísalos y guarda de nuevo.")
    before = _words(there)
    await session.execute(delete(RateTier))
    session.add_all([RateTier(from_usd=tier.from_usd, pips=tier.pips) for tier in given])
    change = FieldChange(field="tiers", before=before, after=_words(given))
    audit.record(session, actor=actor, action="rates.set_tiers", entity="rate", entity_id="tramos", changes=[change])
    await session.flush()
    return await tiers(session)


async def set_client(
    session: AsyncSession, client_id: int, pips: int, *, until: date | None, actor: Actor, at: datetime, reason: str
) -> None:
    """Give a client so many pips, or take them away with zero. Raises Missing or Invalid."""
    if await session.get(Client, client_id) is None:
        raise Missing("CLIENT_NOT_FOUND", "No encontramos a este cliente.", field="client_id")
    await _check_pips(session, pips, at)
    row = await session.get(ClientRate, client_id)
    change = FieldChange(field="preferential_pips", before=str(row.pips if row else 0), after=str(pips))
    if pips == 0:
        await session.execute(delete(ClientRate).where(ClientRate.client_id == client_id))
    else:
        values = {"pips": pips, "until": until, "user_id": actor.id or None, "at": at}
        made = insert(ClientRate).values(client_id=client_id, **values)
        await session.execute(made.on_conflict_do_update(index_elements=[ClientRate.client_id], set_=values))
    audit.record(
        session,
        actor=actor,
        action="rates.set_client",
        entity="client",
        entity_id=client_id,
        changes=[change],
        reason=reason,
    )


async def _check_pips(session: AsyncSession, pips: int, at: datetime) -> None:
    most = await parameters.value(session, "max_preferential_pips", at.date())
    if not 0 <= pips <= most:
        raise Invalid("PIPS_LIMIT", f"La mejora va de 0 a {most:f} pips.", field="pips")


def _in_force(day: date) -> ColumnElement[bool]:
    return or_(ClientRate.until.is_(None), ClientRate.until >= day)


def _words(given: Sequence[Tier]) -> str:
    return ", ".join(f"US$ {tier.from_usd:,.2f}: {tier.pips} pips" for tier in given)
