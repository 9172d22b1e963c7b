"""Clients: identity documents, contact data, KYC papers and passwords, as they are read from people."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from stdnum.pe import ruc

from domain.errors import Invalid

MIN_PASSWORD = 8
# argon2 hashes any length, so a limit keeps a megabyte of "password" from becoming work.
MAX_PASSWORD = 128
MAX_EMAIL = 250  # NubeFact, manual JSON v2.9: cliente_email takes 250 characters


class DocumentType(StrEnum):
    """Peruvian identity documents that the house accepts."""

    DNI = "DNI"
    CE = "CE"
    RUC = "RUC"
    PASAPORTE = "Pasaporte"


class ClientStatus(StrEnum):
    """Whether the client may operate. New clients are Inactivo until their KYC is approved (F134, F135)."""

    ACTIVO = "Activo"
    INACTIVO = "Inactivo"
    BLOQUEADO = "Bloqueado"


class KycStatus(StrEnum):
    """How far the review of the client's papers has gone."""

    PENDIENTE = "pendiente"
    EN_PROCESO = "en_proceso"
    APROBADO = "aprobado"
    RECHAZADO = "rechazado"


class DocumentKind(StrEnum):
    """A paper that a client sends for its KYC."""

    DNI_FRONT = "dni_front"
    DNI_BACK = "dni_back"
    RUC_FICHA = "ruc_ficha"


class PaperStatus(StrEnum):
    """What a person of the house has said of a paper. An observed one is asked for again, with a reason."""

    POR_REVISAR = "por_revisar"
    ACEPTADO = "aceptado"
    OBSERVADO = "observado"


DOCUMENT_WORDS = {
    DocumentKind.DNI_FRONT: "el frente de tu documento",
    DocumentKind.DNI_BACK: "el reverso de tu documento",
    DocumentKind.RUC_FICHA: "la ficha RUC",
}

# F140, F141: one list for every channel, by type of document. A passport has a single page to show.
REQUIRED_DOCUMENTS: dict[DocumentType, tuple[DocumentKind, ...]] = {
    DocumentType.DNI: (DocumentKind.DNI_FRONT, DocumentKind.DNI_BACK),
    DocumentType.CE: (DocumentKind.DNI_FRONT, DocumentKind.DNI_BACK),
    DocumentType.RUC: (DocumentKind.RUC_FICHA,),
    DocumentType.PASAPORTE: (DocumentKind.DNI_FRONT,),
}

# 10 a person with business, 20 a company, 15 and 17 other persons, 16 legacy: what SUNAT has given out.
RUC_PREFIXES = ("10", "15", "16", "17", "20")

_FORMATS: dict[DocumentType, tuple[re.Pattern[str], str]] = {
    DocumentType.DNI: (re.compile(r"[0-9]{8}"), "El DNI tiene 8 dígitos."),
    DocumentType.CE: (re.compile(r"[A-Z0-9]{9,12}"), "El carné de extranjería tiene de 9 a 12 letras o números."),
    DocumentType.RUC: (re.compile(r"[0-9]{11}"), "El RUC tiene 11 dígitos."),
    DocumentType.PASAPORTE: (re.compile(r"[A-Z0-9]{5,12}"), "El pasaporte tiene de 5 a 12 letras o números."),
}

_EMAIL = re.compile(
    r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]",
    re.IGNORECASE,
)

_MOBILE = re.compile(r"(?:(?:\+|00)?51)?(9[0-9]{8})")
_LIMA_LANDLINE = re.compile(r"(?:(?:\+|00)?51)?(?:0?1)?([2-7][0-9]{6})")
_PROVINCE_LANDLINE = re.compile(r"(?:(?:\+|00)?51)?0?([4-8][1-7][0-9]{6})")
_FOREIGN = re.compile(r"(?:\+|00)(?!51)([1-9][0-9]{7,14})")


def document_type(text: str, *, field: str = "document_type") -> DocumentType:
    """Read a type of document in any case (`dni`, `PASAPORTE`). Raises Invalid."""
    for kind in DocumentType:
        if kind.casefold() == text.strip().casefold():
            return kind
    raise Invalid("DOCUMENT_TYPE_UNKNOWN", f"Elige un tipo de documento: {', '.join(DocumentType)}.", field=field)


def document_number(kind: DocumentType, text: str, *, field: str = "document_number") -> str:
    """The number as it is stored: capitals, without spaces, dots or hyphens; leading zeros are real.

    Raises Invalid. The check digit of the RUC is SUNAT's (modulo 11), computed by python-stdnum.
    """
    number = re.sub(r"[\s.\-]", "", text).upper()
    pattern, advice = _FORMATS[kind]
    if not pattern.fullmatch(number):
        raise Invalid("DOCUMENT_FORMAT", advice, field=field)
    if kind is DocumentType.RUC and not _ruc_is_real(number):
        raise Invalid("DOCUMENT_CHECK_DIGIT", "Ese RUC no existe. Revisa los dígitos.", field=field)
    return number


def masked(document: str) -> str:
    """The document for mails and messages: only its last three characters (F114, F137)."""
    return "*" * max(len(document) - 3, 0) + document[-3:]


def missing_documents(kind: DocumentType, sent: Iterable[str]) -> tuple[DocumentKind, ...]:
    """What the client still has to send before its KYC can be approved (F140)."""
    have = set(sent)
    return tuple(paper for paper in REQUIRED_DOCUMENTS[kind] if paper not in have)


@dataclass(frozen=True, kw_only=True)
class Papers:
    """How far a client's documents are: by kind, what must be sent (or sent again) and what waits for review."""

    missing: tuple[DocumentKind, ...]
    to_review: tuple[DocumentKind, ...]

    @property
    def accepted(self) -> bool:
        """Everything that is required has been accepted."""
        return not self.missing and not self.to_review

    @property
    def sent(self) -> bool:
        """Nothing is left for the client to send."""
        return not self.missing


def papers_of(kind: DocumentType, newest: Mapping[str, PaperStatus]) -> Papers:
    """`newest` tells the status of the newest paper of each kind; an observed one is missing again."""
    observed = {name for name, status in newest.items() if status is PaperStatus.OBSERVADO}
    return Papers(
        missing=missing_documents(kind, set(newest) - observed),
        to_review=tuple(paper for paper in REQUIRED_DOCUMENTS[kind] if newest.get(paper) is PaperStatus.POR_REVISAR),
    )


def split_emails(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The good and the bad addresses of a `;`-separated text, without repeats of any case (F104, F113).

    For senders: a bad one is reported and does not silence the others.
    """
    unique: dict[str, str] = {}
    for part in re.split(r"[;,]", text):
        if part.strip():
            unique.setdefault(part.strip().casefold(), part.strip())
    good = tuple(part for part in unique.values() if _is_email(part))
    return good, tuple(part for part in unique.values() if not _is_email(part))


def emails(text: str, *, field: str = "email") -> tuple[str, ...]:
    """The addresses of a client, for storing. One treasurer may serve several companies (F114). Raises Invalid."""
    good, bad = split_emails(text)
    if bad or not good:
        raise Invalid(
            "EMAIL_FORMAT", "Escribe un correo válido. Si son varios, sepáralos con punto y coma.", field=field
        )
    return good


def phone(text: str, *, field: str = "phone") -> str:
    """A telephone in E.164: `987 654 321` is `+51987654321`, a Lima landline `444-1234` is `+5114441234`.

    Foreign numbers need their `+` and country code. Raises Invalid.
    """
    number = re.sub(r"[\s.\-()]", "", text)
    if match := _MOBILE.fullmatch(number):
        return f"+51{match[1]}"
    if match := _LIMA_LANDLINE.fullmatch(number):
        return f"+511{match[1]}"
    if match := _PROVINCE_LANDLINE.fullmatch(number):
        return f"+51{match[1]}"
    if match := _FOREIGN.fullmatch(number):
        return f"+{match[1]}"
    raise Invalid("PHONE_FORMAT", "Escribe un celular de 9 dígitos que empiece con 9, o un fijo.", field=field)


def check_password(text: str, *, document: str = "", field: str = "password") -> None:
    """Raises Invalid for a password that is too short, too long, or the client's own document (F162)."""
    if len(text) < MIN_PASSWORD:
        raise Invalid("PASSWORD_SHORT", f"La contraseña debe tener al menos {MIN_PASSWORD} caracteres.", field=field)
    if len(text) > MAX_PASSWORD:
        raise Invalid("PASSWORD_LONG", f"La contraseña puede tener hasta {MAX_PASSWORD} caracteres.", field=field)
    if document and text.strip().upper() == document.upper():
        raise Invalid("PASSWORD_IS_DOCUMENT", "Tu contraseña no puede ser tu número de documento.", field=field)


_NAME = re.compile(r"[^\W\d_]+(?:[ '’.\-]+[^\W\d_]+)*\.?")


def person_name(text: str, *, field: str, what: str) -> str:
    """A person's name in capitals; letters of any alphabet with what names have between them. Raises Invalid."""
    given = " ".join(text.split())
    if not given:
        raise Invalid("NAME_MISSING", f"Escribe {what}.", field=field)
    if not _NAME.fullmatch(given):
        raise Invalid("NAME_FORMAT", f"Escribe {what} solo con letras.", field=field)
    return given.upper()


def company_name(text: str, *, field: str) -> str:
    """A company's name in capitals; digits and signs are part of many. Raises Invalid."""
    given = " ".join(text.split())
    if not any(letter.isalpha() for letter in given):
        raise Invalid("NAME_MISSING", "Escribe la razón social.", field=field)
    return given.upper()


def _ruc_is_real(number: str) -> bool:
    return number.startswith(RUC_PREFIXES) and ruc.calc_check_digit(number[:-1]) == number[-1]


def _is_email(text: str) -> bool:
    return len(text) <= MAX_EMAIL and _EMAIL.fullmatch(text) is not None
