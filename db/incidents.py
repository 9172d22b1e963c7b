"""What does not tie, kept until a person or the reconciliation closes it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import bindparam, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from db import audit
from db.tables import Incident
from domain.errors import Conflict, Missing
from domain.operations import Actor


async def open_incident(session: AsyncSession, *, kind: str, subject: str, detail: str) -> None:
    """Open an incident, unless one of this kind is already open for the subject."""
    await session.execute(insert(Incident).values(kind=kind, subject=subject, detail=detail).on_conflict_do_nothing())


async def close_incidents(session: AsyncSession, *, kind: str, subject: str, at: datetime) -> None:
    """It ties again."""
    connection = await session.connection()
    await connection.execute(_CLOSING, {"of_kind": kind, "about": subject, "now": at})


# Of every comprobante: composing a statement anew costs as much as carrying it out.
_CLOSING = (
    update(Incident)
    .where(Incident.kind == bindparam("of_kind"), Incident.subject == bindparam("about"), Incident.closed_at.is_(None))
    .values(closed_at=bindparam("now"))
)


async def open_subjects(session: AsyncSession, *, kind: str) -> frozenset[str]:
    """What has an open incident of this kind."""
    told = select(Incident.subject).where(Incident.kind == kind, Incident.closed_at.is_(None))
    return frozenset((await session.scalars(told)).all())


async def open_reasons(session: AsyncSession, *, kind: str) -> Mapping[str, str]:
    """What is told of each open incident of this kind, by its subject."""
    told = select(Incident.subject, Incident.detail).where(Incident.kind == kind, Incident.closed_at.is_(None))
    return {row.subject: row.detail for row in await session.execute(told)}


async def open_details(session: AsyncSession, *, kinds: Collection[str]) -> Sequence[str]:
    """What is told of the open incidents of these kinds, oldest first."""
    told = select(Incident.detail).where(Incident.kind.in_(kinds), Incident.closed_at.is_(None))
    return (await session.scalars(told.order_by(Incident.id))).all()


async def listed(session: AsyncSession, *, still_open: bool, before: int | None, limit: int) -> Sequence[Incident]:
    """Incidents newest first, open ones or closed ones; `before` is the id to go on from."""
    wanted = select(Incident).where(Incident.closed_at.is_(None) if still_open else Incident.closed_at.is_not(None))
    if before is not None:
        wanted = wanted.where(Incident.id < before)
    return (await session.scalars(wanted.order_by(Incident.id.desc()).limit(limit))).all()


async def close(session: AsyncSession, incident_id: int, *, reason: str, actor: Actor, at: datetime) -> Incident:
    """A person says that it is settled, and how. What is still wrong is opened again by whoever finds it.

    Raises:
        Missing: there is no such incident.
        Conflict: it was closed before.
    """
    row = await session.get(Incident, incident_id, with_for_update=True)
    if row is None:
        raise Missing("INCIDENT_UNKNOWN", "No existe ese incidente.")
    if row.closed_at is not None:
        raise Conflict("INCIDENT_CLOSED", "Este incidente ya está cerrado.")
    row.closed_at = at
    audit.record(session, actor=actor, action="incidents.close", entity="incident", entity_id=row.id, reason=reason)
    return row
