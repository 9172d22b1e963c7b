"""What screens read about clients, always within what the reader's role lets it see."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, String, false, literal_column, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from db.tables import Client, ClientAccount, ClientDocument, ClientIdentityChange
from db.tables.clients import WHOLE_NAME
from domain.clients import ClientStatus, KycStatus
from domain.errors import Missing
from domain.operations import Actor
from domain.permissions import Role, Scope, scope

MIN_SEARCH = 2


@dataclass(frozen=True, kw_only=True)
class ClientFilter:
    """What a list of clients is narrowed by. `search` is a document number, or part of a name or of an e-mail."""

    status: ClientStatus | None = None
    kyc_status: KycStatus | None = None
    trader_id: int | None = None
    search: str = ""


@dataclass(frozen=True, kw_only=True)
class ClientDetail:
    """A client with what belongs to it."""

    client: Client
    accounts: Sequence[ClientAccount]
    documents: Sequence[ClientDocument]


def display_name(client: Client) -> str:
    """A company's name, or given names and surnames."""
    if client.company_name:
        return client.company_name
    return " ".join(part for part in (client.given_names, client.paternal_surname, client.maternal_surname) if part)


def within(reader: Actor) -> ColumnElement[bool]:
    """The clients that this person of the house may see: a Trader its own portfolio (F165)."""
    if reader.role is None:
        return false()
    return true() if scope(Role(reader.role), "clients") is Scope.ALL else Client.trader_id == reader.id


async def names_of(session: AsyncSession, client_ids: Collection[int]) -> dict[int, str]:
    """The names of these clients by id, for a list whose rows only have ids. Who may read the list checks its route."""
    rows = await session.scalars(select(Client).where(Client.id.in_(client_ids)))
    return {client.id: display_name(client) for client in rows}


async def list_clients(
    session: AsyncSession, reader: Actor, wanted: ClientFilter, *, before: int | None, limit: int
) -> Sequence[Client]:
    """Clients newest first; `before` is the id to go on from."""
    query = select(Client).where(within(reader), Client.closed_at.is_(None))
    for column, value in (
        (Client.status, wanted.status),
        (Client.kyc_status, wanted.kyc_status),
        (Client.trader_id, wanted.trader_id),
    ):
        if value is not None:
            query = query.where(column == value)
    if wanted.search:
        query = query.where(_matches(wanted.search))
    if before is not None:
        query = query.where(Client.id < before)
    return (await session.scalars(query.order_by(Client.id.desc()).limit(limit))).all()


async def get_client(session: AsyncSession, reader: Actor, client_id: int) -> ClientDetail:
    """One client with its live accounts and its documents. Raises Missing, also for somebody else's portfolio."""
    client = await session.scalar(select(Client).where(Client.id == client_id, within(reader)))
    if client is None:
        raise Missing("CLIENT_NOT_FOUND", "No encontramos a este cliente.", field="client_id")
    accounts = select(ClientAccount).where(ClientAccount.client_id == client_id, ClientAccount.removed_at.is_(None))
    papers = select(ClientDocument).where(ClientDocument.client_id == client_id).order_by(ClientDocument.id.desc())
    return ClientDetail(
        client=client,
        accounts=(await session.scalars(accounts.order_by(ClientAccount.position))).all(),
        documents=(await session.scalars(papers)).all(),
    )


def _matches(text: str) -> ColumnElement[bool]:
    plain = text.strip()
    # As ix_clients_name_parts has it: written otherwise, a search would read every client.
    name: ColumnElement[str] = literal_column(WHOLE_NAME, String)
    return or_(
        Client.document_number == plain.upper(),
        name.icontains(plain, autoescape=True),
        Client.email.icontains(plain, autoescape=True),
    )


async def identity_changes(session: AsyncSession, client_id: int) -> Sequence[ClientIdentityChange]:
    """Every correction of a client's identity, newest first."""
    wanted = select(ClientIdentityChange).where(ClientIdentityChange.client_id == client_id)
    return (await session.scalars(wanted.order_by(ClientIdentityChange.id.desc()))).all()
