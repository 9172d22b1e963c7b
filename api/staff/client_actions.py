"""What the people of the house do to a client: register, edit, correct, block, reassign, close. Every act is audited.

A Trader acts only within its portfolio: anybody else's client does not exist for it (F165).
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncSession

from api import onboarding
from api.auth import SignedUser, requires
from api.public.passwords import give_temporary
from api.services import Services, ServicesDep
from api.staff.client_bodies import (
    AccountBody,
    ClientBody,
    ContactBody,
    IdentityBody,
    ReasonBody,
    new_client,
    read_account,
    read_contact,
    read_identity,
)
from api.staff.clients import ClientView, whole
from api.staff.shapes import MAX_ID, Answer, Body, example
from db import accounts, client_changes, client_retention, clients, passwords
from db.client_reads import get_client
from domain.errors import Invalid
from domain.permissions import Permission, Role

router = APIRouter(prefix="/api/staff/clients", tags=["Clientes"])

ClientId = Annotated[int, Path(ge=1, le=MAX_ID)]
Registrar = Annotated[SignedUser, requires(Permission.CLIENTS_CREATE)]
Editor = Annotated[SignedUser, requires(Permission.CLIENTS_EDIT)]
Officer = Annotated[SignedUser, requires(Permission.CLIENTS_KYC)]
Chief = Annotated[SignedUser, requires(Permission.CLIENTS_REASSIGN)]
Closer = Annotated[SignedUser, requires(Permission.CLIENTS_CLOSE)]


class ReassignBody(Body):
    """Clients for a Trader."""

    model_config = example(client_ids=[12, 15], trader_id=3, reason="Vacaciones de la titular")
    client_ids: list[Annotated[int, Field(ge=1, le=MAX_ID)]] = Field(min_length=1, max_length=500)
    trader_id: int = Field(ge=1, le=MAX_ID)
    reason: str = Field(min_length=3, max_length=500)


class Moved(Answer):
    """How many clients have another owner now."""

    moved: int


@router.post("", status_code=201)
async def create_client(body: ClientBody, user: Registrar, services: ServicesDep) -> ClientView:
    """Register a client with an account in each currency (F147). It is Inactivo until somebody else approves it (F134).

    It gets a temporary password by mail; a Trader's new client is in its own portfolio.
    """
    new = new_client(body, trader_id=_owner(user, body.trader_id), registered_by=user.id)
    given = [read_account(account) for account in body.accounts]
    if len({account.currency for account in given}) < accounts.MIN_ACCOUNTS:
        raise Invalid("ACCOUNTS_NEEDED", "Registra al menos una cuenta en soles y una en dólares.", field="accounts")
    temporary, now = passwords.temporary(), datetime.now(UTC)
    hashed = await passwords.hashed(temporary)
    async with services.sessions.begin() as session:
        client = await clients.register(session, new, password_hash="", now=now, actor=user.actor)
        for account in given:
            await accounts.add(session, client.id, account, actor=user.actor, now=now)
        await give_temporary(
            services,
            session,
            client,
            recipients=tuple(new.email.split("; ")),
            password=temporary,
            hashed=hashed,
            now=now,
        )
        await onboarding.begin(services, client.id)
        client_id = client.id
    return await _view(services, user, client_id)


@router.post("/reassign")
async def reassign_clients(body: ReassignBody, user: Chief, services: ServicesDep) -> Moved:
    """Give one or many clients to an active Trader; what they did before stays with who attended it (F033)."""
    async with services.sessions.begin() as session:
        moved = await client_changes.reassign(
            session, body.client_ids, body.trader_id, actor=user.actor, reason=body.reason
        )
    return Moved(moved=moved)


@router.post("/{client_id}/edit")
async def edit_client(client_id: ClientId, body: ContactBody, user: Editor, services: ServicesDep) -> ClientView:
    """Change contact data. Names and documents are corrected apart, with a reason."""
    values = read_contact(body)
    async with services.sessions.begin() as session:
        await _own(session, user, client_id)
        await client_changes.edit(session, client_id, values, actor=user.actor)
    return await _view(services, user, client_id)


@router.post("/{client_id}/correct-identity")
async def correct_identity(client_id: ClientId, body: IdentityBody, user: Officer, services: ServicesDep) -> ClientView:
    """Correct names or document, with history; the client is screened again."""
    async with services.sessions.begin() as session:
        detail = await get_client(session, user.actor, client_id)
        values = read_identity(body, detail.client)
        if await client_changes.correct_identity(session, client_id, values, actor=user.actor, reason=body.reason):
            await onboarding.refresh(services, client_id)
    return await _view(services, user, client_id)


@router.post("/{client_id}/accounts")
async def add_account(client_id: ClientId, body: AccountBody, user: Editor, services: ServicesDep) -> ClientView:
    """Add a bank account that the client declares its own."""
    new = read_account(body)
    async with services.sessions.begin() as session:
        await _own(session, user, client_id)
        await accounts.add(session, client_id, new, actor=user.actor, now=datetime.now(UTC))
    return await _view(services, user, client_id)


@router.post("/{client_id}/accounts/{account_id}/remove")
async def remove_account(
    client_id: ClientId, account_id: Annotated[int, Path(ge=1, le=MAX_ID)], user: Editor, services: ServicesDep
) -> ClientView:
    """Hide an account; one in each currency must be left, and past operations keep it (F156)."""
    async with services.sessions.begin() as session:
        await _own(session, user, client_id)
        present = [account.id for account in await accounts.live(session, client_id)]
        if account_id not in present:
            raise Invalid("ACCOUNT_UNKNOWN", "Esa cuenta no es de este cliente.", field="account_id")
        place = present.index(account_id)
        await accounts.remove(session, client_id, place, actor=user.actor, now=datetime.now(UTC))
    return await _view(services, user, client_id)


@router.post("/{client_id}/block")
async def block_client(client_id: ClientId, body: ReasonBody, user: Officer, services: ServicesDep) -> ClientView:
    """No new operation until it is unblocked."""
    async with services.sessions.begin() as session:
        await _own(session, user, client_id)
        await client_changes.block(session, client_id, actor=user.actor, reason=body.reason)
    return await _view(services, user, client_id)


@router.post("/{client_id}/unblock")
async def unblock_client(client_id: ClientId, body: ReasonBody, user: Officer, services: ServicesDep) -> ClientView:
    """Activo again if its documents are approved, else Inactivo."""
    async with services.sessions.begin() as session:
        await _own(session, user, client_id)
        await client_changes.unblock(session, client_id, actor=user.actor, reason=body.reason)
    return await _view(services, user, client_id)


@router.post("/{client_id}/close")
async def close_client(client_id: ClientId, body: ReasonBody, user: Closer, services: ServicesDep) -> ClientView:
    """End the account. Its document may register again; what the law keeps stays for its term."""
    async with services.sessions.begin() as session:
        await _own(session, user, client_id)
        await client_changes.close(session, client_id, actor=user.actor, reason=body.reason, now=datetime.now(UTC))
        await onboarding.refresh(services, client_id)
    return await _view(services, user, client_id)


@router.post("/{client_id}/anonymise")
async def anonymise_client(client_id: ClientId, user: Closer, services: ServicesDep) -> ClientView:
    """Take the personal data and the files of a closed account. Refused before the term of conservation ends."""
    now = datetime.now(UTC)
    async with services.sessions() as session:
        await _own(session, user, client_id)
        keys = await client_retention.files_to_forget(session, client_id, now=now)
    for key in keys:
        await services.files.forget(key)
    async with services.sessions.begin() as session:
        await client_retention.anonymise(session, client_id, actor=user.actor, now=now)
    return await _view(services, user, client_id)


def _owner(user: SignedUser, asked: int | None) -> int | None:
    """A Trader registers for itself; Master for whom it says, or for nobody yet."""
    if user.role is Role.TRADER:
        return user.id
    return asked


async def _own(session: AsyncSession, user: SignedUser, client_id: int) -> None:
    await get_client(session, user.actor, client_id)


async def _view(services: Services, user: SignedUser, client_id: int) -> ClientView:
    async with services.sessions() as session:
        return whole(services, await get_client(session, user.actor, client_id))
