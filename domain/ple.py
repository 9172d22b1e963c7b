"""SUNAT's Programa de Libros Electrónicos: the text layouts of the libro diario (5.1) and of the libro mayor (6.1).

Source: PLE structures, annex 2 of RS 286-2009/SUNAT as amended (RS 169-2015/SUNAT): 21 fields, each followed by "|".
Amounts in soles. The validator of SUNAT has the last word on a file before it is sent.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from domain.money import Currency

DIARY, LEDGER = "050100", "060100"
OTHER_DOCUMENT = "00"  # table 10: the entry comes from no comprobante
VALID = "1"  # state of the line: it belongs to this period
ZERO = Decimal("0.00")
LONGEST_WORDS = 200


@dataclass(frozen=True, kw_only=True)
class Row:
    """A line of the books. `entry` is unique in the period (CUO), `line` within the entry; `pen` positive is debe."""

    entry: str
    line: int
    account: str
    currency: Currency
    day: date
    words: str
    pen: Decimal


def text(rows: Iterable[Row], *, year: int, month: int) -> str:
    """The file, one line a row, ended by CR LF. Both books have the same fields."""
    return "".join(f"{_fields(row, f'{year}{month:02}00')}\r\n" for row in rows)


def _fields(row: Row, period: str) -> str:
    debit, credit = max(row.pen, ZERO), max(-row.pen, ZERO)
    day = f"{row.day:%d/%m/%Y}"
    words = " ".join(row.words.replace("|", " ").split())[:LONGEST_WORDS]
    fields = (
        *(period, row.entry, f"M{row.line}", row.account, "", "", row.currency.value),
        *("", "", OTHER_DOCUMENT, "", row.entry, day, "", day),
        *(words, "", f"{debit:.2f}", f"{credit:.2f}", "", VALID),
    )
    return "".join(f"{field}|" for field in fields)


def file_name(ruc: str, *, year: int, month: int, ledger: bool, empty: bool) -> str:
    """`LE2099000000920261100050100001111.txt`: book, operations (1), content (1 or 0), soles (1), PLE (1)."""
    book = LEDGER if ledger else DIARY
    return f"LE{ruc}{year}{month:02}00{book}001{'0' if empty else '1'}11.txt"
