"""Statements as banks give them: xlsx, xls or csv by a mapping of their headings, and SWIFT MT940.

Banks change their sheets without a word. So headings are looked for by name, anywhere in the first rows, and what is
not understood is refused whole: half a statement would look like missing movements.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

import mt940
from python_calamine import CalamineError, CalamineWorkbook

from domain.errors import Invalid
from domain.names import fold
from domain.statements import Layout, StatementRow

MOST_BYTES = 10 * 1024 * 1024
MOST_ROWS = 100_000
HEADINGS_WITHIN = 30
_SHEETS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # xlsx, xls
_DAYS = ("%d/%m/%Y", "%d-%m-%Y", "%Y-%m-%d", "%d/%m/%y", "%d.%m.%Y")
_DELIMITERS = ";\t|,"
_SAMPLE = 4096

Cells = Sequence[object]


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
    # As an open file: the library takes a text for the name of a file of ours when there is one.
    text = io.StringIO(content.decode("utf-8", "replace"))
    try:
        transactions = mt940.parse(text)
    except Exception as error:
        raise Invalid("STATEMENT_MT940", "El archivo no es un MT940 que se entienda.", field="file") from error
    return [_swift_row(one.data) for one in transactions]


def _swift_row(told: dict[str, object]) -> StatementRow:
    day, amount = told["date"], getattr(told["amount"], "amount", None)
    assert isinstance(day, date), "the library reads the day of every transaction"
    assert isinstance(amount, Decimal), "the library reads the amount of every transaction"
    reference = " ".join(str(told.get(name) or "") for name in ("customer_reference", "bank_reference"))
    words = " ".join(str(told.get(name) or "") for name in ("transaction_details", "extra_details"))
    return StatementRow(
        day=date(day.year, day.month, day.day),
        amount=amount,
        reference=reference.strip(),
        description=" ".join(words.split()),
    )


def _cells(content: bytes) -> list[Cells]:
    """The rows of the first sheet, or of a csv whatever its delimiter."""
    if content.startswith(_SHEETS):
        try:
            book = CalamineWorkbook.from_filelike(io.BytesIO(content))
            return list(book.get_sheet_by_index(0).to_python(nrows=MOST_ROWS + HEADINGS_WITHIN))
        except (CalamineError, ValueError, OSError) as error:
            raise Invalid("STATEMENT_SHEET", "La hoja de cálculo no se puede abrir.", field="file") from error
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
    rows = []
    for number, cells in enumerate(table[start + 1 :], start=start + 2):
        day = _day(_at(cells, columns.get("day")))
        if day is None:
            continue  # totals and footnotes stand below the movements, without a date
        amount = _amount_of(cells, columns, number)
        if amount:
            words = _text(_at(cells, columns.get("description")))
            reference = _text(_at(cells, columns.get("reference")))
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
    return " ".join(str(cell).replace("\x00", "").split())


def _day(cell: object) -> date | None:
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    for form in _DAYS:
        try:
            return datetime.strptime(_text(cell), form).date()  # noqa: DTZ007 - a day of the bank's has no zone
        except ValueError:
            continue
    return None


def _amount_of(cells: Cells, columns: dict[str, int], number: int) -> Decimal:
    """What came in (positive) or went out, to the cent. Raises Invalid, naming the row."""
    if "amount" in columns:
        return _money(_at(cells, columns["amount"]), number)
    charge, credit = (_money(_at(cells, columns[name]), number) for name in ("charge", "credit"))
    return abs(credit) - abs(charge)


def _money(cell: object, number: int) -> Decimal:
    """`1,234.56`, `-1,234.56`, `1.234,56`, `S/ 10.00`, or a number of the sheet."""
    text = "".join(char for char in _text(cell) if char in "0123456789.,-()")
    if not text:
        return Decimal("0.00")
    negative = text.startswith(("-", "(")) or text.endswith("-")
    bare = text.strip("-()")
    if "," in bare and bare.rfind(",") > bare.rfind(".") and len(bare) - bare.rfind(",") - 1 != _THOUSANDS:
        bare = bare.replace(".", "").replace(",", ".")
    try:
        value = Decimal(bare.replace(",", "")).quantize(Decimal("0.01"))
    except InvalidOperation as error:
        raise Invalid("STATEMENT_AMOUNT", f"No entiendo el monto de la fila {number}.", field="file") from error
    return -value if negative else value


_THOUSANDS = 3
