"""The consolidated list of the United Nations Security Council, in XML.

Persons have INDIVIDUAL_ALIAS and companies ENTITY_ALIAS, each with its quality; empty ones are placeholders. The file
comes from outside, so that declarations of entities in it are refused before it is read (an XML bomb is all it takes).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from datetime import date
from xml.etree import ElementTree as ET

from domain.lists import Birth, Entry, EntryKind, ListCode, ListedDocument, ListedName, NameKind, Snapshot
from integrations.sanction_lists.errors import ListUnreadable

NAME_PARTS = ("FIRST_NAME", "SECOND_NAME", "THIRD_NAME", "FOURTH_NAME")
EMPTY_WORDS = frozenset({"NA", "N/A", "-"})
_YEAR = re.compile(r"^(1[89]|20)\d{2}$")


def read(content: bytes) -> Snapshot:
    """The whole list. Raises ListUnreadable for XML that is cut short, or is another document."""
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        raise ListUnreadable("ONU: el archivo declara entidades XML; no se lee.")
    try:
        root = ET.fromstring(content)  # noqa: S314 - declarations of entities were refused above
    except (ET.ParseError, LookupError, ValueError) as error:  # the last two: of an encoding that it can not read
        raise ListUnreadable("ONU: el archivo está cortado o dañado.") from error
    if root.tag != "CONSOLIDATED_LIST":
        raise ListUnreadable("ONU: el archivo no es la lista consolidada.")
    people = (_entry(node, EntryKind.PERSONA) for node in root.iterfind("./INDIVIDUALS/INDIVIDUAL"))
    companies = (_entry(node, EntryKind.ENTIDAD) for node in root.iterfind("./ENTITIES/ENTITY"))
    entries = (*people, *companies)
    if not entries:
        raise ListUnreadable("ONU: la lista no trae ninguna entrada.")
    if len({entry.uid for entry in entries}) < len(entries):
        raise ListUnreadable("ONU: la lista repite una entrada.")
    return Snapshot(
        list_code=ListCode.ONU,
        entries=entries,
        checksum=hashlib.sha256(content).hexdigest(),
        published=(root.get("dateGenerated") or "")[:10],
    )


def _entry(node: ET.Element, kind: EntryKind) -> Entry:
    person = kind is EntryKind.PERSONA
    uid = _text(node, "DATAID")
    main = " ".join(part for tag in NAME_PARTS if (part := _text(node, tag)) and part.upper() not in EMPTY_WORDS)
    if not uid or not main:
        raise ListUnreadable("ONU: hay una entrada sin número o sin nombre.")
    aliases = node.iterfind("INDIVIDUAL_ALIAS" if person else "ENTITY_ALIAS")
    return Entry(
        list_code=ListCode.ONU,
        uid=uid,
        kind=kind,
        names=tuple(_names(node, main, list(aliases))),
        documents=tuple(_documents(node)),
        births=tuple(_births(node)),
        nationalities=tuple(dict.fromkeys(_texts(node, "NATIONALITY/VALUE"))),
        programs=_text(node, "UN_LIST_TYPE"),
        remarks="; ".join(part for part in (_text(node, "REFERENCE_NUMBER"), _text(node, "COMMENTS1")) if part),
    )


def _names(node: ET.Element, main: str, aliases: list[ET.Element]) -> Iterator[ListedName]:
    yield ListedName(text=main)
    seen = {main.casefold()}
    original = _text(node, "NAME_ORIGINAL_SCRIPT")
    found = [(original, NameKind.ALIAS)] if original else []
    for alias in aliases:
        quality = _text(alias, "QUALITY").casefold()
        kind = {"low": NameKind.DEBIL, "f.k.a.": NameKind.ANTERIOR}.get(quality, NameKind.ALIAS)
        # One element may hold a dozen spellings, apart by semicolons.
        found.extend((text.strip(), kind) for text in _text(alias, "ALIAS_NAME").split(";"))
    for text, kind in found:
        if text and text.casefold() not in seen:
            seen.add(text.casefold())
            yield ListedName(text=text, kind=kind)


def _documents(node: ET.Element) -> Iterator[ListedDocument]:
    for document in node.iterfind("INDIVIDUAL_DOCUMENT"):
        number = _text(document, "NUMBER")
        if number:
            country = _text(document, "ISSUING_COUNTRY") or _text(document, "COUNTRY_OF_ISSUE")
            kind = _text(document, "TYPE_OF_DOCUMENT2") or _text(document, "TYPE_OF_DOCUMENT")
            yield ListedDocument(kind=kind, number=number.upper(), country=country)


def _births(node: ET.Element) -> Iterator[Birth]:
    for birth in node.iterfind("INDIVIDUAL_DATE_OF_BIRTH"):
        day, year = _text(birth, "DATE"), _text(birth, "YEAR")
        first, last = _text(birth, "FROM_YEAR") or year or day[:4], _text(birth, "TO_YEAR") or year or day[:4]
        if _YEAR.match(first) and _YEAR.match(last):
            exact = _day(day) if _text(birth, "TYPE_OF_DATE").upper() == "EXACT" else None
            yield Birth(first_year=int(first), last_year=int(last), day=exact)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text[:10])
    except ValueError:  # none, or a 31 of June: its year is told still
        return None


def _text(node: ET.Element, path: str) -> str:
    return " ".join((node.findtext(path) or "").split())


def _texts(node: ET.Element, path: str) -> Iterator[str]:
    for found in node.iterfind(path):
        text = " ".join((found.text or "").split())
        if text:
            yield text
