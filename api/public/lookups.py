"""Names by DNI and by RUC, to spare people the typing at sign-up (contract #9, #10, M7)."""

from __future__ import annotations

import logging
from typing import Annotated

from fastapi import APIRouter, Query, Request

from api.auth import public
from api.public.identity import Json
from api.services import ServicesDep
from domain.clients import DocumentType, document_number
from domain.errors import Missing, Unavailable
from integrations.lookups import LookupDown

log = logging.getLogger(__name__)
router = APIRouter(tags=["Contrato: registro"])

Number = Annotated[str, Query(max_length=20, examples=["40000010"])]


@router.get("/api/web/dni-lookup", dependencies=[public("se llena el registro con RENIEC; se cuenta por origen")])
async def dni_lookup(request: Request, services: ServicesDep, numero: Number) -> Json:
    """The names of a DNI's holder. 404 when there is none, 503 when nobody answers: both say to type them.

    Counted by address in its own limit: it shows a name for a number, so it must not be walked.
    """
    number = document_number(DocumentType.DNI, numero, field="numero")
    await services.allowances.lookup(request)
    try:
        person = await services.lookup.person(number)
    except LookupDown as error:
        raise _by_hand(error) from error
    if person is None:
        raise Missing(
            "DOCUMENT_UNKNOWN", "No encontramos ese DNI. Revísalo o escribe tus datos a mano.", field="numero"
        )
    return {
        "success": True,
        "nombres": person.given_names,
        "apellido_paterno": person.paternal_surname,
        "apellido_materno": person.maternal_surname,
    }


@router.get("/api/web/ruc-lookup", dependencies=[public("se llena el registro con SUNAT; se cuenta por origen")])
async def ruc_lookup(request: Request, services: ServicesDep, numero: Number) -> Json:
    """The company of a RUC, with SUNAT's own words for its state and condition. Refused as the DNI is."""
    number = document_number(DocumentType.RUC, numero, field="numero")
    await services.allowances.lookup(request)
    try:
        company = await services.lookup.company(number)
    except LookupDown as error:
        raise _by_hand(error) from error
    if company is None:
        raise Missing(
            "DOCUMENT_UNKNOWN", "No encontramos ese RUC. Revísalo o escribe tus datos a mano.", field="numero"
        )
    return {
        "success": True,
        "razon_social": company.name,
        "direccion": company.address,
        "departamento": company.department,
        "provincia": company.province,
        "distrito": company.district,
        "estado": company.state,
        "condicion": company.condition,
    }


def _by_hand(error: LookupDown) -> Unavailable:
    """What the person reads; the log gets why, and never the number."""
    log.warning("consulta de documento sin respuesta: %s", error)
    return Unavailable("LOOKUP_DOWN", "No pudimos consultar ese documento ahora. Escribe tus datos a mano.")
