"""Own lists from a sheet: whole or not at all, and each bad row by its number."""

from __future__ import annotations

import io
from datetime import date, datetime

import pytest
import xlsxwriter

from domain.lists import Birth, EntryKind, ListCode, ListedDocument, ListedName, NameKind
from domain.screening import Screener, Subject
from integrations.sanction_lists import sheets
from integrations.sanction_lists.errors import ListUnreadable

HEAD = ["Código", "Tipo", "Nombres", "Apellidos", "Razón social", "Alias", "Documento", "Número", "Nacimiento", "Cargo"]
PERSON = ["P-1", "", "Casiano Froilán", "Umeres Ticlla", "", "Cacho Umeres; CACHO UMERES", "DNI", 912345, "", "Alcalde"]
COMPANY = ["", "Entidad", "", "", "Agropecuaria Yutu S.A.C.", "", "RUC", "20999999019", 1999, ""]


def workbook(*rows: list[object]) -> bytes:
    content = io.BytesIO()
    with xlsxwriter.Workbook(content) as book:
        sheet, day = book.add_worksheet(), book.add_format({"num_format": "dd/mm/yyyy"})
        for place, row in enumerate((HEAD, *rows)):
            for column, cell in enumerate(row):
                if isinstance(cell, datetime):
                    sheet.write_datetime(place, column, cell, day)
                else:
                    sheet.write(place, column, cell)
    return content.getvalue()


def text(*rows: list[object], delimiter: str = ";", encoding: str = "utf-8") -> bytes:
    return "\n".join(delimiter.join(str(cell) for cell in row) for row in (HEAD, *rows)).encode(encoding)


def test_a_workbook_gives_people_and_companies_and_their_zeros_back():
    born = [*PERSON]
    born[8] = datetime(1961, 4, 9)  # noqa: DTZ001 - a spreadsheet's day has no zone
    sheet = sheets.read(workbook(born, COMPANY), ListCode.PEP)
    assert sheet.problems == ()
    person, company = sheet.snapshot.entries
    assert (person.uid, person.kind, person.programs) == ("P-1", EntryKind.PERSONA, "Alcalde")
    assert person.names == (
        ListedName(text="Casiano Froilán Umeres Ticlla", surnames="Umeres Ticlla"),
        ListedName(text="Cacho Umeres", kind=NameKind.ALIAS),
    )
    assert person.documents == (ListedDocument(kind="DNI", number="00912345", country="Peru"),)
    assert person.births == (Birth(first_year=1961, last_year=1961, day=date(1961, 4, 9)),)
    assert (company.kind, company.births[0].first_year) == (EntryKind.ENTIDAD, 1999)
    (found,) = Screener(sheet.snapshot.entries).screen(Subject(kind=EntryKind.PERSONA, name="UMERES TICLLA, Casiano"))
    assert found.entry == person


@pytest.mark.parametrize(("delimiter", "encoding"), [(",", "utf-8-sig"), (";", "latin-1"), ("\t", "utf-8")])
def test_a_csv_is_read_as_spreadsheets_write_it(delimiter, encoding):
    row = [*PERSON]
    row[5] = "Cacho Umeres"
    sheet = sheets.read(text(row, delimiter=delimiter, encoding=encoding), ListCode.INTERNA)
    assert [one.main_name for one in sheet.snapshot.entries] == ["Casiano Froilán Umeres Ticlla"]


def test_every_bad_row_is_told_by_its_number():
    nameless, short, odd, late = [*PERSON], [*PERSON], [*PERSON], [*PERSON]
    nameless[2:4], short[7], odd[1], late[8] = ["", ""], "9876", "Marciano", "31/02/1970"
    sheet = sheets.read(workbook(PERSON, nameless, [], short, odd, late, PERSON), ListCode.PEP)
    assert [problem.row for problem in sheet.problems] == [3, 5, 6, 7, 8]
    assert "P-1" in sheet.problems[-1].words


@pytest.mark.parametrize(
    "content", [b"", b"a,b\n1,2\n", b"PK\x03\x04roto", b"\x89PNG\0\0", text(), b"nombres;otra\nAna;1"]
)
def test_what_is_no_list_is_refused(content):
    with pytest.raises(ListUnreadable):
        sheets.read(content, ListCode.PEP)
