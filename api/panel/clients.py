"""Clients on the screen: the list, the search by a POST, the file of one, and registering a new one."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Query
from starlette.requests import Request
from starlette.responses import Response

from api.auth import SignedUser, requires
from api.panel import pages
from api.panel.audit_words import told
from api.panel.client_acts import buttons
from api.panel.errors import PanelRoute
from api.panel.sheets import CHUNK, everything, sheet
from api.panel.tables import Asked, Column, Table, asked_of, chosen, id_of
from api.services import Services, ServicesDep
from api.staff.client_actions import ClientId
from api.staff.client_kyc import RiskView, read_risk
from api.staff.clients import ClientLine, ClientList, SearchBody, read_client, read_clients, search_clients
from api.staff.operations import read_operations
from api.staff.referrals import BalanceView, read_balance
from db import audit, companies, users
from db.client_reads import MIN_SEARCH
from db.tables import Client
from domain.clients import ClientStatus, DocumentKind, KycStatus, PaperStatus
from domain.errors import Forbidden
from domain.permissions import Permission, Role

router = APIRouter(prefix="/panel/clientes", route_class=PanelRoute)
Reader = Annotated[SignedUser, requires(Permission.CLIENTS_READ)]
PATH = "/panel/clientes"
RECENT = 12

STATUS_TONES = {ClientStatus.ACTIVO: "completada", ClientStatus.INACTIVO: "quiet", ClientStatus.BLOQUEADO: "alerta"}
KYC_WORDS: dict[KycStatus, tuple[str, str]] = {
    KycStatus.PENDIENTE: ("quiet", "Sin revisar"),
    KycStatus.EN_PROCESO: ("pendiente", "Por revisar"),
    KycStatus.APROBADO: ("completada", "Aprobado"),
    KycStatus.RECHAZADO: ("alerta", "Rechazado"),
}
PAPER_WORDS: dict[PaperStatus, tuple[str, str]] = {
    PaperStatus.POR_REVISAR: ("pendiente", "Por revisar"),
    PaperStatus.ACEPTADO: ("completada", "Aceptado"),
    PaperStatus.OBSERVADO: ("alerta", "Pedido de nuevo"),
}
PAPER_NAMES = {
    DocumentKind.DNI_FRONT: "Documento, anverso",
    DocumentKind.DNI_BACK: "Documento, reverso",
    DocumentKind.RUC_FICHA: "Ficha RUC",
}

COLUMNS: tuple[Column[ClientLine], ...] = (
    Column(
        key="nombre", label="Nombre", kind="link", value=lambda c: c.name, link=lambda c: f"{PATH}/{c.id}", phone=True
    ),
    Column(key="documento", label="Documento", kind="text", value=lambda c: f"{c.document_type} {c.document_masked}"),
    Column(
        key="estado", label="Estado", kind="badge", value=lambda c: (STATUS_TONES[c.status], c.status.value), phone=True
    ),
    Column(key="revision", label="Revisión", kind="badge", value=lambda c: KYC_WORDS[c.kyc_status]),
    Column(key="completas", label="Completadas", kind="count", value=lambda c: c.completed_operations),
    Column(key="registro", label="Registro", kind="moment", value=lambda c: c.created_at),
)


@router.get("")
async def clients_page(
    request: Request,
    user: Reader,
    services: ServicesDep,
    formato: Annotated[Literal["csv", "xlsx"] | None, Query()] = None,
) -> Response:
    """The list; with `formato`, its sheet."""
    asked = asked_of(request.query_params, sorts=("registro",))
    if formato is not None:
        return await _sheet(services, user, asked, formato)
    found = await read_clients(user=user, services=services, cursor=asked.cursor or None, **_filters(asked))
    known: dict[str, Any] = {"table": _table(found, asked, user), "ClientStatus": ClientStatus, "kyc_words": KYC_WORDS}
    known |= {"traders": await traders(services)}
    return await pages.page(request, services, user, "clients.html", here="Clientes", **known)


@router.post("/buscar")
async def search(
    request: Request, user: Reader, services: ServicesDep, texto: Annotated[str, Form(max_length=80)] = ""
) -> Response:
    """Clients by name, document or e-mail, in place of the list."""
    text = texto.strip()
    asked = asked_of({}, sorts=("registro",))
    if len(text) < MIN_SEARCH:
        found = await read_clients(user=user, services=services)
    else:
        found = await search_clients(SearchBody(search=text, limit=CHUNK), user, services)
        found.next_cursor = None
    return pages.fragment(
        request, user, "clients.html", "rows", table=_table(found, asked, user), density=pages.density_of(request)
    )


@router.get("/{client_id}")
async def client_page(request: Request, client_id: ClientId, user: Reader, services: ServicesDep) -> Response:
    """One client with everything that this person may know."""
    client = await read_client(client_id, user, services)
    recent = await read_operations(user=user, services=services, client_id=client_id, limit=RECENT)
    people = await _people(services)
    risk: RiskView | None = None
    if user.may(Permission.COMPLIANCE_READ):
        risk = await read_risk(client_id, user, services)
    pips: BalanceView | None = None
    if user.may(Permission.REFERRALS_MANAGE):
        pips = await read_balance(client_id, user, services)
    known: dict[str, Any] = {
        "client": client,
        "company": await _company(services, client_id),
        "pips": pips,
        "recent": recent.items,
        "risk": risk,
        "owner": people.get(client.trader_id or 0, ""),
        "buttons": buttons(client, user),
        "story": await _story(services, client_id, people) if user.may(Permission.AUDIT_READ) else [],
        "status_tones": STATUS_TONES,
        "kyc_words": KYC_WORDS,
        "paper_words": PAPER_WORDS,
        "paper_names": {kind.value: name for kind, name in PAPER_NAMES.items()},
    }
    if pages.wants_parts(request):
        return pages.fragment(request, user, "client.html", "live", **known)
    return await pages.page(request, services, user, "client.html", here="Clientes", **known)


async def traders(services: Services) -> list[tuple[str, str]]:
    """The active Traders, to choose one."""
    async with services.sessions() as session:
        everybody = await users.list_users(session)
    return [(str(one.id), one.full_name) for one in everybody if one.role is Role.TRADER and one.status == users.ACTIVE]


async def _company(services: Services, client_id: int) -> dict[str, Any]:
    """Who comes in for a company, and whether two of them agree on each exchange."""
    async with services.sessions() as session:
        row = await session.get_one(Client, client_id)
        return {"two_people": row.two_people, "people": await companies.people(session, client_id)}


async def _people(services: Services) -> dict[int, str]:
    async with services.sessions() as session:
        return await users.names(session)


async def _story(services: Services, client_id: int, people: dict[int, str]) -> list[dict[str, Any]]:
    """What was done to the client, newest first, from the audit."""
    async with services.sessions() as session:
        rows = await audit.entries(session, "client", client_id)
    return [told(row, people) for row in reversed(rows)]


def _table(found: ClientList, asked: Asked, user: SignedUser) -> Table[ClientLine]:
    return Table(
        path=PATH,
        caption="Clientes",
        columns=COLUMNS,
        rows=found.items,
        asked=asked,
        next_cursor=found.next_cursor or "",
        exports=user.may(Permission.CLIENTS_EXPORT),
        selects=f"{PATH}/reasignar" if user.may(Permission.CLIENTS_REASSIGN) else "",
        verb="Reasignar elegidos",
    )


def _filters(asked: Asked) -> dict[str, Any]:
    given = asked.filters
    trader = given.get("trader", "")
    return {
        "status": next((one for one in ClientStatus if one == given.get("estado")), None),
        "kyc_status": next((one for one in KycStatus if one == given.get("revision")), None),
        "trader_id": id_of(trader),
    }


async def _sheet(services: Services, user: SignedUser, asked: Asked, kind: str) -> Response:
    """Every page of these filters; each sheet of clients is audited."""
    if not user.may(Permission.CLIENTS_EXPORT):
        raise Forbidden("NOT_ALLOWED", "Tu rol no permite exportar clientes.")

    async def read(cursor: str | None) -> ClientList:
        return await read_clients(user=user, services=services, cursor=cursor, limit=CHUNK, **_filters(asked))

    rows = await everything(read)
    async with services.sessions.begin() as session:
        audit.record(
            session,
            actor=user.actor,
            action="clients.export",
            entity="client",
            entity_id="lista",
            reason=f"{len(rows)} clientes, {kind}",
        )
    return await sheet(kind, "clientes", chosen(COLUMNS, asked), rows)
