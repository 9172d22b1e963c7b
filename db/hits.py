"""Hits of clients on restrictive lists: raised once, decided by the officer, kept with the reasons that they had.

A decision holds for the entry and the client as they were: cleared stays cleared until one of the two changes, and a
confirmed one stays confirmed whatever the client's data become, until the entry leaves its list.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db import cases
from db.tables import Client, ClientHit, ListEntry
from domain.errors import Conflict, Missing
from domain.lists import SANCTIONS, ListCode, digest
from domain.screening import Finding, HitState, holds, severity

LISTED, EXPOSED = "lista", "pep"


@dataclass(frozen=True, kw_only=True)
class HitFilter:
    """What the queue is narrowed by. `ended` includes those that no longer come."""

    state: HitState | None = None
    list_code: ListCode | None = None
    client_id: int | None = None
    ended: bool = False


@dataclass(frozen=True, kw_only=True)
class Look:
    """A screening as it happened: as which person, in which lists, when.

    `standing` are the rows of the entries in force: a confirmed hit ends only when its entry has left.
    """

    subject_fingerprint: str
    looked_in: Collection[ListCode]
    standing: Mapping[tuple[ListCode, str], int | None]
    at: datetime


async def list_hits(session: AsyncSession, wanted: HitFilter, *, before: int | None, limit: int) -> Sequence[ClientHit]:
    """The queue, newest first."""
    query = select(ClientHit).order_by(ClientHit.id.desc()).limit(limit)
    for column, value in (
        (ClientHit.state, wanted.state),
        (ClientHit.list_code, wanted.list_code),
        (ClientHit.client_id, wanted.client_id),
    ):
        query = query if value is None else query.where(column == value)
    if not wanted.ended:
        query = query.where(ClientHit.ended_at.is_(None))
    if before is not None:
        query = query.where(ClientHit.id < before)
    return (await session.scalars(query)).all()


async def get_hit(session: AsyncSession, hit_id: int) -> ClientHit:
    """One hit. Raises Missing."""
    hit = await session.get(ClientHit, hit_id)
    if hit is None:
        raise Missing("HIT_UNKNOWN", "No existe esa coincidencia.")
    return hit


async def live(session: AsyncSession, client_ids: Collection[int]) -> Sequence[ClientHit]:
    """The hits that these clients have now, whatever was decided of them."""
    wanted = select(ClientHit).where(ClientHit.client_id.in_(client_ids), ClientHit.ended_at.is_(None))
    return (await session.scalars(wanted.order_by(ClientHit.id))).all()


async def undecided(session: AsyncSession, case_id: int) -> Sequence[ClientHit]:
    """The hits of a case that wait for the officer."""
    mine = (ClientHit.case_id == case_id, ClientHit.ended_at.is_(None), ClientHit.state == HitState.NUEVA)
    return (await session.scalars(select(ClientHit).where(*mine).order_by(ClientHit.id))).all()


async def settle(session: AsyncSession, client: Client, findings: Sequence[Finding], look: Look) -> int:
    """Bring a client's hits to what a screening has just found; answers how many are new. The client's row is held."""
    wanted = select(ClientHit).where(ClientHit.client_id == client.id, ClientHit.list_code.in_(look.looked_in))
    known = (await session.scalars(wanted.order_by(ClientHit.id).with_for_update())).all()
    new, kept = 0, set()
    for finding in findings:
        mine = [hit for hit in known if _entry(hit) == (finding.list_code, finding.uid)]
        hit, fresh = await _raise(session, client, finding, mine, look)
        kept.add(hit.id)
        new += fresh
    followed = {_entry(hit) for hit in known if hit.id in kept} | {(one.list_code, one.uid) for one in findings}
    for hit in known:
        if hit.id in kept or hit.ended_at is not None or _stays(hit, followed, look):
            continue
        hit.ended_at = look.at
        cases.audit(session, hit.case_id, user_id=None, action="coincidencia terminada", detail=str(hit.list_code))
    await session.flush()
    await flag(session, client)
    return new


async def flag(session: AsyncSession, client: Client) -> None:
    """`list_match` is what stops the client's operations: true while a hit holds them."""
    mine = await live(session, [client.id])
    client.list_match = any(holds(hit.list_code, hit.state, likely=hit.likely) for hit in mine)
    await session.flush()


async def decide(
    session: AsyncSession, hit: ClientHit, state: HitState, *, user_id: int, reason: str, at: datetime
) -> None:
    """Clear or confirm. The same again changes nothing. Raises Conflict for a hit that has ended.

    The client is held before the hit, as a screening does: two that wait for each other would wait for ever.
    """
    client = await session.get_one(Client, hit.client_id, with_for_update=True, populate_existing=True)
    await session.refresh(hit, with_for_update=True)
    if hit.state is state:
        return
    if hit.ended_at is not None:
        raise Conflict("HIT_ENDED", "Esa coincidencia ya terminó: la entrada o el cliente cambiaron.")
    hit.state, hit.decided_by, hit.decided_at, hit.reason = state, user_id, at, reason
    words = f"{hit.list_code} {hit.entry_uid}: {reason}"
    cases.audit(session, hit.case_id, user_id=user_id, action=f"coincidencia {state.value.lower()}", detail=words)
    await session.flush()
    await flag(session, client)


async def entry_of(session: AsyncSession, hit: ClientHit) -> dict[str, object] | None:
    """The entry as it is listed; None for what an outside service told."""
    row = await session.get(ListEntry, hit.entry_id) if hit.entry_id is not None else None
    if row is None:
        return None
    return {"kind": row.kind, "programs": row.programs, "remarks": row.remarks, **row.content}


async def _raise(
    session: AsyncSession, client: Client, finding: Finding, mine: Sequence[ClientHit], look: Look
) -> tuple[ClientHit, bool]:
    """The row of this finding: the one that was decided for the very same entry and client, or a new one."""
    told = {
        "entry_id": look.standing.get((finding.list_code, finding.uid)),
        "listed_name": finding.name,
        "score": finding.score,
        "likely": finding.likely,
        "explanation": dict(finding.explanation),
    }
    for hit in mine:
        if (hit.entry_fingerprint, hit.subject_fingerprint) == (finding.fingerprint, look.subject_fingerprint):
            for name, value in told.items():
                setattr(hit, name, value)
            hit.ended_at = None
            return hit, False
    hit = ClientHit(
        client_id=client.id,
        list_code=finding.list_code,
        entry_uid=finding.uid,
        entry_fingerprint=finding.fingerprint,
        subject_fingerprint=look.subject_fingerprint,
        state=HitState.NUEVA,
        found_at=look.at,
        **told,
    )
    before = next((one for one in mine if one.state is HitState.CONFIRMADA and one.ended_at is None), None)
    if before is not None:
        hit.state, hit.case_id, hit.reason = before.state, before.case_id, before.reason
        hit.decided_by, hit.decided_at = before.decided_by, before.decided_at
    else:
        hit.case_id = await _case(session, client.id, finding, look)
    session.add(hit)
    await session.flush()
    return hit, before is None


async def _case(session: AsyncSession, client_id: int, finding: Finding, look: Look) -> int:
    both = digest([finding.fingerprint, look.subject_fingerprint])[:12]
    return await cases.open_or_join_case(
        session,
        kind=LISTED if finding.list_code in SANCTIONS else EXPOSED,
        client_id=client_id,
        operation_code=None,
        severity=severity(finding.list_code, likely=finding.likely),
        source_key=f"coincidencia:{client_id}:{finding.list_code}:{finding.uid}:{both}",
        summary=f"Coincidencia con la lista {finding.list_code} ({finding.score} de 100).",
    )


def _entry(hit: ClientHit) -> tuple[ListCode, str]:
    return hit.list_code, hit.entry_uid


def _stays(hit: ClientHit, followed: Collection[tuple[ListCode, str]], look: Look) -> bool:
    """Confirmed, its entry still in force, and not carried over to a newer row."""
    return hit.state is HitState.CONFIRMADA and _entry(hit) not in followed and _entry(hit) in look.standing
