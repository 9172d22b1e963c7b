"""How risky the house's clients are, all of them in one list. One client's history: `/clients/{id}/risk`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Path

from api.auth import SignedUser, requires_unseen
from api.services import ServicesDep
from api.staff.shapes import MAX_ID, PAGE, Answer, Cursor, Limit, after, page
from db import risk
from db.cases import audit_subject
from db.clients import live
from domain.permissions import Permission
from domain.risk import ListStatus, PepKind, Regime, RiskLevel

router = APIRouter(prefix="/api/staff/risk", tags=["Riesgo de clientes"])

Reader = Annotated[SignedUser, requires_unseen(Permission.COMPLIANCE_READ)]
Officer = Annotated[SignedUser, requires_unseen(Permission.COMPLIANCE_RESOLVE)]


class ProfileLine(Answer):
    """One client's present score, 0 to 100."""

    client_id: int
    score: int
    level: RiskLevel
    regime: Regime
    list_status: ListStatus
    pep_kind: PepKind | None
    legal_issues: bool
    updated_at: datetime


class ProfileList(Answer):
    """A page of profiles."""

    items: list[ProfileLine]
    next_cursor: str | None


@router.get("")
async def read_profiles(
    *,
    user: Reader,
    services: ServicesDep,
    level: RiskLevel | None = None,
    regime: Regime | None = None,
    pep: bool = False,
    cursor: Cursor = None,
    limit: Limit = PAGE,
) -> ProfileList:
    """Profiles of living clients, of a level, a regime or the exposed only if you wish."""
    async with services.sessions.begin() as session:
        rows = await risk.profiles(session, level=level, regime=regime, pep=pep, before=after(cursor), limit=limit + 1)
        audit_subject(session, "riesgo", user_id=user.id, action="visto")
    shown, following = page(rows, limit, lambda row: row.client_id)
    return ProfileList(items=[ProfileLine.model_validate(row) for row in shown], next_cursor=following)


@router.post("/{client_id}/recalculate")
async def recalculate_risk(
    client_id: Annotated[int, Path(ge=1, le=MAX_ID)], user: Officer, services: ServicesDep
) -> ProfileLine:
    """Score a client anew with the figures of today; kept only if something changed."""
    async with services.sessions.begin() as session:
        await live(session, client_id)
        kept = await risk.recompute(session, client_id, occasion="recálculo", at=datetime.now(UTC))
        audit_subject(session, f"cliente:{client_id}", user_id=user.id, action="recálculo de riesgo")
        return ProfileLine.model_validate(kept)
