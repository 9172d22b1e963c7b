"""What stands on a restrictive list: entries with their names, documents and birth dates, each with a fingerprint."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from enum import StrEnum
from typing import Any


class ListCode(StrEnum):
    """The lists against which the house screens. The values are what the database and the pages show."""

    OFAC = "OFAC"
    ONU = "ONU"
    PEP = "PEP"
    INTERNA = "INTERNA"
    INSPEKTOR = "INSPEKTOR"


# A match here may stop an operation; a PEP is only looked at more closely.
SANCTIONS = frozenset({ListCode.OFAC, ListCode.ONU, ListCode.INTERNA, ListCode.INSPEKTOR})
# Without these two a client has not been wholly checked (F254).
REQUIRED = frozenset({ListCode.OFAC, ListCode.ONU})
# The incident of a list that could not be brought.
OUTDATED = "lista sin actualizar"
# A new version must keep this percent of the entries of the one in force.
LEAST_LEFT = 90
# Lists that the house keeps itself, from its own sheets.
OWN = frozenset({ListCode.PEP, ListCode.INTERNA})


class EntryKind(StrEnum):
    """What is listed. Clients are compared with persons and companies only."""

    PERSONA = "Persona"
    ENTIDAD = "Entidad"
    NAVE = "Nave"
    AERONAVE = "Aeronave"


class NameKind(StrEnum):
    """How sure the list is of a name. A weak alias is a nickname that many may bear."""

    PRINCIPAL = "principal"
    ALIAS = "alias"
    ANTERIOR = "anterior"
    DEBIL = "alias débil"


@dataclass(frozen=True, kw_only=True)
class ListedName:
    """One name of an entry. `surnames` when the list says which part they are."""

    text: str
    kind: NameKind = NameKind.PRINCIPAL
    surnames: str = ""


@dataclass(frozen=True, kw_only=True)
class ListedDocument:
    """A document of an entry; `number` in capitals without separators, `country` as the list writes it."""

    kind: str
    number: str
    country: str = ""

    @property
    def peruvian(self) -> bool:
        """Issued by Peru."""
        return self.country.strip().casefold() in {"peru", "perú"}


@dataclass(frozen=True, kw_only=True)
class Birth:
    """When a listed person was born: a day, or the years between which."""

    first_year: int
    last_year: int
    day: date | None = None


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One person, company, ship or aircraft of a list. `uid` is the list's own number for it."""

    list_code: ListCode
    uid: str
    kind: EntryKind
    names: tuple[ListedName, ...]
    documents: tuple[ListedDocument, ...] = ()
    births: tuple[Birth, ...] = ()
    nationalities: tuple[str, ...] = ()
    programs: str = ""
    remarks: str = ""

    @property
    def main_name(self) -> str:
        """As the list calls it first."""
        return self.names[0].text

    @property
    def fingerprint(self) -> str:
        """Changes when anything that identifies it does; a new remark does not reopen what was cleared."""
        identity = {"names": self.names, "documents": self.documents, "births": self.births, "kind": self.kind}
        return digest({key: _plain(value) for key, value in identity.items()})

    @property
    def digest(self) -> str:
        """Changes when anything of it does."""
        return digest([self.as_json(), str(self.kind), self.programs, self.remarks])

    def as_json(self) -> dict[str, Any]:
        """As it is stored."""
        return {
            "names": _plain(self.names),
            "documents": _plain(self.documents),
            "births": _plain(self.births),
            "nationalities": list(self.nationalities),
        }

    @classmethod
    def from_json(
        cls,
        list_code: ListCode,
        uid: str,
        kind: EntryKind,
        stored: Mapping[str, Any],
        *,
        programs: str = "",
        remarks: str = "",
    ) -> Entry:
        """What `as_json` wrote."""
        return cls(
            list_code=list_code,
            uid=uid,
            kind=kind,
            names=tuple(
                ListedName(text=one["text"], kind=NameKind(one["kind"]), surnames=one["surnames"])
                for one in stored["names"]
            ),
            documents=tuple(ListedDocument(**one) for one in stored["documents"]),
            births=tuple(_birth(one) for one in stored["births"]),
            nationalities=tuple(stored["nationalities"]),
            programs=programs,
            remarks=remarks,
        )


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """A whole list as it was published: what a download or a sheet gives. `published` is the list's own date."""

    list_code: ListCode
    entries: tuple[Entry, ...]
    checksum: str
    published: str = ""
    origin: str = ""

    @property
    def names(self) -> int:
        """Names and aliases of all entries."""
        return sum(len(entry.names) for entry in self.entries)

    @property
    def documents(self) -> int:
        """Documents of all entries."""
        return sum(len(entry.documents) for entry in self.entries)


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What is in force of a list, to compare a new version with. `published` is the list's own date, as text."""

    entries: int
    published: str = ""


@dataclass(frozen=True, kw_only=True)
class ListChange:
    """In what a snapshot differs from what is in force, by the entries' uids."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


def doubt(snapshot: Snapshot, standing: Standing | None) -> str:
    """Why a published list that could be read is still not believed; empty when it is.

    A list that loses a tenth of its entries overnight was cut on its way more often than it was amended, and one whose
    date goes back is an old copy. Own lists are the house's word: they may shrink.
    """
    uids = [entry.uid for entry in snapshot.entries]
    if len(set(uids)) != len(uids):
        return f"{snapshot.list_code}: hay entradas repetidas."
    if standing is None or snapshot.list_code in OWN:
        return ""
    if len(uids) * 100 < standing.entries * LEAST_LEFT:
        few = f"trae {len(uids)} entradas y la vigente tiene {standing.entries}"
        return f"{snapshot.list_code}: {few}. Puede estar cortada."
    if snapshot.published and snapshot.published < standing.published:
        return f"{snapshot.list_code}: es del {snapshot.published} y la vigente es del {standing.published}."
    return ""


def plain_number(text: str) -> str:
    """A document number without what people write between its characters."""
    return re.sub(r"[^0-9A-Z]", "", text.upper())


def digest(content: object) -> str:
    """A short stable fingerprint of plain data."""
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _birth(stored: Mapping[str, Any]) -> Birth:
    day = date.fromisoformat(stored["day"]) if stored["day"] else None
    return Birth(first_year=stored["first_year"], last_year=stored["last_year"], day=day)


def _plain(value: object) -> Any:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(one) for one in value]
    if isinstance(value, ListedName | ListedDocument | Birth):
        return {key: _plain(one) for key, one in asdict(value).items()}
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, StrEnum) else value
