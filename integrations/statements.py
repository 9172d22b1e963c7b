"""Statements as banks give them: xlsx, xls or csv by a mapping of their headings, and SWIFT MT940.

Banks change their sheets without a word. So headings are looked for by name, anywhere in the first rows, and what is
not understood is refused whole: half a statement would look like missing movements.
"""

from __future__ import annotations

import csv
import io
import logging
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import mt940

from domain.errors import Invalid
from domain.names import fold
from domain.statements import Layout, StatementRow
from integrations.workbooks import Cells, WorkbookUnreadable, first_sheet, is_workbook

MOST_BYTES = 10 * 1024 * 1024
MOST_ROWS = 100_000
HEADINGS_WITHIN = 30
MOST_WORDS = 500
_DAYS = ("%d/%m/%Y", "%d-%m-%Y", "%Y-%m-%d", "%d/%m/%y", "%d.%m.%Y")
_YEARS = range(2000, 2100)
_DELIMITERS = ";\t|,"
_SAMPLE = 4096
_CENT = Decimal("0.01")
_CURRENCY = re.compile(r"S/\.?|US\$|\$|USD|PEN|\s")
# 1,234.56 as most banks here, and 1.234,56. Three figures after one dot are either, and are not understood.
_POINT = re.compile(r"(\d{1,3}(,\d{3})+|\d{1,13})(\.\d{1,2})?|\.\d{1,2}")
_COMMA = re.compile(r"(\d{1,3}(\.\d{3})+|\d{1,13}),\d{1,2}")
_MOST_DIGITS = 13
# The library logs each line that it does not understand: whose payment it was (F186).
logging.getLogger("mt940").setLevel(logging.CRITICAL + 1)


@dataclass(frozen=True, kw_only=True)
class Mapping:
    """What a bank calls each column. Either one signed `amount`, or `charge` (out) and `credit` (in)."""

    day: tuple[str, ...]
    description: tuple[str, ...]
    reference: tuple[str, ...]
    amount: tuple[str, ...] = ()
    charge: tuple[str, ...] = ()
    credit: tuple[str, ...] = ()


# Headings of each bank's business banking, as fold() writes them.
MAPPINGS: dict[Layout, Mapping] = {
    Layout.BCP: Mapping(
        day=("FECHA", "FECHA OPERACION"),
        description=("DESCRIPCION OPERACION", "DESCRIPCION"),
        reference=("OPERACION - NUMERO", "NUMERO OPERACION", "NRO OPERACION"),
        amount=("MONTO",),
    ),
    Layout.INTERBANK: Mapping(
        day=("FECHA DE PROCESO", "FECHA DE OPERACION"),
        description=("DETALLE", "DESCRIPCION", "MOVIMIENTO"),
        reference=("NRO. DE OPERACION", "COD. DE OPERACION"),
        charge=("CARGO", "CARGOS"),
        credit=("ABONO", "ABONOS"),
    ),
    Layout.BBVA: Mapping(
        day=("F. OPERACION", "FECHA OPERACION"),
        description=("CONCEPTO", "DESCRIPCION"),
        reference=("N. DOC", "NUM. MVTO", "REFERENCIA"),
        amount=("IMPORTE",),
    ),
    Layout.SCOTIABANK: Mapping(
        day=("FECHA",),
        description=("DESCRIPCION", "MOVIMIENTO"),
        reference=("REFERENCIA", "NUMERO DE DOCUMENTO"),
        charge=("DEBITO", "CARGO"),
        credit=("CREDITO", "ABONO"),
    ),
}


def read(layout: Layout, content: bytes) -> list[StatementRow]:
    """The lines of a statement, in its order. Raises Invalid, saying what was not understood."""
    if not content or len(content) > MOST_BYTES:
        raise Invalid("STATEMENT_SIZE", "El archivo está vacío o pasa de 10 MB.", field="file")
    rows = _of_mt940(content) if layout is Layout.MT940 else _of_table(_cells(content), MAPPINGS[layout])
    if not rows:
        raise Invalid("STATEMENT_EMPTY", "El archivo no tiene movimientos.", field="file")
    if len(rows) > MOST_ROWS:
        raise Invalid("STATEMENT_SIZE", f"El archivo pasa de {MOST_ROWS:,} movimientos.", field="file")
    return rows


def _of_mt940(content: bytes) -> list[StatementRow]:
    # As an open file: the library takes a text for the name of a file of ours when there is one. Without its options it
    # reads as version 5.0 did: a credit that the bank took back (RC) as one more credit.
    text = io.StringIO(content.decode("utf-8", "replace"))
    try:
        statements = mt940.parse_statements(text, options=mt940.Options.all())
    except Exception as error:
        raise Invalid("STATEMENT_MT940", "El archivo no es un MT940 que se entienda.", field="file") from error
    rows: list[StatementRow] = []
    for statement in statements:
        lines = [_swift_row(one.data, number) for number, one in enumerate(statement, start=len(rows) + 1)]
        # The library leaves out what it can not fit without a word, and a file may have been cut.
        if sum(one.amount for one in lines) != _between_balances(statement.data):
            said = "Los movimientos del MT940 no van de un saldo al otro: baja el archivo otra vez del banco."
            raise Invalid("STATEMENT_MT940", said, field="file")
        rows += lines
    return rows


def _between_balances(told: dict[str, Any]) -> Decimal | None:
    """From the opening balance to the closing one, of a whole statement or of a page; None when one is missing."""
    opening, closing = (
        told.get(f"final_{end}_balance") or told.get(f"intermediate_{end}_balance") for end in ("opening", "closing")
    )
    return closing.amount.amount - opening.amount.amount if opening and closing else None


def _swift_row(told: dict[str, object], number: int) -> StatementRow:
    day, amount = told["date"], getattr(told["amount"], "amount", None)
    assert isinstance(day, date), "the library reads the day of every transaction"
    assert isinstance(amount, Decimal), "the library reads the amount of every transaction"
    if amount != amount.quantize(_CENT) or len(amount.as_tuple().digits) > _MOST_DIGITS + 2:
        raise Invalid("STATEMENT_AMOUNT", f"No entiendo el monto del movimiento {number}.", field="file")
    reference = " ".join(str(told.get(name) or "") for name in ("customer_reference", "bank_reference"))
    words = " ".join(str(told.get(name) or "") for name in ("transaction_details", "extra_details"))
    return StatementRow(
        day=date(day.year, day.month, day.day),
        amount=amount,
        reference=_text(reference),
        description=_text(words),
    )


def _cells(content: bytes) -> list[Cells]:
    """The rows of the first sheet, or of a csv whatever its delimiter."""
    if is_workbook(content):
        try:
            return first_sheet(content, most_rows=MOST_ROWS + HEADINGS_WITHIN)
        except WorkbookUnreadable as error:
            raise Invalid("STATEMENT_SHEET", str(error), field="file") from error
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("latin-1")  # what Peruvian banks' csv are written in
    delimiter = max(_DELIMITERS, key=text[:_SAMPLE].count)
    try:
        return list(csv.reader(io.StringIO(text), delimiter=delimiter))
    except csv.Error as error:
        raise Invalid("STATEMENT_CSV", "El archivo no es un CSV que se entienda.", field="file") from error


def _of_table(table: Sequence[Cells], mapping: Mapping) -> list[StatementRow]:
    start, columns = _headings(table, mapping)
    width = len(table[start])
    rows = []
    for number, cells in enumerate(table[start + 1 :], start=start + 2):
        told = _text(_at(cells, columns["day"]))
        # Totals and footnotes stand below the movements, without a date.
        if not told[:1].isdigit():
            continue
        amount = _amount_of(cells, columns, number)
        if amount:
            # An amount such as 1,234.56 without its quotes, in a file that puts commas between columns.
            if any(_text(cell) for cell in cells[width:]):
                said = f"La fila {number} tiene más columnas que los títulos: baja el extracto como Excel."
                raise Invalid("STATEMENT_WIDTH", said, field="file")
            words = _text(_at(cells, columns.get("description")))
            reference = _text(_at(cells, columns.get("reference")))
            day = _day(_at(cells, columns["day"]), number)
            rows.append(StatementRow(day=day, amount=amount, reference=reference, description=words))
    return rows


def _headings(table: Sequence[Cells], mapping: Mapping) -> tuple[int, dict[str, int]]:
    """The row of headings, and where each column is. Raises Invalid when there is none."""
    wanted = {name: names for name, names in vars(mapping).items() if names}
    for place, cells in enumerate(table[:HEADINGS_WITHIN]):
        said = [" ".join(fold(_text(cell)).split()) for cell in cells]
        columns = {name: said.index(found) for name, names in wanted.items() if (found := _first(names, said))}
        if columns.keys() >= wanted.keys() - {"reference"}:
            return place, columns
    names = ", ".join(names[0].capitalize() for names in wanted.values())
    raise Invalid("STATEMENT_LAYOUT", f"No encuentro las columnas de ese banco: {names}.", field="file")


def _first(names: Iterable[str], said: Sequence[str]) -> str:
    return next((name for name in names if name in said), "")


def _at(cells: Cells, column: int | None) -> object:
    return "" if column is None or column >= len(cells) else cells[column]


def _text(cell: object) -> str:
    """A cell as text; a number of operation is no quantity, so 123.0 is 123."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return " ".join(str(cell).replace("\x00", "").split())[:MOST_WORDS]


def _day(cell: object, number: int) -> date:
    """A day, with or without its hour. Raises Invalid, naming the row."""
    said = cell.isoformat() if isinstance(cell, date) else _text(cell)
    for form in _DAYS:
        try:
            day = datetime.strptime(re.split(r"[ T]", said)[0], form).date()  # noqa: DTZ007 - a bank's day has no zone
        except ValueError:
            continue
        if day.year in _YEARS:
            return day
    raise Invalid("STATEMENT_DAY", f"No entiendo la fecha de la fila {number}: va como 25/11/2026.", field="file")


def _amount_of(cells: Cells, columns: dict[str, int], number: int) -> Decimal:
    """What came in (positive) or went out, to the cent. Raises Invalid, naming the row."""
    if "amount" in columns:
        return _money(_at(cells, columns["amount"]), number)
    charge, credit = (_money(_at(cells, columns[name]), number) for name in ("charge", "credit"))
    return abs(credit) - abs(charge)


def _money(cell: object, number: int) -> Decimal:
    """`1,234.56`, `-1,234.56`, `1.234,56`, `(10.00)`, `S/ 10.00`, or a number of the sheet; nothing is 0.00."""
    if isinstance(cell, int | float) and not isinstance(cell, bool) and abs(cell) < 10**_MOST_DIGITS:
        return Decimal(str(cell)).quantize(_CENT)
    text = _CURRENCY.sub("", str(cell).upper())
    bare = text.removeprefix("(").removesuffix(")").strip("-+")
    if not bare:
        return Decimal("0.00")
    if _COMMA.fullmatch(bare):
        bare = bare.replace(".", "").replace(",", ".")
    elif not _POINT.fullmatch(bare):
        raise Invalid("STATEMENT_AMOUNT", f"No entiendo el monto de la fila {number}: va como 1,234.56.", field="file")
    value = Decimal(bare.replace(",", "")).quantize(_CENT)
    return -value if text.startswith(("-", "(")) or text.endswith("-") else value
