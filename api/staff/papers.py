"""Papers of the house as PDF and as a workbook: one content, a section each, in both."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from importlib.resources import files

import xlsxwriter

from api.staff.sheets import tab

_TEMPLATE = files("api.staff") / "paper.typ"
MOST_ROWS = 500


class PaperFormat(StrEnum):
    """What a person may ask for."""

    PDF = "pdf"
    XLSX = "xlsx"


CONTENT_TYPES = {
    PaperFormat.PDF: "application/pdf",
    PaperFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@dataclass(frozen=True, kw_only=True)
class Section:
    """Facts by name, a text, or a table: whichever it has."""

    heading: str
    facts: Sequence[tuple[str, str]] = ()
    text: str = ""
    columns: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    # Of a table: the places of its figures, the place of the column that takes what is left, and its last line.
    figures: Sequence[int] = ()
    wide: int = -1
    total: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class Paper:
    """What is written, in Spanish. `note` stands on every page; `house` says whose paper it is."""

    title: str
    subtitle: str
    note: str
    house: str = ""
    lying: bool = False
    most_rows: int = MOST_ROWS
    sections: Sequence[Section] = field(default_factory=tuple)


def render(paper: Paper, kind: PaperFormat) -> bytes:
    """The file. Takes processor time: call it in a thread."""
    return as_pdf(paper) if kind is PaperFormat.PDF else as_xlsx(paper)


def as_pdf(paper: Paper) -> bytes:
    """By Typst, whose wheel brings its compiler and its fonts: nothing is fetched and no font of the machine counts.

    A table longer than the paper's `most_rows` is cut, and says so: whoever wants all of it asks for the workbook.
    """
    shown = replace(paper, sections=[_cut(section, paper.most_rows) for section in paper.sections])
    content = json.dumps(asdict(shown), ensure_ascii=False)
    import typst  # 7 MB, and few papers are asked for

    return typst.compile(_TEMPLATE.read_bytes(), sys_inputs={"paper": content}, ignore_system_fonts=True)


def _cut(section: Section, most: int) -> Section:
    left = len(section.rows) - most
    if left <= 0:
        return section
    words = f"{section.text}\nVan las primeras {most} filas; el archivo de Excel trae {left} más.".strip()
    return replace(section, rows=section.rows[:most], text=words)


def as_xlsx(paper: Paper) -> bytes:
    """A sheet for each section; everything as text, since a document's leading zeros are real."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        bold = book.add_format({"bold": True})
        for section in paper.sections:
            sheet = book.add_worksheet(tab(section.heading))
            _fill(sheet, section, bold)
    return out.getvalue()


def _fill(sheet: xlsxwriter.worksheet.Worksheet, section: Section, bold: object) -> None:
    lines: list[Sequence[str]] = [*section.facts]
    if section.text:
        lines.append((section.text,))
    head = len(lines)
    if section.columns:
        lines += [section.columns, *section.rows]
    for place, line in enumerate(lines):
        for column, cell in enumerate(line):
            sheet.write_string(place, column, cell, *([bold] if section.columns and place == head else []))
    if section.columns:
        sheet.freeze_panes(head + 1, 0)
        sheet.autofilter(head, 0, max(len(lines) - 1, head + 1), len(section.columns) - 1)
    sheet.autofit()
