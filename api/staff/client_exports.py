"""Clients in a sheet: exactly what the list shows with the same filters, in the same portfolio; each one audited."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import Sequence
from typing import Annotated, Literal

import xlsxwriter
from fastapi import APIRouter
from pydantic import Field
from starlette.responses import Response

from api.auth import SignedUser, requires
from api.services import ServicesDep
from api.staff.shapes import MAX_ID, Body, example
from db import audit
from db.client_reads import ClientFilter, display_name, list_clients
from db.tables import Client
from domain.calendar import format_moment
from domain.clients import ClientStatus, KycStatus
from domain.permissions import Permission

router = APIRouter(prefix="/api/staff/clients", tags=["Clientes"])

Exporter = Annotated[SignedUser, requires(Permission.CLIENTS_EXPORT)]
MOST_ROWS = 50_000
HEADINGS = (
    "Número",
    "Tipo de documento",
    "Documento",
    "Nombre",
    "Correo",
    "Teléfono",
    "Departamento",
    "Estado",
    "Revisión",
    "Documentos completos",
    "Trader",
    "Operaciones completadas",
    "Registrado",
)
_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
# A cell that begins with one of these is a formula to a spreadsheet.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class ExportBody(Body):
    """The list's own filters, and the kind of file."""

    model_config = example(format="xlsx", status="Activo")
    format: Literal["csv", "xlsx"] = "xlsx"
    status: ClientStatus | None = None
    kyc_status: KycStatus | None = None
    trader_id: int | None = Field(default=None, ge=1, le=MAX_ID)
    search: str = Field(default="", max_length=80)


@router.post(
    "/export", response_class=Response, responses={200: {"content": {kind: {} for kind in sorted(_TYPES.values())}}}
)
async def export_clients(body: ExportBody, user: Exporter, services: ServicesDep) -> Response:
    """The clients of these filters in a file."""
    wanted = ClientFilter(status=body.status, kyc_status=body.kyc_status, trader_id=body.trader_id, search=body.search)
    async with services.sessions.begin() as session:
        rows = await list_clients(session, user.actor, wanted, before=None, limit=MOST_ROWS)
        lines = [_cells(row) for row in rows]
        audit.record(
            session,
            actor=user.actor,
            action="clients.export",
            entity="client",
            entity_id="lista",
            reason=f"{len(lines)} clientes, {body.format}",
        )
    write = _csv if body.format == "csv" else _xlsx
    content = await asyncio.to_thread(write, lines)
    headers = {"Content-Disposition": f'attachment; filename="clientes.{body.format}"', "Cache-Control": "no-store"}
    return Response(content, media_type=_TYPES[body.format], headers=headers)


def _cells(client: Client) -> tuple[str, ...]:
    """Everything as text: a document's leading zeros are real."""
    return (
        str(client.id),
        client.document_type.value,
        client.document_number,
        display_name(client),
        client.email,
        client.phone,
        client.department,
        client.status.value,
        client.kyc_status.value,
        "Sí" if client.has_complete_documents else "No",
        str(client.trader_id or ""),
        str(client.completed_operations),
        format_moment(client.created_at),
    )


def _csv(lines: Sequence[tuple[str, ...]]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(HEADINGS)
    writer.writerows([f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in line] for line in lines)
    # The mark tells Excel that it is UTF-8.
    return out.getvalue().encode("utf-8-sig")


def _xlsx(lines: Sequence[tuple[str, ...]]) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        sheet = book.add_worksheet("Clientes")
        sheet.write_row(0, 0, HEADINGS, book.add_format({"bold": True}))
        sheet.freeze_panes(1, 0)
        for place, line in enumerate(lines, start=1):
            for column, cell in enumerate(line):
                sheet.write_string(place, column, cell)
        sheet.autofilter(0, 0, max(len(lines), 1), len(HEADINGS) - 1)
    return out.getvalue()
