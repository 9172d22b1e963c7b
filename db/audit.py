"""Who did what: one append-only row, written in the transaction of the act it tells."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db.tables.audit import AuditEntry
from domain.operations import Actor, FieldChange


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
