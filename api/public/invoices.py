"""A client's own comprobantes as files: its PDF, from the house's copy."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from starlette.responses import RedirectResponse, Response

from api.auth import CurrentMember
from api.services import ServicesDep
from api.staff.shapes import MAX_ID
from db import invoice_reads
from db.invoices import name
from domain.files import FileKind

router = APIRouter(tags=["Contrato: comprobantes"])

PDF = FileKind.PDF.content_type


@router.get(
    "/api/web/invoices/{invoice_id}/pdf",
    response_class=Response,
    responses={200: {"content": {PDF: {}}}, 307: {"description": "Aún sin copia nuestra: enlace de NubeFact"}},
)
async def download_invoice(
    invoice_id: Annotated[int, Path(ge=1, le=MAX_ID)], client: CurrentMember, services: ServicesDep
) -> Response:
    """The PDF of one of the client's comprobantes; 404 for anybody else's. Until we have our copy, NubeFact's link."""
    async with services.sessions() as session:
        invoice = await invoice_reads.own_invoice(session, client.id, invoice_id)
    if not invoice.pdf_key:
        return RedirectResponse(invoice.pdf_url)
    headers = {
        "Content-Disposition": f'attachment; filename="{name(invoice)}.pdf"',
        "Cache-Control": "private, no-store",
    }
    return Response(await services.files.get(invoice.pdf_key), media_type=PDF, headers=headers)
