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


@pytest.mark.parametrize(
    ("odd", "said"),
    [
        ("X500,00NTRF", "no es un MT940"),
        ("C5x00NTRF", "no van de un saldo al otro"),
        ("C999999999999999,NTRF", "no van de un saldo al otro"),
        ("C500,0099NTRF", "el monto del movimiento 1"),
    ],
)
def test_a_swift_line_that_is_not_understood_refuses_them_all_and_no_log_tells_it(
    odd: str, said: str, caplog: pytest.LogCaptureFixture
):
    """The library left the second and the third out without a word, and logged the first one (F186)."""
    with pytest.raises(Invalid, match=said):
        read(Layout.MT940, SWIFT.replace("C500,00NTRF", odd).encode())
    assert caplog.text == ""


def test_a_credit_that_the_bank_took_back_is_money_that_went():
    """RC was read as one more credit."""
    back = SWIFT.replace("C500,00", "RC500,00").replace("USD1479,50", "USD479,50")
    assert [row.amount for row in read(Layout.MT940, back.encode())] == [Decimal("-500.00"), Decimal("-20.50")]


def test_the_pages_of_a_swift_statement_are_read_one_after_the_other_and_a_cut_one_is_refused():
    second = SWIFT.replace(":60F:C261125USD1000,00", ":60M:C261126USD1479,50")
    second = second.replace(":62F:C261126USD1479,50", ":62M:C261126USD1959,00")
    assert [row.amount for row in read(Layout.MT940, f"\ufeff{SWIFT}{second}".encode())] == [
        *(Decimal("500.00"), Decimal("-20.50")),
        *(Decimal("500.00"), Decimal("-20.50")),
    ]
    for place in (":62F:", ":86:COMISION"):
        with pytest.raises(Invalid, match="no van de un saldo al otro"):
            read(Layout.MT940, SWIFT.partition(place)[0].encode())


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
        (b"Fecha,Descripcion,Monto\nTotal,,12.00\n", "no tiene movimientos"),
        (b"\xff\xd8\xff\xe0foto", "No encuentro las columnas"),
    ],
)
def test_what_is_no_statement_is_refused(content: bytes, said: str):
    with pytest.raises(Invalid, match=said):
        read(Layout.BCP, content)


@pytest.mark.parametrize(
    ("day", "amount", "said"),
    [
        *(
            ("25/11/2026", odd, "el monto de la fila 3")
            for odd in ("diez", "1.2.3.4", "1E3", "1.234", '"12,3,4"', "10 D", "9" * 14)
        ),
        # A 1,234.56 whose file puts commas between columns.
        ("25/11/2026", "1,234.56", "La fila 3 tiene más columnas"),
        *((odd, "5.00", "la fecha de la fila 3") for odd in ("27 nov 2026", "46351", "9999-12-31", "0001-01-01")),
    ],
)
def test_a_row_that_is_not_understood_refuses_them_all(day: str, amount: str, said: str):
    """One of them was left out without a word, or read as another amount; a day of the year 9999 was a 500."""
    content = f"Fecha,Descripcion,Monto\n25/11/2026,ABONO,1.00\n{day},ABONO,{amount}\n"
    with pytest.raises(Invalid, match=said):
        read(Layout.BCP, content.encode())


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("S/ 1,234.50", "1234.50"),
        ("US$ -1.234,5", "-1234.50"),
        ("(10.00)", "-10.00"),
        ("10.00-", "-10.00"),
        ("1,234,567", "1234567.00"),
        (".5", "0.50"),
        (1500.1, "1500.10"),
        (-0.1 - 0.2, "-0.30"),
    ],
)
def test_an_amount_is_read_as_banks_write_it(written: object, meant: str):
    (row,) = read(Layout.BCP, sheet(["Fecha", "Descripcion", "Monto"], ["25/11/2026 10:32:07", "ABONO", written]))
    assert (row.day, row.amount) == (date(2026, 11, 25), Decimal(meant))
