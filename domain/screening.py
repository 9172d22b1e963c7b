"""Screening a client against the lists: the exact document first, then names, with what speaks for and against.

Calibrated thresholds, method and figures: docs/screening.md. Everything is pure; a score always comes with its reasons.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from domain.cases import Severity
from domain.clients import DocumentType
from domain.lists import (
    REQUIRED,
    SANCTIONS,
    Birth,
    Entry,
    EntryKind,
    ListCode,
    ListedDocument,
    NameKind,
    digest,
    plain_number,
)
from domain.matching import Comparison, compare
from domain.name_index import NameIndex
from domain.names import Name, name

# From here on it is a hit that a person looks at; calibrated on labelled pairs.
THRESHOLD = 72
# From here on, with nothing against it, it is taken for the same person until a person says otherwise.
LIKELY = 90
SAME_DOCUMENT, DOCUMENT_AND_NAME = 100, 85
SOME_LIKENESS = 50
# What else is known, in points of the score.
SAME_BIRTHDAY, SAME_YEAR, OTHER_BIRTH, OTHER_DOCUMENT, OTHER_COUNTRY, SAME_COUNTRY, WEAK_ALIAS = (
    5,
    2,
    -20,
    -25,
    -4,
    2,
    -10,
)
YEARS_APART = 1
FEWEST_WORDS = 2
DNI_DIGITS, RUC_DIGITS, MIN_NUMBER = 8, 11, 6
RUC_OF_PERSON = "10"
PERU = frozenset({"peru", "perú", "pe", "peruana", "peruano"})


class CheckResult(StrEnum):
    """What a screening says of a client (F254: what nobody checked is not clean)."""

    SIN_REVISAR = "Sin revisar"
    PARCIAL = "Parcial"
    LIMPIO = "Limpio"
    COINCIDENCIA = "Coincidencia"


class HitState(StrEnum):
    """Where a hit stands. A cleared one stays cleared until the entry or the client changes."""

    NUEVA = "Nueva"
    CONFIRMADA = "Confirmada"
    DESCARTADA = "Descartada"


@dataclass(frozen=True, kw_only=True)
class Subject:
    """Who is screened. `nationality` as the client wrote it; empty or None is not known, which proves nothing."""

    kind: EntryKind
    name: str
    surnames: str = ""
    document_type: DocumentType | None = None
    document_number: str = ""
    birth_date: date | None = None
    nationality: str = ""

    @property
    def fingerprint(self) -> str:
        """Changes when the client's identity does."""
        return digest(
            [
                self.kind,
                self.name,
                self.surnames,
                self.document_type,
                self.document_number,
                self.birth_date,
                self.nationality,
            ]
        )

    @property
    def dni(self) -> str:
        """The DNI that it shows: its own, or the one inside a person's RUC."""
        if self.document_type is DocumentType.DNI:
            return self.document_number
        ruc = self.document_type is DocumentType.RUC and self.document_number.startswith(RUC_OF_PERSON)
        return self.document_number[2:10] if ruc else ""


@dataclass(frozen=True, kw_only=True)
class Support:
    """Something besides the name that speaks for (positive points) or against."""

    what: str
    points: int


@dataclass(frozen=True, kw_only=True)
class Match:
    """An entry that may be the subject, with its score (0-100) and reasons. `likely` may stop an operation."""

    entry: Entry
    name: str
    score: int
    likely: bool
    by_document: bool
    comparison: Comparison
    support: tuple[Support, ...] = ()

    def finding(self) -> Finding:
        """As it is kept."""
        return Finding(
            list_code=self.entry.list_code,
            uid=self.entry.uid,
            fingerprint=self.entry.fingerprint,
            name=self.name,
            score=self.score,
            likely=self.likely,
            explanation=self.explanation(),
        )

    def explanation(self) -> dict[str, Any]:
        """For the officer, token by token."""
        return {
            "por": "documento" if self.by_document else "nombre",
            "nombre_en_lista": self.name,
            "palabras": [
                {"cliente": p.left, "lista": p.right, "parecido": p.likeness, "peso": p.weight, "motivo": p.why}
                for p in self.comparison.pairs
            ],
            "solo_cliente": list(self.comparison.left_only),
            "solo_lista": list(self.comparison.right_only),
            "observaciones": list(self.comparison.remarks),
            "apoyo": [{"dato": one.what, "puntos": one.points} for one in self.support],
        }


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A match as it is kept, of our lists or of an outside service: which entry, as it was, and why (0-100)."""

    list_code: ListCode
    uid: str
    fingerprint: str
    name: str
    score: int
    likely: bool
    explanation: Mapping[str, Any]


class Screener:
    """All lists in memory, ready to answer. Immutable once made: a new list is a new Screener."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        """Index names and documents. About a second for OFAC and the UN together."""
        self.entries = tuple(entries)
        self._documents: dict[str, list[int]] = {}
        self._indexes: dict[EntryKind, NameIndex] = {}
        self._owners: dict[EntryKind, list[tuple[int, int]]] = {}
        for kind in (EntryKind.PERSONA, EntryKind.ENTIDAD):
            self._index(kind)
        for place, entry in enumerate(self.entries):
            for document in entry.documents:
                for number in numbers(document):
                    self._documents.setdefault(number, []).append(place)

    def screen(self, subject: Subject) -> list[Match]:
        """What may be the subject, the best first; one match an entry."""
        best: dict[int, Match] = {}
        read = name(subject.name, surnames=subject.surnames, company=subject.kind is EntryKind.ENTIDAD)
        for match, place in [*self._by_document(subject, read), *self._by_name(subject, read)]:
            if place not in best or best[place].score < match.score:
                best[place] = match
        return sorted(best.values(), key=lambda match: (-match.score, match.entry.list_code, match.entry.uid))

    def _by_document(self, subject: Subject, read: Name) -> Iterable[tuple[Match, int]]:
        wanted = {plain_number(subject.document_number), subject.dni} - {""}
        for place in {place for number in wanted for place in self._documents.get(number, ())}:
            entry = self.entries[place]
            compared = [(compare(read, _read(entry, at)), one.text) for at, one in enumerate(entry.names)]
            best, text = max(compared, key=lambda pair: pair[0].score)
            score = _document_score(subject, entry, wanted, best.score)
            if score:
                same = Support(what="mismo número de documento", points=score - best.score)
                yield (
                    Match(
                        entry=entry,
                        name=text,
                        score=score,
                        likely=score >= LIKELY,
                        by_document=True,
                        comparison=best,
                        support=(same,),
                    ),
                    place,
                )

    def _by_name(self, subject: Subject, read: Name) -> Iterable[tuple[Match, int]]:
        index = self._indexes[subject.kind]
        for at in index.candidates(read):
            compared = compare(read, index.names[at], index.weight)
            if compared.score < THRESHOLD:
                continue
            place, which = self._owners[subject.kind][at]
            entry = self.entries[place]
            support = tuple(supports(subject, entry, entry.names[which].kind))
            score = max(_floor(compared, support), min(100, compared.score + sum(one.points for one in support)))
            if score >= THRESHOLD:
                yield (
                    Match(
                        entry=entry,
                        name=entry.names[which].text,
                        score=score,
                        likely=score >= LIKELY and _whole(compared) and all(one.points > WEAK_ALIAS for one in support),
                        by_document=False,
                        comparison=compared,
                        support=support,
                    ),
                    place,
                )

    def _index(self, kind: EntryKind) -> None:
        owners = [
            (place, at)
            for place, entry in enumerate(self.entries)
            if entry.kind is kind
            for at in range(len(entry.names))
        ]
        self._owners[kind] = owners
        self._indexes[kind] = NameIndex([_read(self.entries[place], at) for place, at in owners], least=THRESHOLD)


def numbers(document: ListedDocument) -> Iterable[str]:
    """The forms under which a client may show this document: a Peruvian identity number is also a DNI or a RUC."""
    number = plain_number(document.number)
    if len(number) >= MIN_NUMBER:
        yield number
    if document.peruvian:
        if "NATIONAL ID" in document.kind.upper() and len(number) == DNI_DIGITS + 1:
            yield number[:DNI_DIGITS]
        if len(number) == RUC_DIGITS and number.startswith(RUC_OF_PERSON):
            yield number[2:10]


def supports(subject: Subject, entry: Entry, kind: NameKind) -> Iterable[Support]:
    """What else is known of both, for or against; what is not known of one says nothing."""
    if kind is NameKind.DEBIL:
        yield Support(what="es un alias débil de la lista", points=WEAK_ALIAS)
    if subject.birth_date is not None and entry.births:
        yield _birth(subject.birth_date, entry.births)
    listed_dni = {form for one in entry.documents if one.peruvian for form in numbers(one) if len(form) == DNI_DIGITS}
    if subject.dni and listed_dni and subject.dni not in listed_dni:
        yield Support(what="la lista da otro DNI", points=OTHER_DOCUMENT)
    if subject.nationality and entry.nationalities:
        ours, theirs = _country(subject.nationality), {_country(one) for one in entry.nationalities}
        same = ours in theirs
        yield Support(
            what="misma nacionalidad" if same else "otra nacionalidad", points=SAME_COUNTRY if same else OTHER_COUNTRY
        )


def result(matches: Sequence[object], loaded: Iterable[ListCode]) -> CheckResult:
    """What the check says, given the lists that it could use and the hits that are not cleared."""
    have = frozenset(loaded)
    if matches:
        return CheckResult.COINCIDENCIA
    if not have:
        return CheckResult.SIN_REVISAR
    return CheckResult.LIMPIO if have >= REQUIRED else CheckResult.PARCIAL


def severity(list_code: ListCode, *, likely: bool) -> Severity:
    """How soon a person should look at a new hit: a likely sanction stops money, a PEP is only known better."""
    if list_code not in SANCTIONS:
        return Severity.BAJA
    return Severity.CRITICA if likely else Severity.MEDIA


def holds(list_code: ListCode, state: HitState, *, likely: bool) -> bool:
    """Whether a hit keeps the client's operations from going on: a confirmed sanction, or a likely one not yet seen."""
    return list_code in SANCTIONS and (state is HitState.CONFIRMADA or (state is HitState.NUEVA and likely))


def _read(entry: Entry, at: int) -> Name:
    one = entry.names[at]
    return name(one.text, surnames=one.surnames, company=entry.kind is not EntryKind.PERSONA)


def _document_score(subject: Subject, entry: Entry, wanted: set[str], alike: int) -> int:
    """100 for a Peruvian document, which is one person's. Other countries number theirs alike: the name must agree."""
    same = [one for one in entry.documents if wanted & set(numbers(one))]
    if any(one.peruvian and "PASSPORT" not in one.kind.upper() for one in same):
        return SAME_DOCUMENT
    passport = subject.document_type in {DocumentType.PASAPORTE, DocumentType.CE}
    unknown = any(not one.country for one in same)
    return max(DOCUMENT_AND_NAME, alike) if (passport or unknown) and alike >= SOME_LIKENESS else 0


def _birth(day: date, births: Sequence[Birth]) -> Support:
    if any(one.day == day for one in births):
        return Support(what="misma fecha de nacimiento", points=SAME_BIRTHDAY)
    near = any(one.first_year - YEARS_APART <= day.year <= one.last_year + YEARS_APART for one in births)
    if near:
        return Support(what="año de nacimiento cercano", points=SAME_YEAR)
    return Support(what="otra fecha de nacimiento", points=OTHER_BIRTH)


def _country(text: str) -> str:
    plain = text.strip().casefold()
    return "peru" if plain in PERU else plain


def _floor(compared: Comparison, support: Sequence[Support]) -> int:
    """That an alias is weak does not hide the very same name; only what is known of the person may."""
    contradicted = any(one.points < 0 and one.points != WEAK_ALIAS for one in support)
    return THRESHOLD if compared.same_words and not contradicted else 0


def _whole(compared: Comparison) -> bool:
    """Two words at least, and nothing of its own on both sides."""
    return len(compared.pairs) >= FEWEST_WORDS and not (compared.left_only and compared.right_only)
