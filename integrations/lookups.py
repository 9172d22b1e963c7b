"""Who holds a DNI or a RUC, asked of a provider that answers for RENIEC and SUNAT.

Protocol: `GET {base}/reniec/dni/{8 digits}` and `GET {base}/sunat/ruc/{11 digits}` with `Authorization: Bearer`, the
one that Inspektor documents; the field names that other Peruvian providers use for the same data are read as well.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import httpx

from domain.lookups import Company, Person, surnames
from integrations.connections import connections
from integrations.settings import LookupSettings

Json = dict[str, Any]
MAX_TEXT = 200
_NAMES = ("nombres", "nombre", "first_name")
_PATERNAL = ("apellido_paterno", "apellidoPaterno", "ap_paterno")
_MATERNAL = ("apellido_materno", "apellidoMaterno", "ap_materno")
_COMPANY = ("razon_social", "razonSocial", "nombre_o_razon_social")


class LookupDown(Exception):
    """No answer, a quota that is used up, or a key that the provider does not take: the person types its data."""


class Lookup:
    """The provider. One per process; close it with `aclose`."""

    def __init__(self, settings: LookupSettings) -> None:
        """Nothing is asked until the first call."""
        self._settings = settings
        self._http = connections(settings.api_url, timeout=settings.timeout)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def person(self, dni: str) -> Person | None:
        """Who holds the DNI; None when nobody does. Raises LookupDown."""
        found = await self._ask(f"reniec/dni/{dni}")
        given = _text(found, *_NAMES)
        if not given:
            return None
        paternal, maternal = _text(found, *_PATERNAL), _text(found, *_MATERNAL)
        if not paternal:
            paternal, maternal = surnames(_text(found, "apellidos"))
        return Person(given_names=given, paternal_surname=paternal, maternal_surname=maternal)

    async def company(self, ruc: str) -> Company | None:
        """The taxpayer of the RUC; None when there is none. Raises LookupDown."""
        found = await self._ask(f"sunat/ruc/{ruc}")
        name = _text(found, *_COMPANY)
        if not name:
            return None
        return Company(
            name=name,
            address=_text(found, "direccion", "direccion_completa"),
            department=_text(found, "departamento", "dep"),
            province=_text(found, "provincia", "prov"),
            district=_text(found, "distrito", "dist"),
            state=_text(found, "estado"),
            condition=_text(found, "condicion"),
        )

    async def _ask(self, path: str) -> Json:
        """The `data` of the answer; empty when the provider knows no such document."""
        if not self._settings.enabled:
            raise LookupDown("no provider is set")
        token = self._settings.token.get_secret_value()
        address = f"{self._settings.api_url.rstrip('/')}/{path}"
        try:
            answer = await self._http.get(address, headers={"Authorization": f"Bearer {token}"})
        except httpx.HTTPError as error:
            raise LookupDown(type(error).__name__) from error
        if answer.status_code == HTTPStatus.NOT_FOUND:
            return {}
        if answer.status_code != HTTPStatus.OK:
            raise LookupDown(f"status {answer.status_code}")
        return _data(answer)


def _data(answer: httpx.Response) -> Json:
    try:
        body = answer.json()
    except ValueError as error:
        raise LookupDown("no JSON") from error
    if not isinstance(body, dict):
        raise LookupDown("no object")
    if body.get("success") is False:
        return {}
    inner = body.get("data")
    return {**body, **inner} if isinstance(inner, dict) else body


def _text(found: Json, *names: str) -> str:
    """The first of these fields that holds a text, in one line."""
    given = (found.get(name) for name in names)
    texts = (" ".join(value.split())[:MAX_TEXT] for value in given if isinstance(value, str))
    return next((text for text in texts if text), "")
