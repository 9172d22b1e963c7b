"""Clients as the people of the house read them: all, or for a Trader its portfolio.

Searching is a POST: a name or a document never stands in an address, which every log on the way keeps.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import Field

from api.auth import SignedUser, requires
from api.files import link
from api.services import Services, ServicesDep
from api.staff.shapes import MAX_ID, PAGE, Answer, Body, Cursor, Limit, after, example, page
from db.client_reads import ClientDetail, ClientFilter, display_name, get_client, list_clients
from db.tables import Client
from domain.accounts import AccountType, Bank, Region
from domain.clients import ClientStatus, DocumentType, KycStatus, PaperStatus, masked
from domain.money import Currency
from domain.permissions import Permission

router = APIRouter(prefix="/api/staff/clients", tags=["Clientes"])

Reader = Annotated[SignedUser, requires(Permission.CLIENTS_READ)]


class SearchBody(Body):
    """A document number, or part of a name or of an e-mail."""

    model_config = example(search="quispe")
    search: str = Field(min_length=2, max_length=80)
    cursor: str | None = Field(default=None, max_length=40)
    limit: int = Field(default=PAGE, ge=1, le=200)


class ClientLine(Answer):
    """One client of a list."""

    id: int
    name: str
    document_type: DocumentType
    document_masked: str
    status: ClientStatus
    kyc_status: KycStatus
    has_complete_documents: bool
    trader_id: int | None
    completed_operations: int
    created_at: datetime


class ClientList(Answer):
    """A page of clients."""

    items: list[ClientLine]
    next_cursor: str | None


class AccountView(Answer):
    """A bank account of the client."""

    id: int
    bank: Bank
    bank_label: str
    account_type: AccountType
    currency: Currency
    number: str
    region: Region
    declared_own_at: datetime | None


class PaperView(Answer):
    """A document that the client sent, and what was said of it."""

    id: int
    kind: str
    status: PaperStatus
    reason: str
    url: str
    content_type: str
    created_at: datetime


class ClientView(ClientLine):
    """One client with everything."""

    document_number: str
    given_names: str
    paternal_surname: str
    maternal_surname: str
    company_name: str
    contact_person: str
    email: str
    phone: str
    address: str
    department: str
    province: str
    district: str
    origin: str
    referral_code: str
    email_verified_at: datetime | None
    kyc_reason: str
    block_reason: str
    closed_at: datetime | None
    accounts: list[AccountView]
    documents: list[PaperView]


@router.get("")
async def read_clients(
    *,
    user: Reader,
    services: ServicesDep,
    status: ClientStatus | None = None,
    kyc_status: KycStatus | None = None,
    trader_id: Annotated[int | None, Query(ge=1, le=MAX_ID)] = None,
    cursor: Cursor = None,
    limit: Limit = PAGE,
) -> ClientList:
    """Clients, newest first."""
    wanted = ClientFilter(status=status, kyc_status=kyc_status, trader_id=trader_id)
    return await _listed(services, user, wanted, cursor, limit)


@router.post("/search")
async def search_clients(body: SearchBody, user: Reader, services: ServicesDep) -> ClientList:
    """Clients by document, name or e-mail."""
    return await _listed(services, user, ClientFilter(search=body.search), body.cursor, body.limit)


@router.get("/{client_id}")
async def read_client(
    client_id: Annotated[int, Path(ge=1, le=MAX_ID)], user: Reader, services: ServicesDep
) -> ClientView:
    """One client with its accounts and documents."""
    async with services.sessions() as session:
        detail = await get_client(session, user.actor, client_id)
    return whole(services, detail)


async def _listed(
    services: Services, user: SignedUser, wanted: ClientFilter, cursor: str | None, limit: int
) -> ClientList:
    async with services.sessions() as session:
        rows = await list_clients(session, user.actor, wanted, before=after(cursor), limit=limit + 1)
    shown, following = page(rows, limit, lambda row: row.id)
    return ClientList(items=[ClientLine(**_line(row)) for row in shown], next_cursor=following)


def _line(client: Client) -> dict[str, object]:
    names = ("id", "document_type", "status", "kyc_status", "has_complete_documents", "trader_id", "created_at")
    return {
        **{name: getattr(client, name) for name in names},
        "completed_operations": client.completed_operations,
        "name": display_name(client),
        "document_masked": masked(client.document_number),
    }


def whole(services: Services, detail: ClientDetail) -> ClientView:
    """A client as the house reads it."""
    client = detail.client
    own = set(ClientView.model_fields) - set(ClientLine.model_fields) - {"accounts", "documents"}
    papers = [
        PaperView(
            id=paper.id,
            kind=paper.kind,
            status=paper.status,
            reason=paper.reason,
            url=link(services, paper.file_key, paper.content_type),
            content_type=paper.content_type,
            created_at=paper.created_at,
        )
        for paper in detail.documents
    ]
    return ClientView(
        **_line(client),
        **{name: getattr(client, name) for name in own},
        accounts=[AccountView.model_validate(account) for account in detail.accounts],
        documents=papers,
    )
