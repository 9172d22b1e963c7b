"""The Libro de Reclamaciones of the web (contract #14): anybody may write in it, and gets a copy by mail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, File, Form, UploadFile

from api import onboarding
from api.auth import public
from api.complaints import start_of
from api.files import store
from api.public.identity import Json
from api.services import ServicesDep
from db import complaints
from domain import clients as rules
from domain.complaints import Sheet, code, complaint_kind
from domain.errors import Invalid

router = APIRouter(tags=["Contrato: Libro de Reclamaciones"])

FOLDER = "compliance"
MAX_EVIDENCE = 5 * 1024 * 1024
MAX_DETAIL = 4000


@dataclass
class ComplaintForm:
    """The form as the web sends it, in the contract's own spelling; `pedido` is ours."""

    tipoDocumento: Annotated[str, Form(max_length=20)]  # noqa: N815 - the contract's own spelling
    numeroDocumento: Annotated[str, Form(max_length=20)]  # noqa: N815 - the contract's own spelling
    email: Annotated[str, Form(max_length=250)]
    tipoSolicitud: Annotated[str, Form(max_length=20)]  # noqa: N815 - the contract's own spelling
    detalle: Annotated[str, Form(max_length=MAX_DETAIL)]
    nombres: Annotated[str, Form(max_length=200)] = ""
    apellidos: Annotated[str, Form(max_length=200)] = ""
    razonSocial: Annotated[str, Form(max_length=200)] = ""  # noqa: N815 - the contract's own spelling
    personaContacto: Annotated[str, Form(max_length=200)] = ""  # noqa: N815 - the contract's own spelling
    telefono: Annotated[str, Form(max_length=60)] = ""
    direccion: Annotated[str, Form(max_length=300)] = ""
    pedido: Annotated[str, Form(max_length=MAX_DETAIL)] = ""


@router.post(
    "/api/web/complaints",
    dependencies=[public("Ley 29571: el libro está abierto a cualquiera; las hojas se cuentan por origen")],
)
async def write_complaint(
    form: Annotated[ComplaintForm, Depends()],
    services: ServicesDep,
    evidenceImage: Annotated[UploadFile | None, File()] = None,  # noqa: N803 - the contract's own spelling
) -> Json:
    """Write a sheet; answers its number. The copy, the clock and the ringing are its workflow's."""
    sheet = _read(form)
    if evidenceImage is not None and evidenceImage.filename:
        if (evidenceImage.size or 0) > MAX_EVIDENCE:
            raise Invalid("FILE_TOO_LARGE", "La imagen pasa de 5 MB. Envía una más liviana.", field="evidenceImage")
        kept = await store(services, evidenceImage, folder=FOLDER, field="evidenceImage")
        sheet = _read(form, evidence=(kept.key, kept.content_type))
    async with services.sessions.begin() as session:
        row = await complaints.receive(session, sheet, now=datetime.now(UTC))
        await onboarding.attend_complaint(services, await start_of(session, row))
        number, due = code(row.year, row.number), row.due_on
    words = f"Registramos tu hoja {number}. Te enviamos una copia y te responderemos hasta el {due:%d/%m/%Y}."
    return {"success": True, "message": words, "numero": number}


def _read(form: ComplaintForm, *, evidence: tuple[str, str] = ("", "")) -> Sheet:
    """The form by the house's rules. Raises Invalid, naming the field."""
    kind = rules.document_type(form.tipoDocumento, field="tipoDocumento")
    company = kind is rules.DocumentType.RUC
    return Sheet(
        document_type=kind.value,
        document_number=rules.document_number(kind, form.numeroDocumento, field="numeroDocumento"),
        names="" if company else rules.person_name(form.nombres, field="nombres", what="tus nombres"),
        surnames="" if company else rules.person_name(form.apellidos, field="apellidos", what="tus apellidos"),
        company_name=rules.company_name(form.razonSocial, field="razonSocial") if company else "",
        contact_person=form.personaContacto.strip(),
        email=rules.emails(form.email)[0],
        phone=form.telefono.strip(),
        address=form.direccion.strip(),
        kind=complaint_kind(form.tipoSolicitud),
        detail=_detail(form.detalle),
        request=form.pedido.strip(),
        evidence_key=evidence[0],
        evidence_type=evidence[1],
    )


def _detail(text: str) -> str:
    if not any(letter.isalpha() for letter in text):
        raise Invalid("DETAIL_MISSING", "Cuéntanos qué pasó.", field="detalle")
    return text.strip()
