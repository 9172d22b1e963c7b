"""What a client has to send to prove who it is, paper by paper."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from db import clients
from db.tables import Client, ClientDocument
from domain.clients import REQUIRED_DOCUMENTS, DocumentKind, DocumentType, PaperStatus

NAMES = {
    DocumentKind.DNI_FRONT: ("Anverso de tu documento", "El lado de la foto"),
    DocumentKind.DNI_BACK: ("Reverso de tu documento", "El otro lado"),
    DocumentKind.RUC_FICHA: ("Ficha RUC", "El PDF que descargas de SUNAT"),
}
MISSING = "falta"


@dataclass(frozen=True, kw_only=True)
class Paper:
    """One paper as the page shows it. `status` is one of PaperStatus, or MISSING."""

    kind: DocumentKind
    name: str
    hint: str
    status: str
    reason: str

    @property
    def wanted(self) -> bool:
        """It must be sent, or sent again."""
        return self.status in {MISSING, PaperStatus.OBSERVADO}


async def papers_of_client(session: AsyncSession, client: Client) -> list[Paper]:
    """The papers of this type of document, each where it stands."""
    sent = await clients.documents(session, client.id)
    return [_paper(kind, sent, client.document_type) for kind in REQUIRED_DOCUMENTS[client.document_type]]


def _paper(kind: DocumentKind, sent: Mapping[str, ClientDocument], document_type: DocumentType) -> Paper:
    newest = sent.get(kind)
    name, hint = NAMES[kind]
    if document_type is DocumentType.PASAPORTE:
        name, hint = "Tu pasaporte", "La página de la foto"
    status = newest.status.value if newest else MISSING
    return Paper(kind=kind, name=name, hint=hint, status=status, reason=newest.reason if newest else "")
