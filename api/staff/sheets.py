"""A spreadsheet of the books: amounts as numbers that people add up, everything else as text."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import xlsxwriter
from starlette.responses import Response

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FILE: dict[int | str, dict[str, Any]] = {200: {"content": {XLSX: {}}}}
RATE_DECIMALS = -4
Cell = str | int | Decimal | date | None


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """One page: headings, and rows of as many cells."""

    name: str
    headings: Sequence[str]
    rows: Sequence[Sequence[Cell]]


# Row by row to disk: a month of a busy house is two million cells.
_OPTIONS = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}


def workbook(*sheets: Sheet) -> bytes:
    """The file. Losses stand in red and between parentheses (F231); rates keep their four decimals (F056)."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, _OPTIONS) as book:
        money = book.add_format({"num_format": "#,##0.00;[Red](#,##0.00)"})
        rate = book.add_format({"num_format": "0.0000"})
        bold = book.add_format({"bold": True})
        for one in sheets:
            page = book.add_worksheet(one.name)
            page.write_row(0, 0, one.headings, bold)
            page.freeze_panes(1, 0)
            for place, row in enumerate(one.rows, start=1):
                for column, cell in enumerate(row):
                    if isinstance(cell, Decimal):
                        form = rate if cell.as_tuple().exponent == RATE_DECIMALS else money
                        page.write_number(place, column, cell, form)
                    elif isinstance(cell, int):
                        page.write_number(place, column, cell)
                    else:
                        page.write_string(place, column, _text(cell))
            page.autofilter(0, 0, max(len(one.rows), 1), len(one.headings) - 1)
    return out.getvalue()


def _text(cell: str | date | None) -> str:
    if isinstance(cell, date):
        return f"{cell:%d/%m/%Y}"
    return cell or ""


def download(content: bytes, name: str, *, media_type: str = XLSX) -> Response:
    """As a file that nobody keeps on the way."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(content, media_type=media_type, headers=headers)
