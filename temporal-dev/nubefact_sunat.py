"""What SUNAT makes of a document or of a baja at the stand-in: silence first, then yes or no with its code and text."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

from standin import Fault, Json

LIMA = ZoneInfo("America/Lima")
ACCEPTED, REJECTED, PENDING = "accepted", "rejected", "pending"
REJECTION_CODE = "2800"
# Some that an exchange house may meet, in SUNAT's words.
REJECTIONS: Final = {
    "2800": "El dato ingresado en el tipo de documento de identidad del receptor no está permitido",
    "2017": "El número de documento de identidad del receptor debe ser RUC",
    "2119": "El documento modificado en la Nota de crédito no está registrado",
    "3277": "La sumatoria de valor de venta no coincide con los importes de los ítems",
    "2323": "Existe documento ya informado anteriormente en una comunicación de baja",
}


@dataclass(frozen=True)
class Word:
    """What SUNAT is made to say of one call; `outcome` empty is its usual answer."""

    outcome: str = ""
    code: str = REJECTION_CODE
    until: str | None = None


def word(fault: Fault | None) -> Word:
    """What an injected failure makes SUNAT say."""
    if fault is None:
        return Word()
    if fault.failure == "reject_sunat":
        return Word(REJECTED, fault.detail or REJECTION_CODE)
    if fault.failure == "later_sunat":
        return Word(PENDING, until=silence(fault.seconds))
    return Word(PENDING) if fault.failure == "pending_sunat" else Word()


class Verdict(BaseModel):
    """SUNAT answers now whatever is pending: everything, or only the documents named here."""

    model_config = ConfigDict(extra="forbid")

    outcome: Literal["accepted", "rejected"]
    about: Literal["document", "void"] = "document"
    code: str = REJECTION_CODE
    tipo_de_comprobante: int | None = None
    serie: str | None = None
    numero: int | None = Field(default=None, ge=1)

    def names(self, record: Json) -> bool:
        """Whether the document is among those it is about."""
        wanted = self.model_dump(include={"tipo_de_comprobante", "serie", "numero"}, exclude_none=True)
        return all(record[name] == value for name, value in wanted.items())


def silence(seconds: float | None, *, next_day: bool = False) -> str | None:
    """The instant until which SUNAT says nothing; None: until it is asked the first time."""
    now = datetime.now(UTC)
    if next_day:
        tomorrow = now.astimezone(LIMA).date() + timedelta(days=1)
        return datetime.combine(tomorrow, datetime.min.time(), LIMA).isoformat()
    return None if seconds is None else (now + timedelta(seconds=seconds)).isoformat()


def is_over(until: str | None) -> bool:
    """Whether SUNAT answers when it is asked now."""
    return until is None or datetime.now(UTC) >= datetime.fromisoformat(until)


def fields(outcome: str, subject: str, code: str) -> Json:
    """The provider's five fields about SUNAT; all null while it has not answered. `code` is that of a refusal."""
    code = code or REJECTION_CODE
    codes = {ACCEPTED: "0", REJECTED: code, PENDING: None}
    reason = REJECTIONS.get(code, "El documento no cumple una validación")
    texts = {ACCEPTED: f"{subject}, ha sido aceptada", REJECTED: f"{subject}, ha sido rechazada: {code} - {reason}"}
    return {
        "aceptada_por_sunat": outcome == ACCEPTED,
        "sunat_description": texts.get(outcome),
        "sunat_note": None,
        "sunat_responsecode": codes[outcome],
        "sunat_soap_error": "",
    }
