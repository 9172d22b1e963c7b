"""What the onboarding writes of a client: papers, their review, approval, rejection. Called by its workflow only.

Every change holds the client's row, carries the key of its command (a repeated attempt changes nothing) and writes its
audit and its notices in the same transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from db import audit, clients, risk
from db.notifications import notify
from db.tables import Client, ClientDocument
from domain.clients import ClientStatus, DocumentKind, KycStatus, Papers, PaperStatus, papers_of
from domain.errors import Conflict, Forbidden, Invalid, Missing, Refused
from domain.notifications import (
    ACCOUNT_APPROVED,
    ACCOUNT_CHANGED,
    PAPER_OBSERVED,
    client_room,
    role_room,
    user_room,
)
from domain.operations import SYSTEM, Actor, ActorKind, StoredFile
from domain.permissions import Role
from domain.risk import Regime, RiskLevel

RECEIVED = "documentos_recibidos"


@dataclass(frozen=True, kw_only=True)
class ClientFile:
    """A client as its onboarding sees it."""

    status: ClientStatus
    kyc: KycStatus
    complete: bool
    closed: bool
    papers: Papers


async def read(session: AsyncSession, client_id: int) -> ClientFile | None:
    """The client's file; None when no such row has been committed."""
    client = await session.get(Client, client_id)
    return None if client is None else await _file(session, client)


async def add_papers(
    session: AsyncSession, client_id: int, papers: Sequence[tuple[DocumentKind, StoredFile]], *, actor: Actor
) -> ClientFile:
    """Keep papers that are already in the store, and tell Middle Office. The same file sent twice is one row."""
    client = await _held(session, client_id)
    await clients.add_documents(session, client_id, papers, actor=actor)
    if client.kyc_status is KycStatus.PENDIENTE:
        client.kyc_status = KycStatus.EN_PROCESO
    newest = await clients.documents(session, client_id)
    await notify(
        session,
        key=f"papers:{client_id}:{max(paper.id for paper in newest.values())}",
        room=role_room(Role.MIDDLE_OFFICE),
        event=RECEIVED,
        payload={"client_id": client_id},
    )
    await session.flush()
    return await _file(session, client)


async def review_paper(
    session: AsyncSession, client_id: int, paper_id: int, *, actor: Actor, accepted: bool, reason: str, at: datetime
) -> ClientFile:
    """Accept a paper, or ask for it again with a reason. Raises Missing, Invalid."""
    client = await _held(session, client_id)
    paper = await session.get(ClientDocument, paper_id)
    if paper is None or paper.client_id != client_id:
        raise Missing("DOCUMENT_NOT_FOUND", "No encontramos ese documento.", field="paper_id")
    if not accepted and not reason.strip():
        raise Invalid("REASON_MISSING", "Escribe qué debe corregir el cliente.", field="reason")
    status = PaperStatus.ACEPTADO if accepted else PaperStatus.OBSERVADO
    if paper.status is not status or paper.reason != reason.strip():
        paper.status, paper.reason, paper.reviewed_by, paper.reviewed_at = status, reason.strip(), actor.id, at
        action = "clients.accept_document" if accepted else "clients.observe_document"
        audit.record(session, actor=actor, action=action, entity="client", entity_id=client_id, reason=paper.kind)
        if not accepted:
            await notify(
                session,
                key=f"papers:{paper.id}:{at.isoformat()}",
                room=client_room(client_id),
                event=PAPER_OBSERVED,
                payload={"client_id": client_id, "documento": paper.kind},
            )
    await session.flush()
    return await _file(session, client)


async def approve(
    session: AsyncSession, client_id: int, *, actor: Actor, notes: str, key: str, at: datetime
) -> ClientFile:
    """Activo, with complete documents: no limit any more. Touches no password (F180).

    Raises Conflict while a document is missing or not accepted, and Forbidden for who registered the client (F134) or,
    in the reinforced regime, for anybody but a Master (senior approval: Res. SBS 789-2018).
    """
    client = await _held(session, client_id)
    if client.onboarding_key != key:
        await _check_approval(session, client, actor)
        client.kyc_status, client.has_complete_documents, client.kyc_reason = KycStatus.APROBADO, True, ""
        client.status, client.onboarding_key = ClientStatus.ACTIVO, key
        audit.record(
            session, actor=actor, action="clients.approve", entity="client", entity_id=client_id, reason=notes.strip()
        )
        await _announce(session, client, key=key, event=ACCOUNT_APPROVED)
        await session.flush()
        await risk.recompute(session, client_id, occasion="aprobación", at=at)
    return await _file(session, client)


async def activate(session: AsyncSession, client_id: int, *, key: str) -> ClientFile:
    """Activo by the house's own rule, for who is of low risk: within the limit, since nobody has seen its documents.

    Changes nothing for anybody else, nor for an account that has been closed meanwhile.
    """
    client = await session.get_one(Client, client_id, with_for_update=True, populate_existing=True)
    kept = await risk.profile(session, client_id)
    ready = (await _file(session, client)).papers.sent and kept.level is RiskLevel.BAJO
    waiting = client.status is ClientStatus.INACTIVO and client.kyc_status is KycStatus.EN_PROCESO
    waiting = waiting and client.closed_at is None
    if ready and waiting and not client.list_match and kept.regime is not Regime.REFORZADA:
        client.status, client.onboarding_key = ClientStatus.ACTIVO, key
        audit.record(session, actor=SYSTEM, action="clients.activate", entity="client", entity_id=client_id)
        await _announce(session, client, key=key, event=ACCOUNT_APPROVED)
        await session.flush()
    return await _file(session, client)


async def reject(session: AsyncSession, client_id: int, *, actor: Actor, reason: str, key: str) -> ClientFile:
    """Rechazado with its reason; it can't operate. Raises Invalid without a reason."""
    if not reason.strip():
        raise Invalid("REASON_MISSING", "Escribe por qué se rechaza.", field="reason")
    client = await _held(session, client_id)
    if client.onboarding_key != key:
        if client.kyc_status is KycStatus.RECHAZADO:
            raise Conflict("ALREADY_REJECTED", "Este cliente ya está rechazado.")
        client.kyc_status, client.kyc_reason, client.onboarding_key = KycStatus.RECHAZADO, reason.strip(), key
        client.has_complete_documents = False
        if client.status is ClientStatus.ACTIVO:
            client.status = ClientStatus.INACTIVO
        audit.record(
            session, actor=actor, action="clients.reject", entity="client", entity_id=client_id, reason=reason.strip()
        )
        await _announce(session, client, key=key, event=ACCOUNT_CHANGED)
        await session.flush()
    return await _file(session, client)


async def reopen(session: AsyncSession, client_id: int, *, actor: Actor, reason: str, key: str) -> ClientFile:
    """Back to review after a rejection; nothing is approved by it. Raises Conflict when it was not rejected."""
    client = await _held(session, client_id)
    if client.onboarding_key != key:
        if client.kyc_status is not KycStatus.RECHAZADO:
            raise Conflict("NOT_REJECTED", "Solo se reabre la revisión de un cliente rechazado.")
        client.kyc_status, client.kyc_reason, client.onboarding_key = KycStatus.EN_PROCESO, "", key
        audit.record(
            session, actor=actor, action="clients.reopen", entity="client", entity_id=client_id, reason=reason.strip()
        )
        await session.flush()
    return await _file(session, client)


async def observed_reasons(session: AsyncSession, client_id: int) -> Sequence[tuple[DocumentKind, str]]:
    """The documents that the client was asked for again, with what to correct."""
    newest = await clients.documents(session, client_id)
    return [
        (DocumentKind(paper.kind), paper.reason) for paper in newest.values() if paper.status is PaperStatus.OBSERVADO
    ]


async def why_not_approved(session: AsyncSession, client_id: int, actor: Actor) -> str:
    """What an approval by this person would be refused for now, in the same words; empty when nothing stops it."""
    client = await session.get_one(Client, client_id)
    try:
        await _check_approval(session, client, actor)
    except Refused as refused:
        return refused.message
    return ""


async def _check_approval(session: AsyncSession, client: Client, actor: Actor) -> None:
    if client.kyc_status is KycStatus.APROBADO and client.has_complete_documents:
        raise Conflict("ALREADY_APPROVED", "Este cliente ya está aprobado.")
    if client.kyc_status is KycStatus.RECHAZADO:
        raise Conflict("REJECTED", "Este cliente está rechazado. Reabre su revisión primero.")
    if client.status is ClientStatus.BLOQUEADO:
        raise Conflict("CLIENT_BLOCKED", "Este cliente está bloqueado. Desbloquéalo primero.")
    if actor.kind is ActorKind.STAFF and actor.id == client.registered_by:
        raise Forbidden("SELF_APPROVAL", "Tú registraste a este cliente; otra persona debe aprobarlo.")
    papers = (await _file(session, client)).papers
    if papers.missing:
        raise Conflict("DOCUMENTS_MISSING", "Faltan documentos del cliente. Pídelos antes de aprobar.")
    if papers.to_review:
        raise Conflict("DOCUMENTS_UNREVIEWED", "Acepta cada documento antes de aprobar.")
    kept = await risk.profile(session, client.id)
    if kept.regime is Regime.REFORZADA and actor.role is not Role.MASTER:
        raise Forbidden("SENIOR_APPROVAL", "Por su régimen reforzado, solo Master puede aprobar a este cliente.")


async def _held(session: AsyncSession, client_id: int) -> Client:
    client = await session.get(Client, client_id, with_for_update=True, populate_existing=True)
    if client is None or client.closed_at is not None:
        raise Missing("CLIENT_NOT_FOUND", "No encontramos a este cliente.", field="client_id")
    return client


async def _file(session: AsyncSession, client: Client) -> ClientFile:
    newest = await clients.documents(session, client.id)
    return ClientFile(
        status=client.status,
        kyc=client.kyc_status,
        complete=client.has_complete_documents,
        closed=client.closed_at is not None,
        papers=papers_of(client.document_type, {kind: paper.status for kind, paper in newest.items()}),
    )


async def _announce(session: AsyncSession, client: Client, *, key: str, event: str) -> None:
    """The client by its own room, its trader and Middle Office by theirs: ids only."""
    told = {"client_id": client.id, "status": client.status.value, "kyc_status": client.kyc_status.value}
    rooms = [role_room(Role.MIDDLE_OFFICE), role_room(Role.MASTER)]
    if client.trader_id is not None:
        rooms.append(user_room(client.trader_id))
    for room in rooms:
        await notify(session, key=f"client:{client.id}:{key}", room=room, event=ACCOUNT_CHANGED, payload=told)
    words = {"title": "QoriCash", "message": "Tu cuenta ya está activa. Puedes cambiar dólares."}
    payload = {**told, **words} if event == ACCOUNT_APPROVED else told
    await notify(session, key=f"client:{client.id}:{key}", room=client_room(client.id), event=event, payload=payload)
