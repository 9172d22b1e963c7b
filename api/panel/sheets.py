"""Sheets of what a table shows: CSV and xlsx. Money as numbers, instants on Lima's clock, the rest as text."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import Awaitable, Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal, Protocol, TypeVar

import xlsxwriter
from starlette.responses import Response

from api.panel import words
from api.panel.tables import MOST_ROWS, Column, Row
from domain.calendar import format_day, in_lima

Cell_co = TypeVar("Cell_co", covariant=True)
Format = Literal["csv", "xlsx"] | None
# As many as the staff API gives at once.
CHUNK = 200
KINDS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
# Losses stand in red and between parentheses, as in the sheets of the books (F231).
GAIN = "#,##0.00;[Red](#,##0.00)"
FORMATS = {
    "USD": "#,##0.00",
    "PEN": "#,##0.00",
    "gain": GAIN,
    "rate": "0.0000",
    "count": "0",
    "moment": "dd/mm/yyyy hh:mm",
    "date": "dd/mm/yyyy",
}
# A cell that begins with one of these is a formula to a spreadsheet.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


class Found(Protocol[Cell_co]):
    """A page of a list, as the staff API answers it."""

    @property
    def items(self) -> Sequence[Cell_co]:
        """Its rows."""

    @property
    def next_cursor(self) -> str | None:
        """Where the next page begins."""


async def everything(read: Callable[[str | None], Awaitable[Found[Cell_co]]]) -> list[Cell_co]:
    """The rows of every page, up to what a sheet may hold."""
    rows: list[Cell_co] = []
    cursor: str | None = None
    while len(rows) < MOST_ROWS:
        found = await read(cursor)
        rows += found.items
        cursor = found.next_cursor
        if cursor is None:
            break
    return rows


async def sheet(kind: str, name: str, columns: Sequence[Column[Row]], rows: Sequence[Row]) -> Response:
    """The rows in a file to download. Building runs in a thread: fifty thousand rows take seconds."""
    write = _csv if kind == "csv" else _xlsx
    cells = [[_cell(column, row) for column in columns] for row in rows]
    content = await asyncio.to_thread(write, [column.label for column in columns], [c.kind for c in columns], cells)
    headers = {"Content-Disposition": f'attachment; filename="{name}.{kind}"', "Cache-Control": "no-store"}
    return Response(content, media_type=KINDS[kind], headers=headers)


def _cell(column: Column[Row], row: Row) -> Any:
    """What a cell says; of a badge, its words without its colour."""
    value = column.value(row)
    return value[1] if column.kind == "badge" else value


def _csv(headings: list[str], _kinds: list[str], lines: list[list[Any]]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(headings)
    writer.writerows([_text(cell) for cell in line] for line in lines)
    # The mark tells Excel that it is UTF-8.
    return out.getvalue().encode("utf-8-sig")


def _text(cell: object) -> str:
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return f"{words.day(cell)} {words.hour(cell)}"
    if isinstance(cell, date):
        return format_day(cell)
    if isinstance(cell, Decimal):
        return str(cell)
    text = str(cell)
    return f"'{text}" if text.startswith(FORMULA) else text


def _xlsx(headings: list[str], kinds: list[str], lines: list[list[Any]]) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        page = book.add_worksheet()
        page.write_row(0, 0, headings, book.add_format({"bold": True}))
        page.freeze_panes(1, 0)
        formats = [book.add_format({"num_format": FORMATS[kind]}) if kind in FORMATS else None for kind in kinds]
        for place, line in enumerate(lines, start=1):
            for column, cell in enumerate(line):
                _write(page, place, column, cell, formats[column])
        page.autofilter(0, 0, max(len(lines), 1), len(headings) - 1)
        page.autofit()
    return out.getvalue()


def _write(page: Any, row: int, column: int, cell: object, given: Any) -> None:
    """A sheet has only binary numbers: the figure is exact up to 15 digits, more than any amount of the house."""
    if isinstance(cell, datetime):
        page.write_datetime(row, column, in_lima(cell).replace(tzinfo=None), given)
    elif isinstance(cell, date):
        page.write_datetime(row, column, cell, given)
    elif isinstance(cell, (Decimal, int)):
        page.write_number(row, column, cell, given)
    else:
        page.write_string(row, column, "" if cell is None else str(cell))
