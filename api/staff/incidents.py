"""What does not tie, as Master sees and settles it: drift, numbers taken, an account that fails."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import Field

from api.auth import SignedUser, requires
from api.services import ServicesDep
from api.staff.shapes import MAX_ID, PAGE, Answer, Body, Cursor, Limit, after, example, page
from db import incidents
from domain.permissions import Permission

router = APIRouter(prefix="/api/staff/incidents", tags=["Incidentes"])

Keeper = Annotated[SignedUser, requires(Permission.INCIDENTS_MANAGE)]


class CloseBody(Body):
    """How it was settled."""

    model_config = example(reason="Se pagó el plan de NubeFact y la cuenta volvió a emitir.")
    reason: str = Field(min_length=3, max_length=500)


class IncidentView(Answer):
    """One thing that does not tie: `subject` is the operation, number or account that it is about."""

    id: int
    kind: str
    subject: str
    detail: str
    opened_at: datetime
    closed_at: datetime | None


class IncidentList(Answer):
    """A page of incidents."""

    items: list[IncidentView]
    next_cursor: str | None


@router.get("")
async def list_incidents(
    *,
    _user: Keeper,
    services: ServicesDep,
    still_open: Annotated[bool, Query(alias="open", description="Los abiertos; con `false`, los cerrados.")] = True,
    cursor: Cursor = None,
    limit: Limit = PAGE,
) -> IncidentList:
    """Incidents, newest first."""
    async with services.sessions() as session:
        rows = await incidents.listed(session, still_open=still_open, before=after(cursor), limit=limit + 1)
    shown, following = page(rows, limit, lambda row: row.id)
    return IncidentList(items=[IncidentView.model_validate(row) for row in shown], next_cursor=following)


@router.post("/{incident_id}/close")
async def close_incident(
    incident_id: Annotated[int, Path(ge=1, le=MAX_ID)], body: CloseBody, user: Keeper, services: ServicesDep
) -> IncidentView:
    """Say that it is settled, and how; it stays in the audit. Whatever is still wrong opens one again by itself."""
    async with services.sessions.begin() as session:
        row = await incidents.close(session, incident_id, reason=body.reason, actor=user.actor, at=datetime.now(UTC))
        return IncidentView.model_validate(row)
