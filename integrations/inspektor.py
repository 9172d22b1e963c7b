"""Inspektor (Datalaft): an outside service that looks a person up in many lists, beside the house's own screening.

Two generations of its REST interface are in use; which one is a setting, and so are the codes of document types, which
the vendor numbers by country. The priority of a coincidence says how it matched, not how grave it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import httpx

from domain.lists import ListCode, digest, plain_number
from domain.screening import Finding, Subject
from integrations.connections import connections
from integrations.settings import InspektorSettings

UNAUTHORISED = 401
# How a coincidence of each priority matched, what it is worth (0-100), and whether it is taken for the same person.
PRIORITIES: Mapping[str, tuple[str, int, bool]] = {
    "1": ("nombre y documento", 100, True),
    "2": ("documento", 95, True),
    "3": ("nombre completo", 85, False),
    "4": ("parte del nombre", 72, False),
}
PARTS = ("listas", "listas_propias")
TOLD = (
    *("nombregrupolista", "nombretipolista", "nombrecompleto", "documentoidentidad", "peps", "delito"),
    *("fuenteconsulta", "zona", "fechaactualizacion", "alias", "link", "estado", "resumen", "entidad"),
)
Json = Mapping[str, Any]


class Generation(StrEnum):
    """Which REST interface the house's account has."""

    A = "A"
    B = "B"


class InspektorFailed(Exception):
    """It did not answer, or refused. The message is for a person and names nobody; it is asked again later."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What it said: under which number of its own, and each coincidence."""

    number: str
    findings: Sequence[Finding]


class Inspektor:
    """The house's account. One per process; close it with `aclose`."""

    def __init__(self, settings: InspektorSettings) -> None:
        """Nothing is sent until the first call."""
        self._settings = settings
        self._http = connections(settings.url, timeout=settings.timeout)
        self._token = ""

    @property
    def enabled(self) -> bool:
        """The house has an account."""
        return bool(self._settings.url)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def consult(self, subject: Subject) -> Answer:
        """Everything that it knows of a person or company. Raises InspektorFailed."""
        said = _lower(await self._ask(self._question(subject)))
        try:
            found = [_finding(_lower(item)) for part in PARTS for item in said.get(part) or () if item]
        except (TypeError, AttributeError) as error:
            raise InspektorFailed("Inspektor respondió con coincidencias que no se entienden.") from error
        findings = {finding.uid: finding for finding in found}
        return Answer(number=str(said.get("numconsulta") or ""), findings=tuple(findings.values()))

    def _question(self, subject: Subject) -> Json:
        settings = self._settings
        known = {
            "Nombre": subject.name,
            "Identificacion": plain_number(subject.document_number),
            "TipoDocumento": settings.document_types.get(subject.document_type or "", 0),
            "TienePrioridad_4": settings.partial,
        }
        if settings.generation == Generation.B:
            return {**known, "CantidadPalabras": settings.words}
        small = {f"{key[0].lower()}{key[1:]}": value for key, value in known.items()}
        # Colombian courts: they know nobody of Peru.
        courts = dict.fromkeys(("procuraduria", "ramaJudicial", "ramaJEPMS"), False)
        return {**small, "cantidadPalabras": str(settings.words), **courts}

    async def _ask(self, question: Json) -> Json:
        """With the token that it gave; once more with a new one when that has expired."""
        path = "ConsultaPrincipal" if self._settings.generation == Generation.A else "IndivdualQuery/query"
        for attempt in (1, 2):
            headers = {"Authorization": f"Bearer {self._token or await self._login()}"}
            answer = await self._post(path, question, headers=headers)
            if answer.status_code != UNAUTHORISED:
                return _read(answer)
            self._token = ""
            if attempt == 2:  # noqa: PLR2004 - the second refusal is of the account
                break
        raise InspektorFailed("Inspektor no acepta a la casa: revisa INSPEKTOR_USER e INSPEKTOR_PASSWORD.")

    async def _login(self) -> str:
        path = "Auth/login" if self._settings.generation == Generation.A else "auth/login/external"
        secret = {"user": self._settings.user, "password": self._settings.password.get_secret_value()}
        answer = await self._post(path, secret)
        if answer.status_code in {400, UNAUTHORISED}:
            raise InspektorFailed("Inspektor no acepta a la casa: revisa INSPEKTOR_USER e INSPEKTOR_PASSWORD.")
        token = _read(answer).get("token")
        self._token = str(token.get("access_token") if isinstance(token, dict) else token or "")
        if not self._token:
            raise InspektorFailed("Inspektor respondió al ingreso sin una llave.")
        return self._token

    async def _post(self, path: str, body: Json, *, headers: Mapping[str, str] | None = None) -> httpx.Response:
        try:
            return await self._http.post(f"{self._settings.url}/{path}", json=body, headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise InspektorFailed(f"Inspektor no respondió ({type(error).__name__}).") from error


def _read(answer: httpx.Response) -> Json:
    try:
        said = answer.json()
    except ValueError:
        said = None
    if not answer.is_success or not isinstance(said, dict):
        raise InspektorFailed(f"Inspektor respondió {answer.status_code} sin lo que se le pidió.")
    return said


def _lower(item: Json) -> Json:
    """Both capitalisations of a key occur, even in one answer."""
    return {str(key).lower(): value for key, value in item.items()}


def _finding(item: Json) -> Finding:
    told = {key: str(item[key]) for key in TOLD if item.get(key)}
    priority = str(item.get("prioridad") or "3")
    how, score, likely = PRIORITIES.get(priority, PRIORITIES["3"])
    # Somebody politically exposed is known better, not stopped.
    exposed = bool(told.get("peps")) or "pep" in told.get("nombretipolista", "").casefold().split()
    which = [told.get(key, "") for key in ("nombregrupolista", "nombretipolista", "nombrecompleto")]
    return Finding(
        list_code=ListCode.INSPEKTOR,
        uid=digest([*which, told.get("documentoidentidad", "")])[:16],
        fingerprint=digest([told, priority]),
        name=told.get("nombrecompleto", ""),
        score=score,
        likely=likely and not exposed,
        explanation={"por": how, "prioridad": priority, "dato": told},
    )
