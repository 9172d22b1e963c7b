"""The Libro de Reclamaciones: what a person writes in it, and by when the house must answer.

Sources: Ley 29571 (Código de Protección y Defensa del Consumidor), DS 011-2011-PCM and DS 101-2022-PCM: 15 business
days, not extendable; a copy for the consumer; also for virtual establishments.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from domain.calendar import add_business_days
from domain.errors import Invalid


class ComplaintKind(StrEnum):
    """A Reclamo is about the service; a Queja about how the person was attended."""

    RECLAMO = "Reclamo"
    QUEJA = "Queja"


class ComplaintStatus(StrEnum):
    """Where a sheet of the book is."""

    RECIBIDO = "Recibido"
    EN_REVISION = "En revisión"
    RESPONDIDO = "Respondido"


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """One sheet as it was written, already read: `evidence` is a stored file's key, or empty."""

    document_type: str
    document_number: str
    names: str
    surnames: str
    company_name: str
    contact_person: str
    email: str
    phone: str
    address: str
    kind: ComplaintKind
    detail: str
    request: str = ""
    evidence_key: str = ""
    evidence_type: str = ""


def complaint_kind(text: str, *, field: str = "tipoSolicitud") -> ComplaintKind:
    """Read `Reclamo` or `Queja` in any case. Raises Invalid."""
    for kind in ComplaintKind:
        if text.strip().casefold() == kind.casefold():
            return kind
    raise Invalid("COMPLAINT_KIND", "Elige si es un reclamo o una queja.", field=field)


def due_on(received: date, business_days: int) -> date:
    """The last Lima day to answer."""
    return add_business_days(received, business_days)


def code(year: int, number: int) -> str:
    """`2026-000012`: the number restarts each year, as in a paper book."""
    return f"{year}-{number:06d}"
