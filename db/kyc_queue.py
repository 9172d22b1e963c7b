"""Who waits for the review of the house, since when and for what: the queue of Middle Office."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select, tuple_, type_coerce
from sqlalchemy.ext.asyncio import AsyncSession

from db.tables import Client, ClientDocument, ClientHit
from domain.clients import ClientStatus, KycStatus, Papers, PaperStatus, papers_of
from domain.screening import HitState


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """A client of the queue. `since`: its oldest document that nobody has reviewed, or its registration."""

    client: Client
    since: datetime
    papers: Papers
    open_hits: int


async def waiting(
    session: AsyncSession, *, stage: KycStatus, after: tuple[datetime, int] | None, limit: int
) -> Sequence[Waiting]:
    """Living clients whose review is at `stage`, who has waited longest first."""
    unseen = select(func.min(ClientDocument.created_at)).where(
        ClientDocument.client_id == Client.id, ClientDocument.status == PaperStatus.POR_REVISAR
    )
    since: ColumnElement[datetime] = func.coalesce(unseen.scalar_subquery(), Client.created_at)
    if stage is KycStatus.PENDIENTE:
        # Of those who have sent nothing, nobody needs to look for the papers of each.
        since = type_coerce(Client.created_at, Client.created_at.type)
    living = (Client.kyc_status == stage, Client.closed_at.is_(None), Client.status != ClientStatus.BLOQUEADO)
    query = select(Client, since.label("since")).where(*living).order_by(since, Client.id).limit(limit)
    if after is not None:
        query = query.where(tuple_(since, Client.id) > after)
    rows = [(client, at) for client, at in await session.execute(query)]
    ids = [client.id for client, _ in rows]
    papers, hits = await _papers(session, ids), await _hits(session, ids)
    return [
        Waiting(
            client=client,
            since=at,
            papers=papers_of(client.document_type, papers.get(client.id, {})),
            open_hits=hits.get(client.id, 0),
        )
        for client, at in rows
    ]


async def counted(session: AsyncSession, stage: KycStatus) -> int:
    """How many wait at `stage`."""
    living = (Client.kyc_status == stage, Client.closed_at.is_(None), Client.status != ClientStatus.BLOQUEADO)
    return await session.scalar(select(func.count()).where(*living)) or 0


async def _papers(session: AsyncSession, ids: Sequence[int]) -> dict[int, dict[str, PaperStatus]]:
    """The status of the newest paper of each kind."""
    wanted = (
        select(ClientDocument.client_id, ClientDocument.kind, ClientDocument.status)
        .where(ClientDocument.client_id.in_(ids))
        .order_by(ClientDocument.id)
    )
    found: dict[int, dict[str, PaperStatus]] = {}
    for client_id, kind, status in await session.execute(wanted):
        found.setdefault(client_id, {})[kind] = status
    return found


async def _hits(session: AsyncSession, ids: Sequence[int]) -> dict[int, int]:
    undecided = (ClientHit.state == HitState.NUEVA, ClientHit.ended_at.is_(None))
    wanted = select(ClientHit.client_id, func.count().label("waiting")).where(ClientHit.client_id.in_(ids), *undecided)
    rows = await session.execute(wanted.group_by(ClientHit.client_id))
    return {row.client_id: row.waiting for row in rows}
