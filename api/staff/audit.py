"""Who did what: the audit as Master reads it, by person, by thing and by day."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Query

from api.auth import SignedUser, requires
from api.services import ServicesDep
from api.staff.shapes import MAX_ID, PAGE, Answer, Cursor, Limit, after, page
from db import audit
from db.audit import AuditFilter
from domain.calendar import day_bounds
from domain.permissions import Permission

router = APIRouter(prefix="/audit", tags=["Auditoría"])
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2100, 1, 1)
Day = Annotated[date | None, Query(ge=FIRST_DAY, le=LAST_DAY)]


class AuditView(Answer):
    """One act."""

    id: int
    actor_kind: str
    actor_id: int
    actor_role: str | None
    action: str
    entity: str
    entity_id: str
    changes: list[dict[str, str]]
    reason: str
    at: datetime


class AuditList(Answer):
    """A page of acts."""

    items: list[AuditView]
    next_cursor: str | None


@router.get("")
async def read_audit(
    *,
    _user: Annotated[SignedUser, requires(Permission.AUDIT_READ)],
    services: ServicesDep,
    actor_id: Annotated[int | None, Query(ge=1, le=MAX_ID)] = None,
    entity: Annotated[str, Query(max_length=40)] = "",
    entity_id: Annotated[str, Query(max_length=40)] = "",
    since: Day = None,
    until: Day = None,
    cursor: Cursor = None,
    limit: Limit = PAGE,
) -> AuditList:
    """Acts, newest first. `actor_id` is a person of the house; the days are Lima's, both included."""
    wanted = AuditFilter(
        actor_id=actor_id,
        entity=entity,
        entity_id=entity_id,
        since=day_bounds(since)[0] if since else None,
        until=day_bounds(until)[1] if until else None,
    )
    async with services.sessions() as session:
        rows = await audit.search(session, wanted, before=after(cursor), limit=limit + 1)
    shown, following = page(rows, limit, lambda row: row.id)
    return AuditList(items=[AuditView.model_validate(row) for row in shown], next_cursor=following)
