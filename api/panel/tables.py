"""The one table of the panel: typed columns, filters and order in the address, pages by key, and its own sheets.

What is seen is what is exported: the same columns, in the same order, of the same query.
"""

from __future__ import annotations

import binascii
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode

from domain.errors import Invalid

Row = TypeVar("Row")
PAGE = 50
YEARS = range(2000, 2100)
MOST_ROWS = 50_000
# Of a bigint, one less than it holds.
MAX_DIGITS = 19
DENSITY_COOKIE = "qoricash_densidad"


@dataclass(frozen=True, kw_only=True)
class Column(Generic[Row]):
    """One column. `kind` says how a cell is drawn (macro `cell` of table.html) and written in a sheet.

    `sort` is the query's name of its order, empty when it has none; `phone` columns are seen on a phone too.
    """

    key: str
    label: str
    kind: str
    value: Callable[[Row], Any]
    link: Callable[[Row], str] | None = None
    sort: str = ""
    phone: bool = False
    hidden: bool = False

    @property
    def numeric(self) -> bool:
        """Aligned to the right."""
        return self.kind in {"USD", "PEN", "gain", "rate", "count"}


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What the address asks of a table: filters as they came, order, columns and the key to go on from."""

    filters: Mapping[str, str]
    sort: str
    ascending: bool
    columns: tuple[str, ...]
    cursor: str


@dataclass(frozen=True, kw_only=True)
class Table(Generic[Row]):
    """A page of rows, ready to be drawn."""

    path: str
    caption: str
    columns: Sequence[Column[Row]]
    rows: Sequence[Row]
    asked: Asked
    next_cursor: str
    exports: bool
    # Where the dialog of what is done to the chosen rows is asked for, and its verb; empty: rows are not chosen.
    selects: str = ""
    verb: str = ""

    @property
    def shown(self) -> list[Column[Row]]:
        """The columns that the person chose; without a choice, those that are not hidden by default."""
        return chosen(self.columns, self.asked)

    def address(self, **changes: str) -> str:
        """This same table with something else: another order, the next page, a sheet."""
        asked = self.asked
        order = {"orden": ("" if asked.ascending else "-") + asked.sort} if asked.sort else {}
        everything = {**asked.filters, **order, "columnas": ",".join(asked.columns), "cursor": asked.cursor}
        path = changes.pop("path", self.path)
        given = {name: value for name, value in {**everything, **changes}.items() if value}
        return f"{path}?{urlencode(given)}" if given else path

    def sorted_by(self, column: Column[Row]) -> str:
        """`ascending` or `descending` when this column gives the order."""
        if column.sort != self.asked.sort:
            return ""
        return "ascending" if self.asked.ascending else "descending"

    def sort_address(self, column: Column[Row]) -> str:
        """The same table in this column's order; a second time, the other way round."""
        descending = self.sorted_by(column) != "descending"
        return self.address(orden=("-" if descending else "") + column.sort, cursor="")


def asked_of(query: Mapping[str, str], *, sorts: Sequence[str]) -> Asked:
    """What the address asks. An unknown order is the first of `sorts`, newest or largest first."""
    order = query.get("orden", "")
    name = order.removeprefix("-")
    known = name in sorts
    own = {"orden", "columnas", "cursor", "formato"}
    return Asked(
        filters={key: value for key, value in query.items() if key not in own and value},
        sort=name if known else sorts[0],
        ascending=known and not order.startswith("-"),
        columns=tuple(part for part in query.get("columnas", "").split(",") if part),
        cursor=query.get("cursor", ""),
    )


def day_of(text: str, field: str | None = None) -> date | None:
    """A day of a filter or a form, None when it is empty. Raises Invalid."""
    try:
        found = date.fromisoformat(text) if text else None
    except ValueError as error:
        raise Invalid("DAY_FORMAT", "Escribe la fecha como 2026-11-25.", field=field) from error
    if found is not None and found.year not in YEARS:
        raise Invalid("DAY_FORMAT", "Escribe un día entre 2000 y 2099.", field=field)
    return found


def chosen(columns: Sequence[Column[Row]], asked: Asked) -> list[Column[Row]]:
    """The columns to show."""
    if not asked.columns:
        return [column for column in columns if not column.hidden]
    return [column for column in columns if column.key in asked.columns] or list(columns)


def id_of(text: str) -> int | None:
    """An id that an address or a form brought, or None for anything else."""
    return int(text) if text.isdecimal() and len(text) < MAX_DIGITS and int(text) > 0 else None


def cursor_of(value: object, row_id: int) -> str:
    """The key of the last row of a page: what it is ordered by, and its id."""
    text = value.isoformat() if isinstance(value, datetime) else str(value)
    return urlsafe_b64encode(json.dumps([text, row_id]).encode()).rstrip(b"=").decode()


def key_of(cursor: str) -> tuple[str, int] | None:
    """What `cursor_of` wrote. Raises Invalid for anything else."""
    if not cursor:
        return None
    try:
        text, row_id = json.loads(urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4)))
        return str(text), int(row_id)
    except (ValueError, TypeError, binascii.Error) as error:
        raise Invalid("CURSOR_UNKNOWN", "Vuelve a empezar la lista desde la primera página.") from error


def number_of(key: tuple[str, int] | None) -> tuple[Decimal, int] | None:
    """The key of a list that is ordered by a figure. Raises Invalid."""
    if key is None:
        return None
    try:
        return Decimal(key[0]), key[1]
    except ArithmeticError as error:
        raise Invalid("CURSOR_UNKNOWN", "Vuelve a empezar la lista desde la primera página.") from error
