"""The house's own lists (PEP, internal) from a sheet: .xlsx or .csv, one row an entry, headings in the first row.

Read whole or not at all: every row that can't be taken is told with its number, so that a dry run mends the sheet.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from domain.clients import DocumentType, document_number
from domain.errors import Invalid
from domain.lists import Birth, Entry, EntryKind, ListCode, ListedDocument, ListedName, NameKind, Snapshot, digest
from domain.names import fold
from integrations.sanction_lists.errors import ListUnreadable
from integrations.workbooks import WorkbookUnreadable, first_sheet, is_workbook

HEADINGS = (
    *("codigo", "tipo", "nombres", "apellidos", "razon_social", "alias", "documento", "numero", "pais"),
    *("nacimiento", "nacionalidad", "cargo", "entidad", "motivo"),
)
MAX_ROWS, MAX_TEXT, MAX_UID, MAX_PROBLEMS = 100_000, 300, 80, 200
PERU = "Peru"
# A cell that a spreadsheet took for a number has lost the zeros before it.
DNI_DIGITS, LEAST_DNI = 8, 6
_YEAR, _DAY = re.compile(r"^(1[89]|20)\d{2}$"), re.compile(r"^(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})$")
Row = Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Problem:
    """A row that can't be taken (2 is the first below the headings), and what to mend."""

    row: int
    words: str


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """What a sheet holds. With problems it is not imported."""

    snapshot: Snapshot
    problems: tuple[Problem, ...]


def read(content: bytes, list_code: ListCode) -> Sheet:
    """The list and its problems. Raises ListUnreadable for a file that is no sheet, or whose headings are others."""
    entries: dict[str, Entry] = {}
    problems: list[Problem] = []
    for number, row in _rows(content):
        try:
            entry = _entry(row, list_code, taken=entries)
            entries[entry.uid] = entry
        except Invalid as refused:
            problems.append(Problem(row=number, words=refused.message))
    if not entries and not problems:
        raise ListUnreadable("La hoja no tiene ninguna fila.")
    snapshot = Snapshot(
        list_code=list_code, entries=tuple(entries.values()), checksum=hashlib.sha256(content).hexdigest()
    )
    return Sheet(snapshot=snapshot, problems=tuple(problems[:MAX_PROBLEMS]))


def _rows(content: bytes) -> Iterator[tuple[int, Row]]:
    """Rows with something in them, by heading, with their number in the sheet."""
    table = _workbook(content) if is_workbook(content) else _text(content)
    top = next((place for place, cells in enumerate(table) if any(cells)), None)
    if top is None:
        raise ListUnreadable("La hoja está vacía.")
    headings = [re.sub(r"[^a-z]+", "_", fold(cell).lower()).strip("_") for cell in table[top]]
    unknown = [heading for heading in headings if heading and heading not in HEADINGS]
    if unknown or not {"nombres", "razon_social"} & set(headings):
        raise ListUnreadable(f"Las columnas de la hoja son otras. Usa: {', '.join(HEADINGS)}.")
    if len(table) > MAX_ROWS:
        raise ListUnreadable(f"La hoja tiene más de {MAX_ROWS} filas.")
    for number, cells in enumerate(table[top + 1 :], start=top + 2):
        row = {heading: cell for heading, cell in zip(headings, cells, strict=False) if heading}
        if any(row.values()):
            yield number, row


def _workbook(content: bytes) -> Sequence[Sequence[str]]:
    try:
        return [[_plain(cell) for cell in cells] for cells in first_sheet(content, most_rows=MAX_ROWS + 1)]
    except WorkbookUnreadable as error:
        raise ListUnreadable(str(error)) from error


def _text(content: bytes) -> Sequence[Sequence[str]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    if "\0" in text:
        raise ListUnreadable("El archivo no es una hoja .xlsx ni .csv.")
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    try:
        return [[cell.strip() for cell in cells] for cells in csv.reader(io.StringIO(text), delimiter=delimiter)]
    except csv.Error as error:
        raise ListUnreadable(f"El archivo .csv está dañado ({error}).") from error


def _plain(cell: object) -> str:
    if isinstance(cell, datetime | date):
        return cell.strftime("%d/%m/%Y")
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()


def _entry(row: Row, list_code: ListCode, *, taken: Collection[str]) -> Entry:
    kind = _kind(row)
    names = tuple(_names(row, kind))
    documents = tuple(_documents(row))
    uid = row.get("codigo", "")[:MAX_UID] or digest([kind, fold(names[0].text), [one.number for one in documents]])[:16]
    if uid in taken:
        raise Invalid("REPEATED", f"Repite la entrada {uid}. Deja una sola.")
    told = [row.get("cargo", ""), row.get("entidad", "")]
    return Entry(
        list_code=list_code,
        uid=uid,
        kind=kind,
        names=names,
        documents=documents,
        births=tuple(_births(row)),
        nationalities=(row["nacionalidad"],) if row.get("nacionalidad") else (),
        programs=" · ".join(one for one in told if one)[:MAX_TEXT],
        remarks=row.get("motivo", "")[:MAX_TEXT],
    )


def _kind(row: Row) -> EntryKind:
    said = fold(row.get("tipo", "")).capitalize()
    if said in {"", EntryKind.PERSONA, EntryKind.ENTIDAD}:
        return EntryKind(said) if said else EntryKind.PERSONA if row.get("nombres") else EntryKind.ENTIDAD
    raise Invalid("KIND_UNKNOWN", "El tipo es Persona o Entidad.")


def _names(row: Row, kind: EntryKind) -> Iterator[ListedName]:
    surnames = row.get("apellidos", "")
    whole = f"{row.get('nombres', '')} {surnames}".strip() if kind is EntryKind.PERSONA else row.get("razon_social", "")
    if not re.search(r"[^\W\d_]", whole) or len(whole) > MAX_TEXT:
        raise Invalid("NAME_MISSING", "Falta el nombre, o es demasiado largo.")
    yield ListedName(text=whole, surnames=surnames if kind is EntryKind.PERSONA else "")
    seen = {fold(whole)}
    for text in (one.strip() for one in row.get("alias", "").split(";")):
        if text and fold(text) not in seen:
            seen.add(fold(text))
            yield ListedName(text=text[:MAX_TEXT], kind=NameKind.ALIAS)


def _documents(row: Row) -> Iterator[ListedDocument]:
    number, kind = row.get("numero", ""), row.get("documento", "").upper() or "DNI"
    if not number:
        return
    country = row.get("pais") or PERU
    if kind == DocumentType.DNI and number.isdigit() and len(number) >= LEAST_DNI:
        number = number.zfill(DNI_DIGITS)
    if kind in {DocumentType.DNI, DocumentType.RUC}:
        number = document_number(DocumentType(kind), number)
    yield ListedDocument(kind=kind[:40], number=number.upper()[:40], country=country[:40])


def _births(row: Row) -> Iterator[Birth]:
    text = row.get("nacimiento", "")
    if not text:
        return
    if _YEAR.match(text):
        yield Birth(first_year=int(text), last_year=int(text), day=None)
        return
    day = _day(text)
    yield Birth(first_year=day.year, last_year=day.year, day=day)


def _day(text: str) -> date:
    found = _DAY.match(text)
    try:
        return date(int(found[3]), int(found[2]), int(found[1])) if found else date.fromisoformat(text)
    except ValueError as error:
        raise Invalid("BIRTH_UNREADABLE", "La fecha de nacimiento va como 31/12/1970, o solo el año.") from error
