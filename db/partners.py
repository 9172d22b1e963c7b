"""Partners, their keys, and what each of them created. A key is random and only its hash is stored."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db import audit
from db.sessions import token_hash
from db.tables import Client, Operation, OperationEvent, Partner, PartnerClient, PartnerKey
from domain.errors import Conflict, Invalid, Missing
from domain.operations import Actor, ActorKind

PREFIX = "qck_"
KEY_BYTES = 32
HINT_LENGTH = 10
# Writing that a key is in use costs an update; once a minute tells as much.
SEEN_EVERY = timedelta(minutes=1)
RECENT = 50
MIN_NAME, MAX_NAME = 3, 80


@dataclass(frozen=True, kw_only=True)
class Issued:
    """A partner with its new key, which is shown this once."""

    partner: Partner
    key: str


async def create(session: AsyncSession, name: str, *, actor: Actor) -> Issued:
    """A new partner with its first key. Raises Invalid for its name, Conflict when there is one of that name."""
    wanted = " ".join(name.split())
    if not MIN_NAME <= len(wanted) <= MAX_NAME:
        raise Invalid("PARTNER_NAME", f"El nombre lleva de {MIN_NAME} a {MAX_NAME} letras.", field="name")
    if await session.scalar(select(Partner.id).where(func.lower(Partner.name) == wanted.lower())):
        raise Conflict("PARTNER_EXISTS", "Ya hay un aliado con ese nombre.", field="name")
    partner = Partner(name=wanted)
    session.add(partner)
    await session.flush()
    await session.refresh(partner)
    audit.record(session, actor=actor, action="partners.create", entity="partner", entity_id=partner.id)
    return Issued(partner=partner, key=await _new_key(session, partner.id))


async def rotate(session: AsyncSession, partner_id: int, *, grace: timedelta, actor: Actor, now: datetime) -> Issued:
    """Another key; those before it die after `grace`, so that the partner changes without an outage. Raises Missing."""
    partner = await _open(session, partner_id)
    until = now + grace
    alive = or_(PartnerKey.expires_at.is_(None), PartnerKey.expires_at > until)
    await session.execute(update(PartnerKey).where(PartnerKey.partner_id == partner_id, alive).values(expires_at=until))
    audit.record(session, actor=actor, action="partners.rotate_key", entity="partner", entity_id=partner_id)
    return Issued(partner=partner, key=await _new_key(session, partner_id))


async def close(session: AsyncSession, partner_id: int, *, actor: Actor, now: datetime) -> Partner:
    """No key of it works any more; its clients and operations stay. Raises Missing."""
    partner = await _open(session, partner_id)
    partner.closed_at = now
    await session.execute(
        update(PartnerKey)
        .where(PartnerKey.partner_id == partner_id, or_(PartnerKey.expires_at.is_(None), PartnerKey.expires_at > now))
        .values(expires_at=now)
    )
    audit.record(session, actor=actor, action="partners.close", entity="partner", entity_id=partner_id)
    return partner


async def by_name(session: AsyncSession, name: str) -> Partner:
    """The open partner of this name. Raises Missing."""
    wanted = select(Partner).where(func.lower(Partner.name) == name.strip().lower(), Partner.closed_at.is_(None))
    found = await session.scalar(wanted)
    if found is None:
        raise Missing("PARTNER_NOT_FOUND", f"No hay un aliado activo con el nombre {name}.")
    return found


async def listed(session: AsyncSession) -> Sequence[tuple[Partner, Sequence[PartnerKey]]]:
    """Every partner with its keys, the newest first."""
    partners = (await session.scalars(select(Partner).order_by(Partner.id.desc()))).all()
    keys = (await session.scalars(select(PartnerKey).order_by(PartnerKey.id.desc()))).all()
    return [(partner, [key for key in keys if key.partner_id == partner.id]) for partner in partners]


async def of_key(session: AsyncSession, key: str, *, now: datetime) -> Partner | None:
    """Whose living key this is; its use is written once a minute."""
    wanted = (
        select(Partner, PartnerKey)
        .join(PartnerKey, PartnerKey.partner_id == Partner.id)
        .where(PartnerKey.key_hash == token_hash(key), Partner.closed_at.is_(None))
        .where(or_(PartnerKey.expires_at.is_(None), PartnerKey.expires_at > now))
    )
    row = (await session.execute(wanted)).one_or_none()
    if row is None:
        return None
    partner, kept = row
    if kept.last_used_at is None or now - kept.last_used_at >= SEEN_EVERY:
        await session.execute(update(PartnerKey).where(PartnerKey.id == kept.id).values(last_used_at=now))
    return partner


async def hold(session: AsyncSession, partner_id: int, document_number: str) -> None:
    """Until the transaction ends, this partner's other registrations of this document wait: five clicks are one."""
    name = f"partner:{partner_id}:{document_number}"
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0))))


async def adopt(session: AsyncSession, partner_id: int, client_id: int) -> None:
    """The partner registered this client."""
    session.add(PartnerClient(partner_id=partner_id, client_id=client_id))
    await session.flush()


async def own_client(session: AsyncSession, partner_id: int, document_number: str) -> Client | None:
    """The living client of this document, when the partner registered it."""
    wanted = (
        select(Client)
        .join(PartnerClient, PartnerClient.client_id == Client.id)
        .where(PartnerClient.partner_id == partner_id, Client.document_number == document_number)
        .where(Client.closed_at.is_(None))
    )
    return await session.scalar(wanted.order_by(Client.id).limit(1))


async def check_own(session: AsyncSession, partner_id: int, client_id: int) -> None:
    """Raises Missing when the partner did not register this client: for it there is none."""
    if await session.get(PartnerClient, (partner_id, client_id)) is None:
        raise Missing("CLIENT_NOT_FOUND", "No encontramos a ese cliente entre los tuyos.", field="dni")


async def operations(session: AsyncSession, partner_id: int, client_id: int) -> Sequence[Operation]:
    """The newest operations that the partner created for a client; those of the client's own hand are not its."""
    created = select(OperationEvent.operation_code).where(
        OperationEvent.operation_code == Operation.code,
        OperationEvent.event == "create",
        OperationEvent.actor_kind == ActorKind.PARTNER.value,
        OperationEvent.actor_id == partner_id,
    )
    wanted = select(Operation).where(Operation.client_id == client_id, created.exists())
    return (await session.scalars(wanted.order_by(Operation.id.desc()).limit(RECENT))).all()


async def _new_key(session: AsyncSession, partner_id: int) -> str:
    key = PREFIX + secrets.token_urlsafe(KEY_BYTES)
    session.add(PartnerKey(partner_id=partner_id, hint=key[:HINT_LENGTH], key_hash=token_hash(key)))
    await session.flush()
    return key


async def _open(session: AsyncSession, partner_id: int) -> Partner:
    partner = await session.get(Partner, partner_id, with_for_update=True)
    if partner is None or partner.closed_at is not None:
        raise Missing("PARTNER_NOT_FOUND", "No hay un aliado activo con ese número.")
    return partner
