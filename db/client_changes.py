"""What the house changes of a client by hand: contact, identity, owner, block, closing. Each one transaction, audited.

The audit never holds the personal data itself: it can't be wiped, and after the term of conservation that data must go
(Ley 29733). A corrected identity is kept before and after in its own table, which anonymising blanks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from db import audit, clients, sessions
from db.notifications import notify
from db.tables import (
    Client,
    ClientIdentityChange,
    Operation,
    User,
)
from domain.clients import ClientStatus, DocumentType, KycStatus
from domain.errors import Conflict, Invalid
from domain.notifications import client_room
from domain.operations import OPEN, Actor, FieldChange
from domain.permissions import Role

CONTACT = ("email", "phone", "address", "department", "province", "district", "contact_person", "accepts_promotions")
IDENTITY = ("document_type", "document_number", "given_names", "paternal_surname", "maternal_surname", "company_name")
# As the existing web listens to it, before it signs itself out (contract, section 7).
CLOSED = "client_deleted"


async def edit(session: AsyncSession, client_id: int, values: Mapping[str, object], *, actor: Actor) -> Client:
    """Contact data, already read by the domain. The audit names the fields, not what they hold."""
    client = await _held(session, client_id)
    changed = [name for name in CONTACT if name in values and getattr(client, name) != values[name]]
    for name in changed:
        setattr(client, name, values[name])
    if "email" in changed:
        client.email_verified_at = None
    if changed:
        _audit(session, client_id, "clients.edit", actor, changes=[_named(name) for name in changed])
    await session.flush()
    return client


async def correct_identity(
    session: AsyncSession, client_id: int, values: Mapping[str, str], *, actor: Actor, reason: str
) -> Sequence[str]:
    """Names and document, with history; answers the fields that changed. Raises Conflict for a living document.

    Past operations and invoices keep what they said.
    """
    client = await _held(session, client_id)
    changed = [name for name in IDENTITY if name in values and getattr(client, name) != values[name]]
    for name in changed:
        row = ClientIdentityChange(
            client_id=client_id,
            field=name,
            before=str(getattr(client, name)),
            after=values[name],
            reason=reason,
            user_id=actor.id,
        )
        session.add(row)
        setattr(client, name, DocumentType(values[name]) if name == "document_type" else values[name])
    try:
        async with session.begin_nested():
            await session.flush()
    except IntegrityError as error:
        if "uq_clients_live_document" not in str(error.orig):
            raise
        raise clients.duplicate(DocumentType(values["document_type"]), values["document_number"]) from error
    if changed:
        _audit(
            session,
            client_id,
            "clients.correct_identity",
            actor,
            changes=[_named(name) for name in changed],
            reason=reason,
        )
    return changed


async def block(session: AsyncSession, client_id: int, *, actor: Actor, reason: str) -> Client:
    """It can't operate until it is unblocked; what is open goes on. Raises Conflict when it is blocked already."""
    client = await _held(session, client_id)
    if client.status is ClientStatus.BLOQUEADO:
        raise Conflict("ALREADY_BLOCKED", "Este cliente ya está bloqueado.")
    client.status, client.block_reason = ClientStatus.BLOQUEADO, reason
    _audit(session, client_id, "clients.block", actor, reason=reason)
    return client


async def unblock(session: AsyncSession, client_id: int, *, actor: Actor, reason: str) -> Client:
    """Activo again when its review stands, else Inactivo. Raises Conflict when it is not blocked."""
    client = await _held(session, client_id)
    if client.status is not ClientStatus.BLOQUEADO:
        raise Conflict("NOT_BLOCKED", "Este cliente no está bloqueado.")
    approved = client.kyc_status is KycStatus.APROBADO
    client.status = ClientStatus.ACTIVO if approved else ClientStatus.INACTIVO
    client.block_reason = ""
    _audit(session, client_id, "clients.unblock", actor, reason=reason)
    return client


async def reassign(
    session: AsyncSession, client_ids: Sequence[int], trader_id: int, *, actor: Actor, reason: str
) -> int:
    """Give clients to an active Trader; answers how many moved. Past operations stay with their trader (F033)."""
    trader = await session.get(User, trader_id)
    if trader is None or trader.role is not Role.TRADER or trader.status != "Activo":
        raise Invalid("TRADER_UNKNOWN", "Elige un Trader activo.", field="trader_id")
    moved = 0
    for client_id in sorted(set(client_ids)):
        client = await _held(session, client_id)
        if client.trader_id == trader_id:
            continue
        change = FieldChange(field="trader_id", before=str(client.trader_id or ""), after=str(trader_id))
        client.trader_id = trader_id
        moved += 1
        _audit(session, client_id, "clients.reassign", actor, changes=[change], reason=reason)
    await session.flush()
    return moved


async def close(session: AsyncSession, client_id: int, *, actor: Actor, reason: str, now: datetime) -> Client:
    """The account ends; its document may register again. What the law does not ask to keep goes now.

    Identity, documents and operations stay for the term of conservation (`retention_years`), then `anonymise` takes
    them. Raises Conflict while an operation is open.
    """
    client = await _held(session, client_id)
    open_code = await session.scalar(
        select(Operation.code).where(Operation.client_id == client_id, Operation.state.in_(OPEN)).limit(1)
    )
    if open_code:
        raise Conflict("OPERATION_OPEN", f"{open_code} sigue en curso. Termínala o cancélala antes de cerrar.")
    client.closed_at, client.status = now, ClientStatus.INACTIVO
    client.password_hash, client.temporary_password_hash, client.temporary_password_until = "", None, None
    client.accepts_promotions = False
    # Before its sessions and pushes end: the same commit tells both, in this order, and its sockets hear the first.
    told = {"client_id": client_id, "title": "QoriCash", "message": "Tu cuenta se cerró. Escríbenos si no lo pediste."}
    await notify(session, key=f"closed:{client_id}", room=client_room(client_id), event=CLOSED, payload=told)
    await sessions.end_of_client(session, client_id, now)
    _audit(session, client_id, "clients.close", actor, reason=reason)
    return client


def _named(name: str) -> FieldChange:
    return FieldChange(field=name, before="", after="")


async def _held(session: AsyncSession, client_id: int) -> Client:
    await clients.lock(session, client_id)
    return await clients.live(session, client_id)


def _audit(
    session: AsyncSession,
    client_id: int,
    action: str,
    actor: Actor,
    *,
    changes: Sequence[FieldChange] = (),
    reason: str = "",
) -> None:
    audit.record(
        session,
        actor=actor,
        action=action,
        entity="client",
        entity_id=client_id,
        changes=changes,
        reason=reason,
    )
