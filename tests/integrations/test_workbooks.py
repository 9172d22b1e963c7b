"""Workbooks that would end the process, or take all of its memory, are refused before they are opened."""

from __future__ import annotations

import io
import zipfile

import pytest

from integrations.workbooks import MOST_MEMORY, WorkbookUnreadable, first_sheet
from tests.integrations.test_statements import sheet

FAR = b'<row r="%d"><c r="%s" t="n"><v>1</v></c></row></sheetData>'
TEXT = b'<row r="6"><c r="A6" t="inlineStr"><is><t>%s</t></is></c></row></sheetData>'


def repacked(put: bytes = b"</sheetData>", *, cut: int = 0) -> bytes:
    """A sheet of a heading and a day in its fourth and fifth rows, with this at its end, without its last bytes."""
    out = io.BytesIO()
    plain = io.BytesIO(sheet(["Fecha"], ["25/11/2026"]))
    with zipfile.ZipFile(plain) as before, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as after:
        for name in before.namelist():
            after.writestr(name, before.read(name).replace(b"</sheetData>", put))
    return out.getvalue()[: -cut or None]


@pytest.mark.parametrize(
    "content",
    [
        repacked(FAR % (1048576, b"XFD1048576")),
        repacked(FAR % (6, b"workbooF6")),
        repacked(TEXT % (b"a" * MOST_MEMORY)),
        repacked(cut=40),
        repacked(b"<row><c"),
        b"PK\x03\x04nada",
        b"\xd0\xcf\x11\xe0nada",
    ],
    ids=["last corner", "odd name", "bomb", "cut", "broken", "no xlsx", "no xls"],
)
def test_what_no_person_would_fill_is_refused_and_the_process_lives(content: bytes):
    """A cell in the last corner asked for 500 GB: the system ended the API."""
    with pytest.raises(WorkbookUnreadable, match="no se puede abrir"):
        first_sheet(content, most_rows=9)


def test_rows_come_as_they_are_and_no_more_than_are_wanted():
    """Spreadsheets write the format of a whole row or column to its very end: formats are no cells."""
    styled = b'<row r="1048576" s="1"><c r="XFD1048576" s="1"/></row></sheetData>'
    assert first_sheet(repacked(styled), most_rows=9) == [[""], [""], [""], ["Fecha"], ["25/11/2026"]]
    assert first_sheet(repacked(), most_rows=4) == [[""], [""], [""], ["Fecha"]]
