"""NubeFact's JSON API V1 (manual v2.9, 31-05-2023): issue a comprobante, consult it, void it, fetch its PDF.

One address for every operation; the body says which. Failures are classified by what the caller should do next.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from typing import Any, TypeVar

import httpx
from pydantic import ValidationError

from domain.invoices import InvoiceType
from integrations.connections import connections
from integrations.nubefact_messages import (
    Amended,
    Answer,
    Document,
    Json,
    VoidTicket,
    question,
    void_order,
    void_question,
)
from integrations.settings import NubefactSettings

__all__ = ["Amended", "Answer", "Document", "Json", "NubeFact", "VoidTicket"]

Said = TypeVar("Said", Answer, VoidTicket)

MIN_PDF, MAX_PDF = 1024, 5 * 1024 * 1024
PDF_TIMEOUT = 5.0
BOM, ZIPPED = b"\xef\xbb\xbf \r\n", b"PK\x03\x04"
XML_STARTS = (b"<?xml", ZIPPED)
SERVER_ERROR, TOO_MANY = 500, 429
NOT_DONE = 21
# The manual gives a series without authorisation no code of its own: it comes as a 21, told apart by its sentence.
NO_SERIES = re.compile(r"\bserie\b.*(autoriz|habilit|configur|registrad|no existe)", re.IGNORECASE | re.DOTALL)


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


class UnauthorisedSeries(Configuration):
    """Code 21 about the series: the panel has not opened it. Nothing was taken under it."""


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


class NubeFact:
    """The account of the house. One per process; close it with `aclose`."""

    def __init__(self, settings: NubefactSettings) -> None:
        """Nothing is sent until the first call."""
        self._settings = settings
        self._http = connections(settings.api_url, timeout=settings.timeout)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def issue(self, document: Document) -> Answer:
        """Send a comprobante or a nota de crédito. Raises one of the kinds of NubefactError."""
        return await self._ask(Answer, document.body())

    async def consult(self, kind: InvoiceType, series: str, number: int) -> Answer:
        """What NubeFact has under this number. Raises Unknown, Retryable or Configuration."""
        return await self._ask(Answer, question(kind, series, number))

    async def void(self, kind: InvoiceType, series: str, number: int, *, reason: str) -> VoidTicket:
        """Ask SUNAT to annul an accepted document, within 7 days of its emission.

        Raises Refused (21 not accepted yet or asked before, 22 too late), Unknown, Retryable (ask `query_void` before
        asking again) or Configuration.
        """
        return await self._ask(VoidTicket, void_order(kind, series, number, reason))

    async def query_void(self, kind: InvoiceType, series: str, number: int) -> VoidTicket:
        """What SUNAT has answered to a baja. Raises Unknown when none was asked for, Retryable or Configuration."""
        return await self._ask(VoidTicket, void_question(kind, series, number))

    async def pdf(self, address: str) -> bytes:
        """The printed comprobante. Raises Retryable when the link gives anything but a PDF (F095)."""
        answer = await self._opened(address, "PDF")
        content = answer.content
        if not answer.is_success or not content.startswith(b"%PDF") or not MIN_PDF < len(content) <= MAX_PDF:
            raise Retryable(f"El enlace del PDF respondió {answer.status_code} y no es un PDF.")
        return content

    async def xml(self, address: str) -> bytes:
        """The signed XML, or SUNAT's CDR, which may come zipped. Raises Retryable when the link gives neither."""
        answer = await self._opened(address, "XML")
        content = answer.content
        if not answer.is_success or not content.lstrip(BOM).startswith(XML_STARTS) or len(content) > MAX_PDF:
            raise Retryable(f"El enlace del XML respondió {answer.status_code} y no es un XML.")
        return content

    async def _opened(self, address: str, what: str) -> httpx.Response:
        try:
            async with asyncio.timeout(PDF_TIMEOUT):
                return await self._http.get(address, follow_redirects=True)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            raise Retryable(f"El {what} no se pudo descargar ({type(error).__name__}).") from error

    def kept(self, body: Mapping[str, Any]) -> Json:
        """A request or an answer as the house stores it: without the token."""
        token = self._settings.token.get_secret_value()
        text = json.dumps(body, ensure_ascii=False)
        masked: Json = json.loads(text.replace(token, "****") if token else text)
        return masked

    def kept_request(self, body: Mapping[str, Any]) -> Json:
        """A request with the header it carried, the token masked but for its end."""
        return {"authorization": f"****{self._settings.token.get_secret_value()[-4:]}", "body": self.kept(body)}

    async def _ask(self, expected: type[Said], body: Json) -> Said:
        said = await self._post(body)
        try:
            answer = expected.model_validate(said)
        except ValidationError as error:
            raise Retryable("NubeFact respondió algo que no es lo que se le pidió.", answer=self.kept(said)) from error
        return answer.model_copy(update={"kept": self.kept(said)})

    async def _post(self, body: Json) -> Json:
        self._demand_settings()
        headers = {"Authorization": self._settings.token.get_secret_value(), "Content-Type": "application/json"}
        try:
            async with asyncio.timeout(self._settings.timeout):
                answer = await self._http.post(self._settings.api_url, json=body, headers=headers)
        except (httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
            raise Configuration("NUBEFACT_API_URL no es una dirección válida.") from error
        except (httpx.HTTPError, TimeoutError) as error:
            raise Retryable(f"NubeFact no respondió ({type(error).__name__}).") from error
        return self._read(answer)

    def _demand_settings(self) -> None:
        if not self._settings.enabled or not self._settings.api_url:
            raise Configuration("La facturación electrónica está apagada: revisa NUBEFACT_ENABLED y NUBEFACT_API_URL.")
        if not self._settings.token.get_secret_value():
            raise Configuration("Falta NUBEFACT_TOKEN: cópialo del panel de NubeFact, opción API (Integración).")

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
    digits, words = str(said.get("codigo") or ""), str(said.get("errors") or "Sin detalle")
    code = int(digits) if digits.isdecimal() else None
    kind = _BY_CODE.get(code) if code is not None else None
    if kind is None:
        kind = Retryable if status >= SERVER_ERROR or status == TOO_MANY else Refused
    if code == NOT_DONE and NO_SERIES.search(words):
        kind = UnauthorisedSeries
    return kind(words, code=code, answer=said)
