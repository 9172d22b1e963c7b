"""Who did what, and when: the append-only record, filtered."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import AwareDatetime

from api.auth import SignedUser, requires
from api.services import ServicesDep
from api.staff.shapes import PAGE, Answer, Cursor, Limit, after, page
from db import audit
from db.tables import AuditEntry
from domain.permissions import Permission

router = APIRouter(prefix="/api/staff/audit", tags=["Auditoría"])

Word = Annotated[str | None, Query(max_length=80)]
Moment = Annotated[AwareDatetime | None, Query(description="Con zona horaria, por ejemplo 2026-11-25T09:00:00-05:00.")]


class ChangeView(Answer):
    """One field, before and after."""

    field: str
    before: str
    after: str


class EntryView(Answer):
    """One act: of whom (`actor_name` is empty for a client or the house itself), on what, and why."""

    id: int
    at: datetime
    actor_kind: str
    actor_id: int
    actor_name: str = ""
    actor_role: str | None
    action: str
    entity: str
    entity_id: str
    changes: list[ChangeView]
    reason: str


class AuditList(Answer):
    """A page of acts."""

    items: list[EntryView]
    next_cursor: str | None


@router.get("")
async def list_audit(
    *,
    _user: Annotated[SignedUser, requires(Permission.AUDIT_READ)],
    services: ServicesDep,
    actor_id: Annotated[int | None, Query(ge=1, description="De qué persona de la casa.")] = None,
    action: Word = None,
    entity: Word = None,
    entity_id: Word = None,
    since: Moment = None,
    until: Moment = None,
    cursor: Cursor = None,
    limit: Limit = PAGE,
) -> AuditList:
    """Acts, newest first, of a person, on a thing or in a time (`since` included, `until` not)."""
    wanted = audit.Wanted(
        actor_id=actor_id, action=action, entity=entity, entity_id=entity_id, since=since, until=until
    )
    async with services.sessions() as session:
        rows = await audit.listed(session, wanted, before=after(cursor), limit=limit + 1)
    shown, following = page(rows, limit, lambda item: item[0].id)
    return AuditList(items=[_view(entry, name) for entry, name in shown], next_cursor=following)


def _view(entry: AuditEntry, name: str) -> EntryView:
    return EntryView.model_validate(entry).model_copy(update={"actor_name": name})
