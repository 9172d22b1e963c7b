"""A client's risk as the database knows it: inputs gathered, score kept, every calculation remembered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime, timedelta
from decimal import Decimal

from sqlalchemy import bindparam, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from db import audit, parameters
from db.session import HELD
from db.tables import Client, ClientRiskProfile, ClientRiskScore, Operation
from domain.calendar import business_day
from domain.clients import KycStatus
from domain.operations import Actor, FieldChange, State
from domain.parameters import RISK_PARAMETERS
from domain.risk import ListStatus, PepKind, Regime, RiskInputs, RiskLevel, Weights, assess, check_pep, is_exposed

RECENT = timedelta(days=30)


async def weights(session: AsyncSession, day: date) -> Weights:
    """Every figure of the matrix in force on a Lima day, in one read."""
    return await parameters.values(session, [parameter.name for parameter in RISK_PARAMETERS], day)


async def profile(session: AsyncSession, client_id: int) -> ClientRiskProfile:
    """The client's profile, made now when a client of before has none (F144, F255)."""
    held = await session.get(ClientRiskProfile, client_id, with_for_update=HELD)
    if held is not None:
        return held
    new = {"score": 0, "level": RiskLevel.BAJO, "regime": Regime.SIMPLIFICADA}
    once = insert(ClientRiskProfile).values(client_id=client_id, **new).on_conflict_do_nothing()
    await session.execute(once)
    return await session.get_one(ClientRiskProfile, client_id, with_for_update=HELD)


async def recompute(
    session: AsyncSession, client_id: int, *, occasion: str, at: datetime, lists: ListStatus | None = None
) -> ClientRiskProfile:
    """Score the client anew and remember the calculation. `lists` is what a screening has just said, if it did.

    A calculation that changes nothing is not written again, so that a repeated attempt leaves one row.
    """
    kept = await profile(session, client_id)
    if lists is not None:
        kept.list_status, kept.screened_at = lists, at
    day = business_day(at)
    figures = await weights(session, day)
    seen = {"client_id": client_id, "since": at - RECENT}
    client, mean, operations, last = (await session.execute(_SEEN, seen)).one()
    known = _inputs(client, kept, figures, at, mean=mean, operations=operations)
    result = assess(known, figures)
    kept.score, kept.level, kept.regime, kept.updated_at = result.score, result.level, result.regime, at
    row = ClientRiskScore(
        client_id=client_id,
        occasion=occasion,
        score=result.score,
        level=result.level,
        regime=result.regime,
        inputs={name: _plain(value) for name, value in asdict(known).items()},
        factors=[{"name": factor.name, "points": factor.points} for factor in result.factors],
        parameters={name: str(value) for name, value in figures.items()},
        at=at,
    )
    if not _same(last, row):
        session.add(row)
    await session.flush()
    return kept


async def declare(
    session: AsyncSession,
    client_id: int,
    *,
    actor: Actor,
    kind: PepKind | None,
    position: str,
    entity: str,
    since: date | None,
    until: date | None,
    legal_issues: bool,
    notes: str,
    at: datetime,
) -> ClientRiskProfile:
    """What a person of the house knows of exposure and legal trouble; the score follows. Raises Invalid."""
    check_pep(kind, position=position, entity=entity)
    kept = await profile(session, client_id)
    before = (kept.pep_kind, kept.legal_issues)
    kept.pep_kind, kept.pep_position, kept.pep_entity = kind, position.strip(), entity.strip()
    kept.pep_since, kept.pep_until, kept.legal_issues, kept.notes = since, until, legal_issues, notes.strip()
    changes = [
        FieldChange(field=name, before=str(old or ""), after=str(new or ""))
        for name, old, new in zip(("pep", "legal_issues"), before, (kind, legal_issues), strict=True)
        if old != new
    ]
    audit.record(
        session, actor=actor, action="clients.declare_risk", entity="client", entity_id=client_id, changes=changes
    )
    return await recompute(session, client_id, occasion="declaración", at=at)


async def profiles(
    session: AsyncSession, *, level: RiskLevel | None, regime: Regime | None, pep: bool, before: int | None, limit: int
) -> Sequence[ClientRiskProfile]:
    """Living clients' profiles, the newest client first; `pep` asks for the exposed only."""
    wanted = select(ClientRiskProfile).join(Client, Client.id == ClientRiskProfile.client_id)
    wanted = wanted.where(Client.closed_at.is_(None))
    if level is not None:
        wanted = wanted.where(ClientRiskProfile.level == level)
    if regime is not None:
        wanted = wanted.where(ClientRiskProfile.regime == regime)
    if pep:
        wanted = wanted.where(ClientRiskProfile.pep_kind.is_not(None))
    if before is not None:
        wanted = wanted.where(ClientRiskProfile.client_id < before)
    return (await session.scalars(wanted.order_by(ClientRiskProfile.client_id.desc()).limit(limit))).all()


async def history(session: AsyncSession, client_id: int) -> Sequence[ClientRiskScore]:
    """Every calculation, newest first."""
    wanted = select(ClientRiskScore).where(ClientRiskScore.client_id == client_id)
    return (await session.scalars(wanted.order_by(ClientRiskScore.id.desc()))).all()


def _inputs(
    client: Client, kept: ClientRiskProfile, figures: Weights, at: datetime, *, mean: Decimal | None, operations: int
) -> RiskInputs:
    return RiskInputs(
        average_usd=None if mean is None else Decimal(mean).quantize(Decimal("0.01")),
        operations_in_30_days=operations,
        pep=is_exposed(
            kept.pep_kind,
            until=kept.pep_until,
            today=business_day(at),
            lookback_years=int(figures["pep_lookback_years"]),
        ),
        lists=ListStatus.COINCIDENCIA if client.list_match else kept.list_status,
        legal_issues=kept.legal_issues,
        kyc_approved=client.kyc_status is KycStatus.APROBADO,
    )


# The client, what it exchanges on average, how often of late, and its last calculation, in one read: every completed
# operation asks it, once its profile is held.
_Each = aliased(ClientRiskScore)
_OWN = Operation.client_id == Client.id
_SEEN = (
    select(
        Client,
        select(func.avg(Operation.amount_usd)).where(_OWN, Operation.state == State.COMPLETADA).scalar_subquery(),
        select(func.count()).where(_OWN, Operation.created_at > bindparam("since")).scalar_subquery(),
        ClientRiskScore,
    )
    .outerjoin(
        ClientRiskScore,
        ClientRiskScore.id == select(func.max(_Each.id)).where(_Each.client_id == Client.id).scalar_subquery(),
    )
    .where(Client.id == bindparam("client_id"))
)


def _same(last: ClientRiskScore | None, new: ClientRiskScore) -> bool:
    if last is None:
        return False
    told = ("occasion", "score", "inputs", "factors", "parameters")
    return all(getattr(last, name) == getattr(new, name) for name in told)


def _plain(value: object) -> object:
    return str(value) if isinstance(value, Decimal) else value
