"""Statements as banks write them."""

from __future__ import annotations

import io
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
import xlsxwriter

from domain.errors import Invalid
from domain.statements import Layout
from integrations.statements import read

BCP = """Cuenta;193-1234567-1-00
Fecha;Fecha valuta;Descripción operación;Monto;Saldo;Operación - Número
25/11/2026;25/11/2026;TRANSF. ROSA QUISPE;1.234,56;10.000,00;00123456
26/11/2026;26/11/2026;PAGO EXP-1001;-500.00;9,500.00;00123457
Total;;;734,56
"""
SWIFT = """:20:QORI
:25:00219312345678
:28C:1/1
:60F:C261125USD1000,00
:61:2611251125C500,00NTRFOP123456//00077
:86:TRANSFERENCIA EXP-1001
:61:2611261126D20,50NCHGNONREF//00078
:86:COMISION
:62F:C261126USD1479,50
-
"""


def sheet(headings: list[str], *rows: list[object]) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        page = book.add_worksheet()
        page.write_row(3, 0, headings)
        for place, row in enumerate(rows, start=4):
            page.write_row(place, 0, row)
    return out.getvalue()


def test_a_csv_of_bcp_in_latin_letters_and_both_ways_of_writing_thousands():
    first, second = read(Layout.BCP, BCP.encode("latin-1"))
    assert (first.day, first.amount, first.reference) == (date(2026, 11, 25), Decimal("1234.56"), "00123456")
    assert (second.amount, second.description) == (Decimal("-500.00"), "PAGO EXP-1001")


def test_charges_and_credits_in_two_columns_and_numbers_of_a_sheet():
    headings = ["Fecha de Proceso", "Detalle", "Nro. de operación", "Cargo", "Abono"]
    content = sheet(
        headings, ["25/11/2026", "ITF", 77, 0.5, ""], ["26/11/2026", "ABONO", 78, "", 1500.1], ["", "", "", 0, 0]
    )
    rows = read(Layout.INTERBANK, content)
    assert [(row.amount, row.reference) for row in rows] == [(Decimal("-0.50"), "77"), (Decimal("1500.10"), "78")]


@pytest.mark.parametrize(
    ("layout", "headings"),
    [
        (Layout.BBVA, ["F. Operación", "Concepto", "Importe", "N. Doc"]),
        (Layout.SCOTIABANK, ["Fecha", "Descripción", "Débito", "Crédito"]),
    ],
)
def test_each_bank_has_its_mapping(layout: Layout, headings: list[str]):
    (row,) = read(layout, sheet(headings, ["2026-11-25", "ABONO", 10, 99]))
    assert (row.day, row.amount) == (date(2026, 11, 25), Decimal("10.00" if layout is Layout.BBVA else "89.00"))


def test_a_swift_statement():
    came, went = read(Layout.MT940, SWIFT.encode())
    assert (came.day, came.amount, came.reference) == (date(2026, 11, 25), Decimal("500.00"), "OP123456 00077")
    assert (went.amount, went.description) == (Decimal("-20.50"), "COMISION")


def test_a_name_of_a_file_is_no_statement(tmp_path: Path):
    """The library opens a text that names a file; what is uploaded must never read one of ours."""
    secret = tmp_path / "extracto.sta"
    secret.write_text(SWIFT)
    with pytest.raises(Invalid, match=r"no tiene movimientos|no es un MT940"):
        read(Layout.MT940, str(secret).encode())


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "vacío"),
        (b"PK\x03\x04nada", "no se puede abrir"),
        (b"Fecha,Otra\n25/11/2026,1\n", "No encuentro las columnas"),
        (b"Fecha,Descripcion,Monto\n25/11/2026,ABONO,diez\n", "no tiene movimientos"),
        (b"Fecha,Descripcion,Monto\n25/11/2026,ABONO,1.2.3.4\n", "fila 2"),
    ],
)
def test_what_is_not_understood_is_refused_whole(content: bytes, said: str):
    with pytest.raises(Invalid, match=said):
        read(Layout.BCP, content)
