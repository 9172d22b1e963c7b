"""A company's people and what they agree on: who comes in, what one prepares and another approves."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Form, Path
from starlette.requests import Request
from starlette.responses import Response

from api.auth import (
    CurrentClient,
    CurrentMember,
    SignedClient,
    prove,
    set_session_cookie,
    start_client_session,
)
from api.operations import create_operation
from api.pages.refusals import problem_of
from api.portal import pages
from api.portal.errors import PortalRoute, go
from api.portal.home import quoted
from api.public.identity import plain
from api.services import Services, ServicesDep
from api.staff.shapes import MAX_ID
from db import accounts, clients, companies, passwords
from db.tables import CompanyPerson, OperationRequest
from domain.clients import check_password
from domain.commands import NewOperation
from domain.companies import RequestState
from domain.errors import Conflict, Invalid, Refused, Unavailable
from domain.operations import Kind, Origin

router = APIRouter(route_class=PortalRoute)
PersonId = Annotated[int, Path(ge=1, le=MAX_ID)]
RequestId = Annotated[int, Path(ge=1, le=MAX_ID)]
Said = Annotated[str, Form(max_length=120)]


async def enter(
    request: Request, response: Response, services: Services, *, company: str, document: str, password: str
) -> None:
    """Open the session of a person of a company. Raises Invalid for whoever is not, in the same time."""
    ruc, number = plain(company), plain(document)
    async with services.sessions() as session:
        row = await clients.by_document(session, ruc)
        person = await companies.by_document(session, row, number)
    kept = [person.password_hash if person else None]
    name = f"{ruc}/{number}"
    if await prove(request, services, person, name=name, password=password, kept=kept) is None or person is None:
        raise Invalid("LOGIN_WRONG", "RUC, documento o contraseña incorrectos.")
    token = await start_client_session(services, person.client_id, person_id=person.id)
    set_session_cookie(response, token, services, life=services.settings.client_absolute)


@router.get("/empresa")
async def people_page(request: Request, client: CurrentClient, services: ServicesDep) -> Response:
    """Who comes in for the company, and whether two people agree on each exchange."""
    return await pages.page(request, services, client, "company.html", **await _people(services, client))


@router.post("/empresa/personas")
async def add_person(
    *,
    request: Request,
    client: CurrentClient,
    services: ServicesDep,
    document: Said = "",
    full_name: Said = "",
    derechos: Said = "",
) -> Response:
    """Let a person come in; its first password is shown once, to hand over."""
    typed = {"document": plain(document), "full_name": " ".join(full_name.split()), "derechos": derechos}
    temporary = passwords.temporary()
    try:
        _check_person(typed)
        hashed = await passwords.hashed(temporary)
        async with services.sessions.begin() as session:
            await companies.add(
                session,
                CompanyPerson(
                    client_id=client.id,
                    document=typed["document"],
                    full_name=typed["full_name"],
                    may_prepare=derechos != "aprueba",
                    may_approve=derechos != "prepara",
                    password_hash=hashed,
                ),
            )
    except Refused as refused:
        problem = problem_of(request, refused)
        known = {**await _people(services, client), "typed": typed, "problem": problem}
        return pages.fragment(request, client, "company.html", "main", status=problem["status"], **known)
    known = {**await _people(services, client), "secret": temporary, "whose": typed["full_name"]}
    return pages.fragment(request, client, "company.html", "main", **known)


@router.post("/empresa/personas/{person_id}/quitar")
async def remove_person(person_id: PersonId, client: CurrentClient, services: ServicesDep) -> Response:
    """It is out, in every device of its own."""
    async with services.sessions.begin() as session:
        await companies.remove(session, client.id, person_id, at=datetime.now(UTC))
    return go("/empresa")


@router.post("/empresa/regla")
async def set_rule(client: CurrentClient, services: ServicesDep, dos: Said = "") -> Response:
    """Whether what one prepares another one approves."""
    async with services.sessions.begin() as session:
        await companies.set_two_people(session, client.id, on=dos == "si")
    return go("/empresa")


@router.get("/por-aprobar")
async def requests_page(request: Request, client: CurrentMember, services: ServicesDep) -> Response:
    """What was prepared, with the rate of now."""
    return await pages.page(request, services, client, "requests.html", **await _requests(request, services, client))


@router.post("/por-aprobar/{request_id}/aprobar")
async def approve(
    request: Request, request_id: RequestId, client: CurrentMember, services: ServicesDep, tasa_vista: Said = ""
) -> Response:
    """Create it at the rate that was seen. A second yes meets the same operation."""
    try:
        async with services.sessions() as session:
            row = await companies.request_of(session, client.id, request_id)
        await _check_seen(request, row, tasa_vista)
        async with services.sessions.begin() as session:
            row = await companies.approve(session, client.id, request_id, by=client.person, at=datetime.now(UTC))
        code = await _create(services, client, row)
    except Refused as refused:
        return await _again(request, services, client, refused)
    return go(f"/operaciones/{code}")


@router.post("/por-aprobar/{request_id}/descartar")
async def discard(request: Request, request_id: RequestId, client: CurrentMember, services: ServicesDep) -> Response:
    """It will not be created."""
    try:
        async with services.sessions.begin() as session:
            await companies.discard(session, client.id, request_id, by=client.person, at=datetime.now(UTC))
    except Refused as refused:
        return await _again(request, services, client, refused)
    return go("/por-aprobar")


async def change_password(
    request: Request, services: Services, client: SignedClient, *, present: str, new: str
) -> None:
    """A person's own; its other sessions end. Raises Invalid, TooMany, Locked."""
    assert client.person is not None  # a company's own sign-in changes the client's
    async with services.sessions() as session:
        person = await session.get_one(CompanyPerson, client.person.id)
    name = f"{client.document_number}/{person.document}"
    kept = [person.password_hash]
    if await prove(request, services, person, name=name, password=present, kept=kept) is None:
        raise Invalid("PASSWORD_WRONG", "Tu contraseña actual no es correcta.", field="actual")
    check_password(new, document=person.document, field="nueva")
    hashed = await passwords.hashed(new)
    async with services.sessions.begin() as session:
        keep = client.session_id
        await companies.set_password(session, person.id, hashed, keep_session=keep, now=datetime.now(UTC))


async def _create(services: Services, client: SignedClient, row: OperationRequest) -> str:
    """By the key of the request: whoever asks again gets the same operation. A rule that forbids it gives it back."""
    wanted = NewOperation(
        actor=client.actor,
        client_id=client.id,
        kind=row.kind,
        origin=Origin.PORTAL,
        amount_usd=row.amount_usd,
        source_account_id=row.source_account_id,
        destination_account_id=row.destination_account_id,
        coupon=row.coupon,
        agreed=True,
    )
    try:
        made = await create_operation(services, wanted, key=companies.operation_key(row.id))
    except Unavailable:
        raise
    except Refused:
        async with services.sessions.begin() as session:
            await companies.refused(session, client.id, row.id)
        raise
    async with services.sessions.begin() as session:
        await companies.created(session, client.id, row.id, made.code)
    return made.code


async def _check_seen(request: Request, row: OperationRequest, seen: str) -> None:
    services: Services = request.app.state.services
    now = await _quote(request, services, row)
    # A yes that died before its operation was created may be given again days later: at the rate of then, seen.
    if not _over(row) and seen != f"{now.rate:.4f}":
        words = f"El tipo de cambio pasó de {seen or 'otro'} a {now.rate:.4f}. Revisa el monto antes de aprobar."
        raise Conflict("RATE_MOVED", words)


async def _quote(request: Request, services: Services, row: OperationRequest) -> Any:
    sells = row.kind is Kind.COMPRA
    usd = f"{row.amount_usd}"
    asked = {"quiero": "vender" if sells else "comprar", "campo": "envia" if sells else "recibe"}
    return await quoted(request, services, **asked, envia=usd, recibe=usd, cupon=row.coupon)


async def _again(request: Request, services: Services, client: SignedClient, refused: Refused) -> Response:
    problem = problem_of(request, refused)
    known = {**await _requests(request, services, client), "problem": problem}
    return pages.fragment(request, client, "requests.html", "main", status=problem["status"], **known)


async def _requests(request: Request, services: Services, client: SignedClient) -> dict[str, Any]:
    async with services.sessions() as session:
        rows = await companies.requests(session, client.id)
        names = {one.id: one.full_name for one in await companies.people(session, client.id)}
        numbers = {one.id: one for one in await accounts.live(session, client.id)}
    waiting = [one for one in rows if not _over(one)]
    return {
        "waiting": [(one, await _quote(request, services, one)) for one in waiting],
        "past": [one for one in rows if _over(one)],
        "names": names,
        "accounts": numbers,
        "member": client.person,
        "active": "operaciones",
        "problem": None,
        "RequestState": RequestState,
    }


def _over(row: OperationRequest) -> bool:
    return row.state is RequestState.DESCARTADA or bool(row.operation_code)


async def _people(services: Services, client: SignedClient) -> dict[str, Any]:
    async with services.sessions() as session:
        row = await companies.company(session, client.id)
        found = await companies.people(session, client.id)
    return {
        "row": row,
        "found": found,
        "typed": {"document": "", "full_name": "", "derechos": "prepara"},
        "problem": None,
        "secret": "",
        "whose": "",
        "active": "cuenta",
    }


def _check_person(typed: dict[str, str]) -> None:
    """Raises Invalid for a document or a name that is none."""
    if not (8 <= len(typed["document"]) <= 12 and typed["document"].isalnum()):  # noqa: PLR2004 - DNI to CE
        raise Invalid("DOCUMENT", "Escribe su DNI (8 dígitos) o su CE.", field="document")
    if len(typed["full_name"]) < 3:  # noqa: PLR2004 - a name
        raise Invalid("NAME", "Escribe su nombre completo.", field="full_name")
    if typed["derechos"] not in {"prepara", "aprueba", "ambos"}:
        raise Invalid("RIGHTS", "Elige qué puede hacer.", field="derechos")
