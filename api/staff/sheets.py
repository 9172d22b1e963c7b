"""A spreadsheet of the books: amounts as numbers that people add up, everything else as text."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from rustpy_xlsxwriter import FastExcel, Format
from starlette.responses import Response

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FILE: dict[int | str, dict[str, Any]] = {200: {"content": {XLSX: {}}}}
RATE_DECIMALS = -4
_TAB_CHARACTERS, _NOT_IN_A_TAB = 31, str.maketrans("[]:*?/\\", "       ")
Cell = str | int | Decimal | date | None


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """One page: headings, and rows of as many cells."""

    name: str
    headings: Sequence[str]
    rows: Sequence[Sequence[Cell]]


def tab(words: str) -> str:
    """What Excel accepts as the name of a sheet: no brackets, colons or slashes, no quote at an end, 31 characters."""
    return " ".join(words.translate(_NOT_IN_A_TAB).split())[:_TAB_CHARACTERS].strip(" '")


def workbook(*sheets: Sheet) -> bytes:
    """The file. Losses stand in red and between parentheses (F231); rates keep their four decimals (F056).

    Written by Rust: a month of a busy house is two million cells, which took Python a minute and a half.
    """
    out = io.BytesIO()
    book = FastExcel(out)
    for one in sheets:
        rows: Sequence[Sequence[Cell]] = one.rows or [(None,) * len(one.headings)]
        book.sheet(
            tab(one.name),
            _records(one.headings, rows),
            column_formats=_formats(one.headings, rows),
            header_format=Format().set_bold(),
            autofilter=True,
        )
    book.freeze(row=1).save()
    return out.getvalue()


def _records(headings: Sequence[str], rows: Sequence[Sequence[Cell]]) -> Iterator[dict[str, str | float | None]]:
    for row in rows:
        yield dict(zip(headings, map(_value, row), strict=True))


def _formats(headings: Sequence[str], rows: Sequence[Sequence[Cell]]) -> dict[str, Format]:
    """A column of figures is of rates or of money: its first figure tells which."""
    found = {}
    for place, heading in enumerate(headings):
        first = next((row[place] for row in rows if isinstance(row[place], Decimal)), None)
        if isinstance(first, Decimal):
            is_rate = first.as_tuple().exponent == RATE_DECIMALS
            found[heading] = Format().set_num_format("0.0000" if is_rate else "#,##0.00;[Red](#,##0.00)")
    return found


def _value(cell: Cell) -> str | float | None:
    """A sheet has only binary numbers: a figure is exact up to 15 digits, more than any amount of the house."""
    if isinstance(cell, Decimal):
        return float(cell)
    return f"{cell:%d/%m/%Y}" if isinstance(cell, date) else cell


def download(content: bytes, name: str, *, media_type: str = XLSX) -> Response:
    """As a file that nobody keeps on the way."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(content, media_type=media_type, headers=headers)
