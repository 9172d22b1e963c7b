"""OFAC's SDN list in its three legacy files: sdn.csv, alt.csv (aliases) and add.csv (addresses).

Without header, `-0- ` for null, the last line of the real file is one byte 0x1A. Weak aliases, births and documents
stand in the remarks: `DOB 08 Jul 1957; LE Number 07552116 (Peru); a.k.a. 'EL TIGRE'`.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from calendar import month_abbr
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date

from domain.lists import Birth, Entry, EntryKind, ListCode, ListedDocument, ListedName, NameKind, Snapshot
from integrations.sanction_lists.errors import ListUnreadable

SDN_COLUMNS, ALT_COLUMNS, ADD_COLUMNS = 12, 5, 6
NULL = "-0-"
END = "\x1a"
_KINDS = {"individual": EntryKind.PERSONA, "vessel": EntryKind.NAVE, "aircraft": EntryKind.AERONAVE}
_ALIASES = {"aka": NameKind.ALIAS, "fka": NameKind.ANTERIOR, "nka": NameKind.ALIAS}
_WEAK = re.compile(r"(?:a\.k\.a\.|f\.k\.a\.|n\.k\.a\.) '([^;]+?)'\.?$")
_DOCUMENT = re.compile(
    r"^(?:alt\. )?(?P<kind>Passport|RUC|LE Number|National ID No\.|Cedula No\.|D\.N\.I\.|DNI|NIT|SSN|C\.U\.R\.P\.|"
    r"R\.F\.C\.|Tax ID No\.|Identification Number|Driver's License No\.|Registration Number|"
    r"Business Registration Number|"
    r"Birth Certificate Number|Residency Number|Citizen's Card Number|Personal ID Card|Stateless Person ID Card|"
    r"Electoral Registry No\.|V\.A\.T\. Number|US FEIN|Company Number|Commercial Registry Number|Trade License No\.) "
    r"(?:# )?(?P<number>[^()\s][^()]*?)(?: \((?P<country>[^)]+)\))?(?: issued .*| expires .*)?$"
)
_BORN = re.compile(r"^(?:alt\. )?DOB (?P<when>.+)$")
_DAY = re.compile(r"^(\d{2}) ([A-Z][a-z]{2}) (\d{4})$")
_YEAR = re.compile(r"\b(1[89]\d{2}|20\d{2})\b")
_NATION = re.compile(r"^(?:alt\. )?(?:nationality|citizen) (?P<country>.+)$")
_MONTHS = {name: at for at, name in enumerate(month_abbr)}


def read(sdn: bytes, alt: bytes, add: bytes) -> Snapshot:
    """The whole list. Raises ListUnreadable for a file that is cut short or has another shape."""
    aliases: dict[str, list[ListedName]] = defaultdict(list)
    for row in _rows(alt, ALT_COLUMNS, "alt.csv"):
        aliases[row[0]].append(ListedName(text=row[3], kind=_ALIASES.get(row[2].casefold(), NameKind.ALIAS)))
    countries: dict[str, list[str]] = defaultdict(list)
    for row in _rows(add, ADD_COLUMNS, "add.csv"):
        countries[row[0]].append(row[4])
    entries = tuple(_entry(row, aliases) for row in _rows(sdn, SDN_COLUMNS, "sdn.csv"))
    strangers = (aliases.keys() | countries.keys()) - {entry.uid for entry in entries}
    if strangers:
        raise ListUnreadable(f"OFAC: {len(strangers)} alias o direcciones de entradas que no están en sdn.csv.")
    if len({entry.uid for entry in entries}) < len(entries):
        raise ListUnreadable("OFAC: sdn.csv repite una entrada.")
    checksum = hashlib.sha256(b"\0".join((sdn, alt, add))).hexdigest()
    return Snapshot(list_code=ListCode.OFAC, entries=entries, checksum=checksum)


def _rows(content: bytes, columns: int, file: str) -> Iterator[list[str]]:
    text = _text(content).rstrip()
    if not text:
        raise ListUnreadable(f"{file} está vacío.")
    whole = text.endswith(END) or content.endswith((b"\n", b"\r"))
    if "\0" in text:
        raise ListUnreadable(f"{file} está dañado.")
    if not whole:
        raise ListUnreadable(f"{file} está cortado: no termina en una línea completa.")
    try:
        for number, row in enumerate(csv.reader(io.StringIO(text.rstrip(END).rstrip()), strict=True), start=1):
            if len(row) != columns or not row[0].strip().isdecimal():
                raise ListUnreadable(f"{file}, línea {number}: no tiene las {columns} columnas de OFAC.")
            yield ["" if cell.strip() == NULL else cell.strip() for cell in row]
    except csv.Error as error:
        raise ListUnreadable(f"{file} está dañado ({error}).") from error


def _text(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def _entry(row: list[str], aliases: dict[str, list[ListedName]]) -> Entry:
    uid, title, kind, programs, remarks = row[0], row[1], row[2], row[3], row[11]
    parts = [part.strip().removesuffix(".") if "a.k.a." not in part else part.strip() for part in remarks.split(";")]
    weak = (ListedName(text=found[1], kind=NameKind.DEBIL) for part in parts if (found := _WEAK.search(part)))
    return Entry(
        list_code=ListCode.OFAC,
        uid=uid,
        kind=_KINDS.get(kind.casefold(), EntryKind.ENTIDAD),
        names=_unique([ListedName(text=title), *aliases[uid], *weak]),
        documents=tuple(_documents(parts)),
        births=tuple(_births(parts)),
        nationalities=tuple(dict.fromkeys(found["country"] for part in parts if (found := _NATION.match(part)))),
        programs=programs,
        remarks=remarks,
    )


def _unique(names: Iterable[ListedName]) -> tuple[ListedName, ...]:
    return tuple({one.text.casefold(): one for one in reversed(list(names)) if one.text}.values())[::-1]


def _documents(parts: Iterable[str]) -> Iterator[ListedDocument]:
    for part in parts:
        if found := _DOCUMENT.match(part):
            yield ListedDocument(
                kind=found["kind"], number=found["number"].strip().upper(), country=found["country"] or ""
            )


def _births(parts: Iterable[str]) -> Iterator[Birth]:
    for part in parts:
        found = _BORN.match(part)
        years = [int(year) for year in _YEAR.findall(found["when"])] if found else []
        if found and years:
            yield Birth(first_year=min(years), last_year=max(years), day=_day(found["when"]))


def _day(text: str) -> date | None:
    found = _DAY.match(text)
    if not found or found[2] not in _MONTHS:
        return None
    try:
        return date(int(found[3]), _MONTHS[found[2]], int(found[1]))
    except ValueError:  # a 31 of June: its year is told still
        return None
