"""Who did what: one append-only row, written in the transaction of the act it tells."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db.tables.audit import AuditEntry
from domain.operations import Actor, ActorKind, FieldChange


def record(
    session: AsyncSession,
    *,
    actor: Actor,
    action: str,
    entity: str,
    entity_id: str | int,
    changes: Iterable[FieldChange] = (),
    reason: str = "",
) -> None:
    """Add one entry to the transaction. `changes` never carries a password, a token or a file's bytes."""
    session.add(
        AuditEntry(
            actor_kind=actor.kind.value,
            actor_id=actor.id,
            actor_role=actor.role.value if actor.role else None,
            action=action,
            entity=entity,
            entity_id=str(entity_id),
            changes=as_json(changes),
            reason=reason,
        )
    )


def as_json(changes: Iterable[FieldChange]) -> list[dict[str, str]]:
    """Field by field, before and after, as events and audit keep them."""
    return [{"field": item.field, "before": item.before, "after": item.after} for item in changes]


async def entries(session: AsyncSession, entity: str, entity_id: str | int) -> Sequence[AuditEntry]:
    """All that was done to one thing, oldest first."""
    wanted = (AuditEntry.entity == entity, AuditEntry.entity_id == str(entity_id))
    return (await session.scalars(select(AuditEntry).where(*wanted).order_by(AuditEntry.id))).all()


@dataclass(frozen=True, kw_only=True)
class AuditFilter:
    """What the audit is narrowed by. `since` and `until` bound `at`: since <= at < until."""

    actor_id: int | None = None
    entity: str = ""
    entity_id: str = ""
    since: datetime | None = None
    until: datetime | None = None


async def search(session: AsyncSession, wanted: AuditFilter, *, before: int | None, limit: int) -> Sequence[AuditEntry]:
    """Acts, newest first; `before` is the id to go on from."""
    query = select(AuditEntry)
    if wanted.actor_id is not None:
        query = query.where(AuditEntry.actor_kind == ActorKind.STAFF, AuditEntry.actor_id == wanted.actor_id)
    for column, value in ((AuditEntry.entity, wanted.entity), (AuditEntry.entity_id, wanted.entity_id)):
        if value:
            query = query.where(column == value)
    if wanted.since is not None:
        query = query.where(AuditEntry.at >= wanted.since)
    if wanted.until is not None:
        query = query.where(AuditEntry.at < wanted.until)
    if before is not None:
        query = query.where(AuditEntry.id < before)
    return (await session.scalars(query.order_by(AuditEntry.id.desc()).limit(limit))).all()
