"""Opening an account from the web and the mobile (contract #7, M6 and section 6.1)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field, StringConstraints

from api import onboarding
from api.auth import public
from api.public.identity import Document, Json, Text, plain
from api.services import Services, ServicesDep
from db import clients, email_codes, passwords
from db.clients import NewClient
from domain import clients as rules
from domain import referrals
from domain.clients import DocumentType

router = APIRouter(tags=["Contrato: registro"])

_CREATED = "Creamos tu cuenta. Ya puedes ingresar y enviar tus documentos para activarla."
Given = Annotated[str, StringConstraints(max_length=200, strip_whitespace=True)]


class RegistrationForm(BaseModel):
    """What every channel sends of a new client. The mobile names no `tipo_documento` for a company and sends `ruc`."""

    tipo_persona: Given | None = Field(default=None, examples=["Natural"])
    tipo_documento: Given | None = Field(default=None, examples=["DNI"])
    dni: Document | None = Field(default=None, examples=["40000099"])
    ruc: Document | None = None
    email: Text = Field(examples=["persona@example.com"])
    telefono: Given | None = Field(default=None, examples=["987654321"])
    phone: Given | None = None
    nombres: Given | None = None
    apellido_paterno: Given | None = None
    apellido_materno: Given | None = None
    razon_social: Given | None = None
    persona_contacto: Given | None = None
    direccion: Given | None = None
    departamento: Given | None = None
    provincia: Given | None = None
    distrito: Given | None = None
    accept_promotions: bool = False
    referral_code: Given | None = None


class Registration(RegistrationForm):
    """The same, with the password that the client chose."""

    password: str = Field(max_length=200)


@router.post(
    "/api/web/register",
    status_code=201,
    dependencies=[public("así se abre una cuenta; las altas se cuentan por origen")],
)
async def register_from_web(body: Registration, services: ServicesDep) -> Json:
    """Open an account: it can sign in and send papers at once, and operate once they are approved (F135)."""
    return await open_account(services, body, origin="web")


@router.post(
    "/api/client/register",
    status_code=201,
    dependencies=[public("así se abre una cuenta; las altas se cuentan por origen")],
)
async def register_from_mobile(body: Registration, services: ServicesDep) -> Json:
    """The same, for the mobile."""
    return await open_account(services, body, origin="app")


class CodeWanted(BaseModel):
    """Where to send a code."""

    email: Text = Field(examples=["persona@example.com"])
    telefono: Given | None = None
    telefonoCodigo: Given | None = None  # noqa: N815 - the contract's own spelling


class CodeGiven(BaseModel):
    """The code that came by mail."""

    email: Text = Field(examples=["persona@example.com"])
    code: Given = Field(examples=["A2B3C4"])


@router.get(
    "/api/web/check-document", dependencies=[public("el formulario avisa si el documento ya tiene cuenta; se cuenta")]
)
async def check_document(services: ServicesDep, dni: Annotated[str, Query(max_length=20)]) -> Json:
    """Whether the document has an account (contract #8): true or false, and nothing else."""
    async with services.sessions() as session:
        return {"exists": await clients.by_document(session, plain(dni)) is not None}


@router.post("/api/web/send-verification-code", dependencies=[public("se verifica el correo antes de abrir la cuenta")])
async def send_code(body: CodeWanted, services: ServicesDep) -> Json:
    """Mail a code that proves the address (contract #11): a few an hour, each for a few minutes."""
    address = rules.emails(body.email)[0]
    async with services.sessions.begin() as session:
        row = await email_codes.issue(session, address, secret_key=_secret(services), now=datetime.now(UTC))
        await onboarding.mail_code(services, row.id)
    return {"success": True, "message": "Te enviamos un código. Revisa tu correo, también en no deseados."}


@router.post("/api/web/verify-code", dependencies=[public("se verifica el correo antes de abrir la cuenta")])
async def verify_code(body: CodeGiven, services: ServicesDep) -> Json:
    """Whether it is the code that was mailed (contract #12). Wrong ones count."""
    async with services.sessions.begin() as session:
        right = await email_codes.verify(
            session, body.email, body.code, secret_key=_secret(services), now=datetime.now(UTC)
        )
    if not right:
        return {"success": False, "message": "Ese código no es correcto o ya venció. Pide otro si hace falta."}
    return {"success": True, "message": "Verificamos tu correo."}


def _secret(services: Services) -> str:
    return services.settings.secret_key.get_secret_value()


async def open_account(services: Services, body: Registration, *, origin: str) -> Json:
    """Register the client and begin its onboarding; for every face alike. Raises Refused."""
    new = read(body, origin=origin)
    rules.check_password(body.password, document=new.document_number)
    hashed = await passwords.hashed(body.password)
    async with services.sessions.begin() as session:
        client = await clients.register(session, new, password_hash=hashed, now=datetime.now(UTC))
        await onboarding.begin(services, client.id)
    return {"success": True, "message": _CREATED, "client": {"id": client.id, "dni": client.document_number}}


def read(body: RegistrationForm, *, origin: str) -> NewClient:
    """The form, read by the house's rules. Raises Invalid, naming the field."""
    kind = _document_type(body)
    company = kind is DocumentType.RUC
    number = (body.ruc or body.dni) if company else body.dni
    return NewClient(
        document_type=kind,
        document_number=rules.document_number(kind, number or "", field="dni"),
        email="; ".join(rules.emails(body.email)),
        phone=rules.phone(body.telefono or body.phone or "", field="telefono"),
        given_names="" if company else _name(body.nombres, "nombres", "tus nombres"),
        paternal_surname="" if company else _name(body.apellido_paterno, "apellido_paterno", "tu apellido paterno"),
        maternal_surname="" if company else _second_surname(body, kind),
        company_name=rules.company_name(body.razon_social or "", field="razon_social") if company else "",
        contact_person=_name(body.persona_contacto, "persona_contacto", "la persona de contacto") if company else "",
        address=body.direccion or "",
        department=body.departamento or "",
        province=body.provincia or "",
        district=body.distrito or "",
        origin=origin,
        accepts_promotions=body.accept_promotions,
        referral_code=referrals.code(body.referral_code) if body.referral_code else "",
    )


def _document_type(body: RegistrationForm) -> DocumentType:
    """Company or person by its document, never by the page it came from (F141)."""
    if body.tipo_documento:
        return rules.document_type(body.tipo_documento, field="tipo_documento")
    if body.ruc or (body.tipo_persona or "").casefold().startswith("jur"):
        return DocumentType.RUC
    return DocumentType.DNI


def _second_surname(body: RegistrationForm, kind: DocumentType) -> str:
    """Not everybody has one; later webs ask for it only to holders of a CE (contract 6.1), who may lack it too."""
    if not body.apellido_materno:
        return ""
    what = "tu segundo apellido" if kind is DocumentType.CE else "tu apellido materno"
    return _name(body.apellido_materno, "apellido_materno", what)


def _name(text: str | None, field: str, what: str) -> str:
    return rules.person_name(text or "", field=field, what=what)
