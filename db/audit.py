"""Who did what: one append-only row, written in the transaction of the act it tells."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db.tables.audit import AuditEntry
from db.tables.users import User
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
    told = entry(actor=actor, action=action, entity=entity, entity_id=entity_id, changes=changes, reason=reason)
    session.add(AuditEntry(**told))


def entry(
    *,
    actor: Actor,
    action: str,
    entity: str,
    entity_id: str | int,
    changes: Iterable[FieldChange] = (),
    reason: str = "",
) -> dict[str, Any]:
    """The columns of an entry, for who writes it together with other rows."""
    return {
        "actor_kind": actor.kind.value,
        "actor_id": actor.id,
        "actor_role": actor.role.value if actor.role else None,
        "action": action,
        "entity": entity,
        "entity_id": str(entity_id),
        "changes": as_json(changes),
        "reason": reason,
    }


def as_json(changes: Iterable[FieldChange]) -> list[dict[str, str]]:
    """Field by field, before and after, as events and audit keep them."""
    return [{"field": item.field, "before": item.before, "after": item.after} for item in changes]


async def entries(session: AsyncSession, entity: str, entity_id: str | int) -> Sequence[AuditEntry]:
    """All that was done to one thing, oldest first."""
    wanted = (AuditEntry.entity == entity, AuditEntry.entity_id == str(entity_id))
    return (await session.scalars(select(AuditEntry).where(*wanted).order_by(AuditEntry.id))).all()


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which entries to read: of whom, about what, and when (`since` included, `until` not)."""

    actor_id: int | None = None
    action: str | None = None
    entity: str | None = None
    entity_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None


async def listed(
    session: AsyncSession, wanted: Wanted, *, before: int | None, limit: int
) -> Sequence[tuple[AuditEntry, str]]:
    """Entries with the name of the person of the house who acted, newest first; `before` is the id to go on from."""
    given = [
        getattr(AuditEntry, field) == value
        for field in ("action", "entity", "entity_id")
        if (value := getattr(wanted, field)) is not None
    ]
    if wanted.actor_id is not None:
        given += [AuditEntry.actor_kind == ActorKind.STAFF.value, AuditEntry.actor_id == wanted.actor_id]
    if wanted.since is not None:
        given.append(AuditEntry.at >= wanted.since)
    if wanted.until is not None:
        given.append(AuditEntry.at < wanted.until)
    if before is not None:
        given.append(AuditEntry.id < before)
    of_staff = (User.id == AuditEntry.actor_id) & (AuditEntry.actor_kind == ActorKind.STAFF.value)
    found = await session.execute(
        select(AuditEntry, User.full_name)
        .outerjoin(User, of_staff)
        .where(*given)
        .order_by(AuditEntry.id.desc())
        .limit(limit)
    )
    return [(entry, name or "") for entry, name in found.all()]
