"""The comprobantes of a period in a sheet, with totals by type and state; what the accountant books from."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import Sequence
from datetime import date
from typing import Annotated, Literal

import xlsxwriter
from fastapi import APIRouter
from starlette.responses import Response

from api.auth import SignedUser, requires
from api.services import ServicesDep
from api.staff.shapes import Body, example
from db import audit, invoice_reads
from db.client_reads import display_name
from db.invoice_reads import InvoiceFilter, InvoiceLine, Sum
from domain.errors import Invalid
from domain.permissions import Permission

router = APIRouter(prefix="/api/staff/invoices", tags=["Comprobantes"])

Exporter = Annotated[SignedUser, requires(Permission.INVOICES_READ)]
MOST_ROWS = 50_000
HEADINGS = (
    "Emisión",
    "Tipo",
    "Serie",
    "Número",
    "Estado",
    "Tipo de documento",
    "Documento",
    "Cliente",
    "Moneda",
    "Total",
    "Operación",
    "Vigente",
    "Código SUNAT",
    "SUNAT",
)
TOTAL_HEADINGS = ("Tipo", "Estado", "Moneda", "Comprobantes", "Total")
TOTAL = HEADINGS.index("Total")
_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
# A cell that begins with one of these is a formula to a spreadsheet.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
Row = tuple[str, ...]


class InvoiceExportBody(Body):
    """The Lima days of emission, both included, and the kind of file."""

    model_config = example(format="xlsx", since="2026-11-01", until="2026-11-30")
    format: Literal["csv", "xlsx"] = "xlsx"
    since: date
    until: date


@router.post(
    "/export", response_class=Response, responses={200: {"content": {kind: {} for kind in sorted(_TYPES.values())}}}
)
async def export_invoices(body: InvoiceExportBody, user: Exporter, services: ServicesDep) -> Response:
    """Every comprobante of the period that this person may see, and what they add up to."""
    if body.until < body.since:
        raise Invalid("PERIOD", "El período termina antes de empezar.", field="until")
    wanted = InvoiceFilter(since=body.since, until=body.until)
    async with services.sessions.begin() as session:
        lines = await invoice_reads.list_invoices(session, user.actor, wanted, before=None, limit=MOST_ROWS)
        period = f"{body.since} a {body.until}"
        audit.record(
            session,
            actor=user.actor,
            action="invoices.export",
            entity="invoice",
            entity_id="lista",
            reason=f"{len(lines)} comprobantes, {period}, {body.format}",
        )
    rows = [_cells(line) for line in reversed(lines)]
    totals = [_sum_cells(one) for one in invoice_reads.sums(lines)]
    write = _csv if body.format == "csv" else _xlsx
    content = await asyncio.to_thread(write, rows, totals)
    name = f"comprobantes-{body.since}-{body.until}.{body.format}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(content, media_type=_TYPES[body.format], headers=headers)


def _cells(line: InvoiceLine) -> Row:
    row, client = line.invoice, line.client
    stands = row.superseded_at is None
    return (
        row.issued_on,
        row.type.value,
        row.series,
        str(row.number),
        row.status.value,
        client.document_type.value,
        client.document_number,
        display_name(client),
        row.currency.value,
        f"{row.total:.2f}",
        row.operation_code,
        "Sí" if stands else "No",
        row.sunat_code,
        row.sunat_description,
    )


def _sum_cells(one: Sum) -> Row:
    return one.type.value, one.status.value, one.currency.value, str(one.count), f"{one.total:.2f}"


def _csv(rows: Sequence[Row], totals: Sequence[Row]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(HEADINGS)
    writer.writerows([f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in row] for row in rows)
    writer.writerows([(), TOTAL_HEADINGS, *totals])
    # The mark tells Excel that it is UTF-8.
    return out.getvalue().encode("utf-8-sig")


def _xlsx(rows: Sequence[Row], totals: Sequence[Row]) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        _sheet(book, "Comprobantes", HEADINGS, rows, numbers={TOTAL})
        _sheet(book, "Totales", TOTAL_HEADINGS, totals, numbers={3, 4})
    return out.getvalue()


def _sheet(book: xlsxwriter.Workbook, name: str, headings: Row, rows: Sequence[Row], *, numbers: set[int]) -> None:
    """Everything as text, since a document's zeros are real, but for what people add up."""
    sheet, money = book.add_worksheet(name), book.add_format({"num_format": "#,##0.00"})
    sheet.write_row(0, 0, headings, book.add_format({"bold": True}))
    sheet.freeze_panes(1, 0)
    for place, row in enumerate(rows, start=1):
        for column, cell in enumerate(row):
            if column in numbers:
                sheet.write_number(place, column, float(cell), money if "." in cell else None)
            else:
                sheet.write_string(place, column, cell)
    sheet.autofilter(0, 0, max(len(rows), 1), len(headings) - 1)
