"""Scoring many clients at once after a screening: a list that changes must not cost a second a hundred clients."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal

from sqlalchemy import func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from db.risk import RECENT, weights
from db.tables import Client, ClientRiskProfile, ClientRiskScore, Operation
from domain.calendar import business_day
from domain.clients import KycStatus
from domain.operations import State
from domain.risk import ListStatus, Regime, RiskInputs, RiskLevel, Weights, assess, is_exposed


async def screened(
    session: AsyncSession, statuses: Mapping[int, ListStatus], *, occasion: str, at: datetime
) -> Sequence[int]:
    """What a screening said of each client. Who is told something new is scored anew; answers who they are."""
    new = [{"client_id": one, "score": 0, "level": RiskLevel.BAJO, "regime": Regime.SIMPLIFICADA} for one in statuses]
    await session.execute(upsert(ClientRiskProfile).values(new).on_conflict_do_nothing())
    wanted = select(ClientRiskProfile).where(ClientRiskProfile.client_id.in_(statuses)).with_for_update()
    kept = (await session.scalars(wanted.order_by(ClientRiskProfile.client_id))).all()
    moved = [one for one in kept if one.list_status is not statuses[one.client_id] or one.screened_at is None]
    for one in moved:
        one.list_status = statuses[one.client_id]
    seen = update(ClientRiskProfile).where(ClientRiskProfile.client_id.in_(statuses)).values(screened_at=at)
    await session.execute(seen, execution_options={"synchronize_session": False})
    if moved:
        await _score(session, moved, occasion=occasion, at=at)
    return [one.client_id for one in moved]


async def _score(session: AsyncSession, profiles: Sequence[ClientRiskProfile], *, occasion: str, at: datetime) -> None:
    day = business_day(at)
    figures = await weights(session, day)
    known = await _inputs(session, profiles, figures, at)
    rows = []
    for kept in profiles:
        result = assess(known[kept.client_id], figures)
        kept.score, kept.level, kept.regime, kept.updated_at = result.score, result.level, result.regime, at
        rows.append(
            {
                "client_id": kept.client_id,
                "occasion": occasion,
                "score": result.score,
                "level": result.level,
                "regime": result.regime,
                "inputs": {name: _plain(value) for name, value in asdict(known[kept.client_id]).items()},
                "factors": [{"name": factor.name, "points": factor.points} for factor in result.factors],
                "parameters": {name: str(value) for name, value in figures.items()},
                "at": at,
            }
        )
    await session.execute(insert(ClientRiskScore), rows)
    await session.flush()


async def _inputs(
    session: AsyncSession, profiles: Sequence[ClientRiskProfile], figures: Weights, at: datetime
) -> Mapping[int, RiskInputs]:
    ids = [kept.client_id for kept in profiles]
    averages = await _by_client(session, ids, func.avg(Operation.amount_usd), Operation.state == State.COMPLETADA)
    recent = await _by_client(session, ids, func.count(), Operation.created_at > at - RECENT)
    told = await session.execute(select(Client.id, Client.list_match, Client.kyc_status).where(Client.id.in_(ids)))
    clients = {row.id: row for row in told}
    today, years = business_day(at), int(figures["pep_lookback_years"])
    return {
        kept.client_id: RiskInputs(
            average_usd=_cents(averages.get(kept.client_id)),
            operations_in_30_days=int(recent.get(kept.client_id) or 0),
            pep=is_exposed(kept.pep_kind, until=kept.pep_until, today=today, lookback_years=years),
            lists=ListStatus.COINCIDENCIA if clients[kept.client_id].list_match else kept.list_status,
            legal_issues=kept.legal_issues,
            kyc_approved=clients[kept.client_id].kyc_status is KycStatus.APROBADO,
        )
        for kept in profiles
    }


async def _by_client(
    session: AsyncSession, ids: Collection[int], what: object, only: object
) -> Mapping[int, Decimal | int | None]:
    wanted = select(Operation.client_id, what).where(Operation.client_id.in_(ids), only)  # type: ignore[call-overload]
    return {row[0]: row[1] for row in await session.execute(wanted.group_by(Operation.client_id))}


def _cents(mean: Decimal | int | None) -> Decimal | None:
    return None if mean is None else Decimal(mean).quantize(Decimal("0.01"))


def _plain(value: object) -> object:
    return str(value) if isinstance(value, Decimal) else value
