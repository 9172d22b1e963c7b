"""A report of the books as a file: one content, as a workbook and as PDF, with whose books they are and the period."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any

from fastapi import Query
from starlette.responses import Response

from api.services import Services
from api.staff.papers import CONTENT_TYPES, Paper, PaperFormat, Section, as_pdf
from api.staff.sheets import RATE_DECIMALS, Cell, Sheet, download, workbook
from db import accounting
from db.accounting import Holder
from domain.calendar import format_day, format_moment
from domain.errors import Invalid

# Beyond this a person wants a workbook: a PDF of it takes minutes and nobody turns its pages.
MOST_PDF_ROWS = 2000
FILES: dict[int | str, dict[str, Any]] = {200: {"content": {one: {} for one in CONTENT_TYPES.values()}}}
Format = Annotated[PaperFormat, Query(alias="format", description="Excel o PDF.")]


@dataclass(frozen=True, kw_only=True)
class Report:
    """A table of the books between two days. `total` is the last line of the PDF; `wide`, the place of its words."""

    title: str
    file: str
    since: date
    until: date
    headings: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    total: Sequence[Cell] = ()
    wide: int = 1
    lying: bool = False
    # Its negative figures are losses, and not the other side of the books.
    losses: bool = False


async def answer(services: Services, report: Report, kind: PaperFormat) -> Response:
    """The file. Written in another thread: a month of a busy house is a second of work.

    Raises:
        Invalid: it is longer than a PDF may be.
    """
    name = f"{report.file}-{report.since}-{report.until}.{kind}"
    if kind is PaperFormat.XLSX:
        sheet = Sheet(name=report.title, headings=report.headings, rows=report.rows)
        return download(await asyncio.to_thread(workbook, sheet), name)
    if len(report.rows) > MOST_PDF_ROWS:
        words = f"Son {len(report.rows):,} líneas y el PDF llega a {MOST_PDF_ROWS:,}: pide menos días, o el Excel."
        raise Invalid("PERIOD_TOO_LONG", words, field="until")
    async with services.sessions() as session:
        whose = await accounting.holder(session)
    content = await asyncio.to_thread(as_pdf, paper_of(report, whose, now=datetime.now(UTC)))
    return download(content, name, media_type=CONTENT_TYPES[kind])


def paper_of(report: Report, whose: Holder, *, now: datetime) -> Paper:
    """What the PDF says."""
    figures = [
        place
        for place in range(len(report.headings))
        if any(isinstance(row[place], Decimal | int) for row in (*report.rows, report.total) if row)
    ]
    table = Section(
        heading="",
        columns=report.headings,
        rows=[[_written(cell, losses=report.losses) for cell in row] for row in report.rows],
        figures=figures,
        wide=report.wide,
        total=[_written(cell, losses=report.losses) for cell in report.total],
    )
    return Paper(
        title=report.title,
        subtitle=f"Del {format_day(report.since)} al {format_day(report.until)}",
        house=f"{whose.name} · RUC {whose.ruc}" if whose.name else "",
        note=f"De los libros de la casa, al {format_moment(now)}",
        sections=(table,),
        lying=report.lying,
        most_rows=MOST_PDF_ROWS,
    )


def _written(cell: Cell, *, losses: bool) -> str:
    """As people read it: a loss between parentheses (F231), a rate with its four decimals (F056)."""
    if isinstance(cell, Decimal):
        if cell.as_tuple().exponent == RATE_DECIMALS:
            return f"{cell:.4f}"
        return f"({-cell:,.2f})" if cell < 0 and losses else f"{cell:,.2f}"
    if isinstance(cell, int):
        return f"{cell:,}"
    return format_day(cell) if isinstance(cell, date) else cell or ""
