"""Passkeys of the people of the house and of clients: the same acts on two tables, no key opens another door."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from db import audit
from db.tables import Client, ClientPasskey, Passkey, User
from domain.errors import Conflict, Missing
from domain.operations import Actor

MOST_PASSKEYS = 10

Key = TypeVar("Key", Passkey, ClientPasskey)


@dataclass(frozen=True, kw_only=True)
class Holder:
    """For whom a passkey is made. `handle` is what the authenticator keeps: never the same for two people."""

    handle: str
    name: str
    shown: str


@dataclass(frozen=True, kw_only=True)
class NewKey:
    """A passkey that the browser has proven, and how its owner calls it."""

    credential_id: bytes
    public_key: bytes
    sign_count: int
    name: str


async def owned(session: AsyncSession, table: type[Key], owner_id: int) -> Sequence[Key]:
    """The passkeys of one person, oldest first."""
    return (await session.scalars(select(table).where(table.owner_id == owner_id).order_by(table.id))).all()


async def add(session: AsyncSession, table: type[Key], owner_id: int, new: NewKey, *, actor: Actor) -> None:
    """One more passkey of this person. Raises Conflict beyond ten."""
    owned_now = select(func.count()).where(table.owner_id == owner_id)
    if (await session.scalar(owned_now) or 0) >= MOST_PASSKEYS:
        raise Conflict("TOO_MANY_PASSKEYS", "Ya tienes 10 llaves. Quita una que no uses.")
    session.add(
        table(
            owner_id=owner_id,
            credential_id=new.credential_id,
            public_key=new.public_key,
            sign_count=new.sign_count,
            name=new.name,
        )
    )
    act, subject = _ADDED[table]
    audit.record(session, actor=actor, action=act, entity=subject, entity_id=owner_id, reason=new.name)


async def remove(session: AsyncSession, table: type[Key], owner_id: int, passkey_id: int, *, actor: Actor) -> None:
    """Take one of one's own away. Raises Missing."""
    own = (table.id == passkey_id, table.owner_id == owner_id)
    name = await session.scalar(delete(table).where(*own).returning(table.name))
    if name is None:
        raise Missing("PASSKEY_NOT_FOUND", "Esa llave ya no está.")
    act, subject = _REMOVED[table]
    audit.record(session, actor=actor, action=act, entity=subject, entity_id=owner_id, reason=name)


async def of_user(session: AsyncSession, credential_id: bytes) -> tuple[Passkey, User] | None:
    """A passkey and whose it is, if that person is active; the row is held until the transaction ends."""
    wanted = select(Passkey, User).join(User, User.id == Passkey.owner_id)
    standing = (Passkey.credential_id == credential_id, User.status == "Activo")
    found = (await session.execute(wanted.where(*standing).with_for_update(of=Passkey))).one_or_none()
    return (found[0], found[1]) if found else None


async def of_client(session: AsyncSession, credential_id: bytes) -> tuple[ClientPasskey, Client] | None:
    """The same of a client whose account is not closed; one that is blocked comes in as by password, to be told so."""
    wanted = select(ClientPasskey, Client).join(Client, Client.id == ClientPasskey.owner_id)
    standing = (ClientPasskey.credential_id == credential_id, Client.closed_at.is_(None))
    found = (await session.execute(wanted.where(*standing).with_for_update(of=ClientPasskey))).one_or_none()
    return (found[0], found[1]) if found else None


_ADDED = {Passkey: ("users.add_passkey", "user"), ClientPasskey: ("clients.add_passkey", "client")}
_REMOVED = {Passkey: ("users.remove_passkey", "user"), ClientPasskey: ("clients.remove_passkey", "client")}
