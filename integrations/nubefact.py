"""NubeFact's JSON API V1 (manual v2.9, 31-05-2023): issue a comprobante, consult one, fetch its PDF.

One address for every operation; the body says which. Failures are classified by what the caller should do next.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

import httpx
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from domain.invoices import IGV_PERCENT, InvoiceType, Treatment, totals
from integrations.loopback import is_loopback
from integrations.settings import NubefactSettings

Json = dict[str, Any]

MAX_NAME = MAX_ADDRESS = 100
MIN_PDF, MAX_PDF = 1024, 5 * 1024 * 1024
PDF_TIMEOUT = 5.0
SERVER_ERROR, TOO_MANY = 500, 429
# Position of each fact in `cadena_para_codigo_qr`: RUC | type | series | number | IGV | total | date | doc type | doc |
QR_TOTAL, QR_DOCUMENT = 5, 8


class NubefactError(Exception):
    """NubeFact did not take, or did not find. `answer` is what it said, ready to keep."""

    def __init__(self, message: str, *, code: int | None = None, answer: Json | None = None) -> None:
        """`code` is the manual's `codigo`; None when the answer was none of the manual's."""
        super().__init__(message)
        self.code = code
        self.answer = answer or {"errors": message, "codigo": code}


class Retryable(NubefactError):
    """No answer, or one that means nothing: the document may or may not be there. Consult, then try again."""


class Duplicate(NubefactError):
    """Code 23: this number (or this codigo_unico) is already there."""


class Unknown(NubefactError):
    """Code 24: NubeFact has no such document."""


class Refused(NubefactError):
    """Codes 20, 21, 22: wrong format, wrong content, out of term. The same document would be refused again."""


class Configuration(NubefactError):
    """Codes 10, 11, 12, 50, 51: token, address or account. A person of the house has to mend it."""


_BY_CODE: dict[int, type[NubefactError]] = {
    10: Configuration,
    11: Configuration,
    12: Configuration,
    20: Refused,
    21: Refused,
    22: Refused,
    23: Duplicate,
    24: Unknown,
    40: Retryable,
    50: Configuration,
    51: Configuration,
}


@dataclass(frozen=True, kw_only=True)
class Document:
    """A comprobante of one line. `total_pen` is in PEN, IGV included; `document_code` is NubeFact's own."""

    type: InvoiceType
    series: str
    number: int
    issued_on: date
    document_code: str
    document_number: str
    name: str
    address: str
    email: str
    total_pen: Decimal
    treatment: Treatment
    description: str
    unique_code: str
    notes: str

    def body(self) -> Json:
        """The request, as the provider's sample of an inafecta boleta: money as text with a point and two decimals."""
        sums = totals(self.treatment, self.total_pen)
        return {
            "operacion": "generar_comprobante",
            **_named(self.type, self.series, self.number),
            "sunat_transaction": 1,
            "cliente_tipo_de_documento": self.document_code,
            "cliente_numero_de_documento": self.document_number,
            "cliente_denominacion": self.name[:MAX_NAME],
            "cliente_direccion": self.address[:MAX_ADDRESS] or "-",
            "cliente_email": self.email,
            "fecha_de_emision": f"{self.issued_on:%d-%m-%Y}",
            "moneda": 1,
            "porcentaje_de_igv": _figure(IGV_PERCENT),
            "total_gravada": _figure(sums.gravada),
            "total_inafecta": _figure(sums.inafecta),
            "total_exonerada": _figure(sums.exonerada),
            "total_igv": _figure(sums.igv),
            "total": _figure(sums.total),
            "detraccion": False,
            "observaciones": self.notes,
            "enviar_automaticamente_a_la_sunat": True,
            "enviar_automaticamente_al_cliente": False,
            "codigo_unico": self.unique_code,
            "formato_de_pdf": "A4",
            "items": [self._line()],
        }

    def _line(self) -> Json:
        sums = totals(self.treatment, self.total_pen)
        return {
            "unidad_de_medida": "ZZ",
            "codigo": "001",
            "descripcion": self.description,
            "cantidad": "1",
            "valor_unitario": _figure(sums.base),
            "precio_unitario": _figure(sums.total),
            "subtotal": _figure(sums.base),
            "tipo_de_igv": self.treatment.nubefact,
            "igv": _figure(sums.igv),
            "total": _figure(sums.total),
            "anticipo_regularizacion": False,
        }


class Answer(BaseModel):
    """What NubeFact has of a document, and what SUNAT has said of it so far."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    serie: str
    numero: int
    aceptada_por_sunat: bool
    sunat_responsecode: str | None = None
    sunat_description: str | None = None
    enlace_del_pdf: str | None = None
    enlace_del_xml: str | None = None
    enlace_del_cdr: str | None = None
    codigo_hash: str | None = None
    cadena_para_codigo_qr: str | None = None
    anulado: bool = False
    kept: Json = Field(default_factory=dict)

    @property
    def rejected(self) -> bool:
        """SUNAT has answered, and said no."""
        return not self.aceptada_por_sunat and self.sunat_responsecode not in {None, "", "0"}

    def belongs_to_other(self, document: Document) -> bool:
        """The number is taken by a comprobante of someone else, by other means (F089); only when it is certain."""
        parts = [part.strip() for part in (self.cadena_para_codigo_qr or "").split("|")]
        if len(parts) <= QR_DOCUMENT or not parts[QR_DOCUMENT]:
            return False
        try:
            total = Decimal(parts[QR_TOTAL].replace(",", ""))
        except InvalidOperation:
            return False
        return total != document.total_pen or parts[QR_DOCUMENT] != document.document_number


class NubeFact:
    """The account of the house. One per process; close it with `aclose`."""

    def __init__(self, settings: NubefactSettings) -> None:
        """Nothing is sent until the first call."""
        self._settings = settings
        self._http = httpx.AsyncClient(trust_env=not is_loopback(settings.api_url), timeout=settings.timeout)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def issue(self, document: Document) -> Answer:
        """Send a comprobante. Raises one of the five kinds of NubefactError."""
        return await self._document(document.body())

    async def consult(self, kind: InvoiceType, series: str, number: int) -> Answer:
        """What NubeFact has under this number. Raises Unknown, Retryable or Configuration."""
        return await self._document({"operacion": "consultar_comprobante", **_named(kind, series, number)})

    async def pdf(self, address: str) -> bytes:
        """The printed comprobante. Raises Retryable when the link gives anything but a PDF (F095)."""
        try:
            async with asyncio.timeout(PDF_TIMEOUT):
                answer = await self._http.get(address, follow_redirects=True)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            raise Retryable(f"El PDF no se pudo descargar ({type(error).__name__}).") from error
        content = answer.content
        if not answer.is_success or not content.startswith(b"%PDF") or not MIN_PDF < len(content) <= MAX_PDF:
            raise Retryable(f"El enlace del PDF respondió {answer.status_code} y no es un PDF.")
        return content

    def kept(self, body: Mapping[str, Any]) -> Json:
        """A request or an answer as the house stores it: without the token."""
        token = self._settings.token.get_secret_value()
        text = json.dumps(body, ensure_ascii=False)
        masked: Json = json.loads(text.replace(token, "****") if token else text)
        return masked

    def kept_request(self, body: Mapping[str, Any]) -> Json:
        """A request with the header it carried, the token masked but for its end."""
        return {"authorization": f"****{self._settings.token.get_secret_value()[-4:]}", "body": self.kept(body)}

    async def _document(self, body: Json) -> Answer:
        said = await self._post(body)
        try:
            answer = Answer.model_validate(said)
        except ValidationError as error:
            raise Retryable("NubeFact respondió algo que no es un comprobante.", answer=self.kept(said)) from error
        return answer.model_copy(update={"kept": self.kept(said)})

    async def _post(self, body: Json) -> Json:
        if not self._settings.enabled or not self._settings.api_url:
            raise Configuration("La facturación electrónica está apagada: revisa NUBEFACT_ENABLED y NUBEFACT_API_URL.")
        headers = {"Authorization": self._settings.token.get_secret_value(), "Content-Type": "application/json"}
        try:
            async with asyncio.timeout(self._settings.timeout):
                answer = await self._http.post(self._settings.api_url, json=body, headers=headers)
        except (httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
            raise Configuration("NUBEFACT_API_URL no es una dirección válida.") from error
        except (httpx.HTTPError, TimeoutError) as error:
            raise Retryable(f"NubeFact no respondió ({type(error).__name__}).") from error
        return self._read(answer)

    def _read(self, answer: httpx.Response) -> Json:
        try:
            said = answer.json()
        except ValueError:
            said = None
        if not isinstance(said, dict):
            raise _unreadable(answer)
        if "codigo" in said or "errors" in said:
            raise _classified(answer.status_code, self.kept(said))
        if not answer.is_success:
            raise _unreadable(answer)
        return said


def _unreadable(answer: httpx.Response) -> NubefactError:
    """An answer that is not the manual's JSON: a gateway's page, or a body cut short."""
    kept = {"status": answer.status_code, "content_type": answer.headers.get("content-type", "")}
    if answer.status_code in {401, 403, 404}:
        return Configuration(f"NubeFact respondió {answer.status_code}: revisa NUBEFACT_API_URL.", answer=kept)
    return Retryable(f"NubeFact respondió {answer.status_code} sin un JSON completo.", answer=kept)


def _classified(status: int, said: Json) -> NubefactError:
    digits = str(said.get("codigo") or "")
    code = int(digits) if digits.isdigit() else None
    kind = _BY_CODE.get(code) if code is not None else None
    if kind is None:
        kind = Retryable if status >= SERVER_ERROR or status == TOO_MANY else Refused
    return kind(str(said.get("errors") or "Sin detalle"), code=code, answer=said)


def _named(kind: InvoiceType, series: str, number: int) -> Json:
    return {"tipo_de_comprobante": kind.nubefact, "serie": series, "numero": number}


def _figure(value: Decimal) -> str:
    """`3700.00`: a point for decimals and no thousands separator (manual, 1.2)."""
    return f"{value:.2f}"
