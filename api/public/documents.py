"""The papers that a client sends to prove who it is (contract #27, M18)."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, File, Form, UploadFile

from api import onboarding
from api.auth import CurrentClient
from api.files import store
from api.public.identity import Document, Json, check_own
from api.services import ServicesDep
from db import clients
from domain.clients import DOCUMENT_WORDS, DocumentKind
from domain.errors import Invalid
from workflows.client_messages import SendPapers, SentPaper

router = APIRouter(tags=["Contrato: documentos"])

FOLDER = "dni"


@router.post("/api/client/upload-dni")
async def upload_documents(
    *,
    signed: CurrentClient,
    services: ServicesDep,
    dni: Annotated[Document, Form()] = "",
    dni_front: Annotated[UploadFile | None, File()] = None,
    dni_back: Annotated[UploadFile | None, File()] = None,
    ruc_ficha: Annotated[UploadFile | None, File()] = None,
) -> Json:
    """Keep the papers for Middle Office to review. A company needs only its ficha RUC, a person both sides (F140).

    All files are stored before any is recorded, so a store that is down leaves nothing half sent (F209).
    """
    check_own(signed, dni)
    sent = {DocumentKind.DNI_FRONT: dni_front, DocumentKind.DNI_BACK: dni_back, DocumentKind.RUC_FICHA: ruc_ficha}
    given = [(kind, upload) for kind, upload in sent.items() if upload is not None and upload.filename]
    if not given:
        raise Invalid("DOCUMENTS_EMPTY", "Adjunta las fotos de tu documento, o la ficha RUC.", field="dni_front")
    stored = [(kind, await store(services, upload, folder=FOLDER, field=kind.value)) for kind, upload in given]
    async with services.sessions() as session:
        client = await clients.live(session, signed.id)
    papers = tuple(SentPaper(kind=kind, file=file) for kind, file in stored)
    state = await onboarding.send_papers(services, client.id, SendPapers(actor=signed.actor, papers=papers))
    return {"success": True, "message": _told(state.missing)}


def _told(missing: tuple[DocumentKind, ...]) -> str:
    if not missing:
        return "Recibimos tus documentos. Te avisaremos cuando estén aprobados."
    return f"Recibimos lo que enviaste. Todavía falta {' y '.join(DOCUMENT_WORDS[kind] for kind in missing)}."
