"""The review of a client by the house: its documents one by one, the decision, its risk."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Annotated

from fastapi import APIRouter, File, Path, UploadFile
from pydantic import Field

from api import onboarding
from api.auth import SignedUser, requires
from api.files import store
from api.services import Services, ServicesDep
from api.staff.client_bodies import ReasonBody
from api.staff.shapes import MAX_ID, Answer, Body, IdempotencyKey, example, key_or_new
from db import risk
from db.client_reads import get_client, identity_changes
from db.tables import ClientRiskProfile, ClientRiskScore
from domain.clients import ClientStatus, DocumentKind, KycStatus
from domain.errors import Invalid
from domain.permissions import Permission
from domain.risk import ListStatus, PepKind, Regime, RiskLevel
from workflows import names
from workflows.client_messages import Decision, OnboardingState, ReviewPaper, SendPapers, SentPaper

router = APIRouter(prefix="/api/staff/clients", tags=["Clientes: revisión"])

FOLDER = "dni"
ClientId = Annotated[int, Path(ge=1, le=MAX_ID)]
PaperId = Annotated[int, Path(ge=1, le=MAX_ID)]
Officer = Annotated[SignedUser, requires(Permission.CLIENTS_KYC)]
Editor = Annotated[SignedUser, requires(Permission.CLIENTS_EDIT)]
RiskReader = Annotated[SignedUser, requires(Permission.COMPLIANCE_READ)]


class NotesBody(Body):
    """What to remember of the approval."""

    model_config = example(notes="Documentos legibles y vigentes")
    notes: str = Field(default="", max_length=1000)


class RiskBody(Body):
    """Exposure and legal trouble, as the house knows them. Without `pep_kind` the client is not exposed."""

    model_config = example(pep_kind="Directo", position="Alcalde", entity="Municipalidad", since="2024-01-01")
    pep_kind: PepKind | None = None
    position: str = Field(default="", max_length=200)
    entity: str = Field(default="", max_length=200)
    since: date | None = None
    until: date | None = None
    legal_issues: bool = False
    notes: str = Field(default="", max_length=1000)


class Reviewed(Answer):
    """The client's review after the command."""

    client_id: int
    status: ClientStatus
    kyc_status: KycStatus
    has_complete_documents: bool
    missing: list[DocumentKind]
    to_review: list[DocumentKind]


class ScoreView(Answer):
    """One calculation, with what explains it."""

    occasion: str
    score: int
    level: RiskLevel
    regime: Regime
    inputs: dict[str, object]
    factors: list[dict[str, object]]
    parameters: dict[str, object]
    at: datetime


class RiskView(Answer):
    """A client's risk now, and every calculation, newest first."""

    score: int
    level: RiskLevel
    regime: Regime
    list_status: ListStatus
    screened_at: datetime | None
    pep_kind: PepKind | None
    pep_position: str
    pep_entity: str
    pep_since: date | None
    pep_until: date | None
    legal_issues: bool
    notes: str
    history: list[ScoreView]


class IdentityChangeView(Answer):
    """A corrected field."""

    field: str
    before: str
    after: str
    reason: str
    user_id: int
    at: datetime


@router.post("/{client_id}/documents")
async def send_documents(
    *,
    client_id: ClientId,
    user: Editor,
    services: ServicesDep,
    dni_front: Annotated[UploadFile | None, File()] = None,
    dni_back: Annotated[UploadFile | None, File()] = None,
    ruc_ficha: Annotated[UploadFile | None, File()] = None,
) -> Reviewed:
    """Send documents for a client that handed them over. The client exists whatever happens to a file (F143)."""
    await _own(services, user, client_id)
    sent = {DocumentKind.DNI_FRONT: dni_front, DocumentKind.DNI_BACK: dni_back, DocumentKind.RUC_FICHA: ruc_ficha}
    given = [(kind, upload) for kind, upload in sent.items() if upload is not None and upload.filename]
    if not given:
        raise Invalid("DOCUMENTS_EMPTY", "Adjunta al menos un documento.", field="dni_front")
    papers = tuple(
        [
            SentPaper(kind=kind, file=await store(services, upload, folder=FOLDER, field=kind.value))
            for kind, upload in given
        ]
    )
    return _told(await onboarding.send_papers(services, client_id, SendPapers(actor=user.actor, papers=papers)))


@router.post("/{client_id}/documents/{paper_id}/accept")
async def accept_document(
    *, client_id: ClientId, paper_id: PaperId, user: Officer, services: ServicesDep, key: IdempotencyKey = None
) -> Reviewed:
    """The document is good."""
    return await _review(
        services, user, client_id, key, ReviewPaper(actor=user.actor, paper_id=paper_id, accepted=True)
    )


@router.post("/{client_id}/documents/{paper_id}/ask-again")
async def ask_document_again(
    *,
    client_id: ClientId,
    paper_id: PaperId,
    body: ReasonBody,
    user: Officer,
    services: ServicesDep,
    key: IdempotencyKey = None,
) -> Reviewed:
    """The client is asked by mail for a better one, with what to correct."""
    command = ReviewPaper(actor=user.actor, paper_id=paper_id, accepted=False, reason=body.reason)
    return await _review(services, user, client_id, key, command)


@router.post("/{client_id}/activate")
async def activate_client(
    client_id: ClientId, body: NotesBody, user: Officer, services: ServicesDep, key: IdempotencyKey = None
) -> Reviewed:
    """Approve: Activo without limit, told by mail and push. Its password is not touched."""
    return await _decide(services, user, client_id, names.APPROVE, words=body.notes, key=key)


@router.post("/{client_id}/reject")
async def reject_client(
    client_id: ClientId, body: ReasonBody, user: Officer, services: ServicesDep, key: IdempotencyKey = None
) -> Reviewed:
    """Rechazado: the client is told the reason."""
    return await _decide(services, user, client_id, names.REJECT, words=body.reason, key=key)


@router.post("/{client_id}/reopen")
async def reopen_client(
    client_id: ClientId, body: ReasonBody, user: Officer, services: ServicesDep, key: IdempotencyKey = None
) -> Reviewed:
    """A rejected client is reviewed again."""
    return await _decide(services, user, client_id, names.REOPEN, words=body.reason, key=key)


@router.get("/{client_id}/risk")
async def read_risk(client_id: ClientId, user: RiskReader, services: ServicesDep) -> RiskView:
    """Score, level, regime, and every calculation with its inputs."""
    async with services.sessions.begin() as session:
        await get_client(session, user.actor, client_id)
        return _risk(await risk.profile(session, client_id), await risk.history(session, client_id))


@router.post("/{client_id}/risk")
async def declare_risk(client_id: ClientId, body: RiskBody, user: Officer, services: ServicesDep) -> RiskView:
    """Write down exposure or legal trouble; the score is calculated again."""
    async with services.sessions.begin() as session:
        await get_client(session, user.actor, client_id)
        kept = await risk.declare(
            session,
            client_id,
            actor=user.actor,
            kind=body.pep_kind,
            position=body.position,
            entity=body.entity,
            since=body.since,
            until=body.until,
            legal_issues=body.legal_issues,
            notes=body.notes,
            at=datetime.now(UTC),
        )
        return _risk(kept, await risk.history(session, client_id))


@router.get("/{client_id}/identity-changes")
async def read_identity_changes(client_id: ClientId, user: Officer, services: ServicesDep) -> list[IdentityChangeView]:
    """Every correction of names and document, newest first."""
    async with services.sessions() as session:
        await get_client(session, user.actor, client_id)
        return [IdentityChangeView.model_validate(row) for row in await identity_changes(session, client_id)]


async def _review(
    services: Services, user: SignedUser, client_id: int, key: str | None, command: ReviewPaper
) -> Reviewed:
    await _own(services, user, client_id)
    return _told(await onboarding.review_paper(services, client_id, command, key=key_or_new(key)))


async def _decide(
    services: Services, user: SignedUser, client_id: int, update: str, *, words: str, key: str | None
) -> Reviewed:
    await _own(services, user, client_id)
    command = Decision(actor=user.actor, words=words)
    return _told(await onboarding.decide(services, client_id, update, command, key=key_or_new(key)))


async def _own(services: Services, user: SignedUser, client_id: int) -> None:
    async with services.sessions() as session:
        detail = await get_client(session, user.actor, client_id)
    if detail.client.closed_at is not None:
        raise Invalid("CLIENT_CLOSED", "Esta cuenta está cerrada.")


def _told(state: OnboardingState) -> Reviewed:
    return Reviewed(
        client_id=state.client_id,
        status=state.status,
        kyc_status=state.kyc,
        has_complete_documents=state.complete,
        missing=list(state.missing),
        to_review=list(state.to_review),
    )


def _risk(kept: ClientRiskProfile, rows: Sequence[ClientRiskScore]) -> RiskView:
    own = {name: getattr(kept, name) for name in RiskView.model_fields if name != "history"}
    return RiskView(**own, history=[ScoreView.model_validate(row) for row in rows])
