"""The Libro de Reclamaciones: open to anybody, signed in or not (Ley 29571)."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, File, UploadFile
from starlette.requests import Request
from starlette.responses import Response

from api.auth import SignedClient, identity, public
from api.pages.refusals import problem_of
from api.portal import pages
from api.portal.errors import PortalRoute
from api.public.complaints import ComplaintForm, write_complaint
from api.services import Services, ServicesDep
from db import clients
from domain.clients import split_emails
from domain.errors import Invalid, Refused

router = APIRouter(route_class=PortalRoute)

FIELDS = (
    "tipoDocumento",
    "numeroDocumento",
    "nombres",
    "apellidos",
    "razonSocial",
    "personaContacto",
    "email",
    "telefono",
    "direccion",
    "tipoSolicitud",
    "detalle",
    "pedido",
)
MOST = 4000
_WHY = "Ley 29571: el libro está abierto a cualquiera; las hojas se cuentan por origen"


@router.get("/reclamaciones", dependencies=[public(_WHY)])
async def book(request: Request, services: ServicesDep) -> Response:
    """A sheet to fill in; who is signed in finds its own data written."""
    signed = await identity(request)
    typed = {**dict.fromkeys(FIELDS, ""), "tipoDocumento": "DNI", "tipoSolicitud": "Reclamo"}
    if isinstance(signed, SignedClient):
        typed |= await _own(services, signed)
    known: dict[str, Any] = {"typed": typed, "problem": None, "told": ""}
    return await pages.open_page(request, services, "complaints.html", **_with_token(request, signed), **known)


@router.post("/reclamaciones", dependencies=[public(_WHY)])
async def write(
    request: Request,
    services: ServicesDep,
    evidencia: Annotated[UploadFile | None, File()] = None,
) -> Response:
    """Write it; the number and the day of the answer stay on the page, and a copy goes by mail."""
    form = await request.form()
    typed = {name: str(form.get(name, ""))[:MOST].strip() for name in FIELDS}
    try:
        if form.get("declara") != "si":
            raise Invalid("NOT_DECLARED", "Marca que lo que escribes es verdad.", field="declara")
        done = await write_complaint(ComplaintForm(**typed), services, evidencia)
    except Refused as refused:
        problem = problem_of(request, refused)
        return _sheet(request, typed, problem)
    return _sheet(request, typed, None, told=done["message"])


def _sheet(request: Request, typed: dict[str, str], problem: dict[str, Any] | None, *, told: str = "") -> Response:
    status = int(problem["status"]) if problem else 200
    known: dict[str, Any] = {"typed": typed, "problem": problem, "told": told}
    return pages.fragment(request, None, "complaints.html", "main", status=status, **known)


def _with_token(request: Request, signed: object) -> dict[str, Any]:
    client = signed if isinstance(signed, SignedClient) else None
    everywhere = pages.everywhere(request, client)
    return {"signed": everywhere["signed"], "csrf": everywhere["csrf"]}


async def _own(services: Services, signed: SignedClient) -> dict[str, str]:
    async with services.sessions() as session:
        row = await clients.live(session, signed.id)
    good, _ = split_emails(row.email)
    return {
        "tipoDocumento": row.document_type.value,
        "numeroDocumento": row.document_number,
        "nombres": row.given_names,
        "apellidos": " ".join(part for part in (row.paternal_surname, row.maternal_surname) if part),
        "razonSocial": row.company_name,
        "personaContacto": row.contact_person,
        "email": good[0] if good else "",
        "telefono": row.phone,
        "direccion": row.address,
    }
