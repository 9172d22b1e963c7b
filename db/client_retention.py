"""The end of a closed account's term of conservation: its personal data goes, amounts, dates and ids stay (Ley 29733).

Files go first: a process that dies in between finds the account still due and forgets them again: that changes nothing.
What was sent to NubeFact stays: comprobantes are SUNAT's too, and their attempts are append-only.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, CompoundSelect, delete, select, union, update
from sqlalchemy.ext.asyncio import AsyncSession

from db import audit, parameters
from db.tables import (
    Client,
    ClientAccount,
    ClientDevice,
    ClientDocument,
    ClientHit,
    ClientIdentityChange,
    ClientPasskey,
    Operation,
    Proof,
)
from domain.calendar import business_day, format_day
from domain.errors import Conflict
from domain.operations import SYSTEM, Actor

GONE = "Cuenta anonimizada"


async def due(session: AsyncSession, *, now: datetime) -> Sequence[int]:
    """Closed accounts whose term of conservation is over."""
    years = int(await parameters.value(session, "retention_years", business_day(now)))
    wanted = select(Client.id).where(Client.closed_at <= _years_before(now, years), Client.anonymised_at.is_(None))
    return (await session.scalars(wanted.order_by(Client.id))).all()


async def files_to_forget(session: AsyncSession, client_id: int, *, now: datetime) -> Sequence[str]:
    """Keys of the documents and proofs that nobody else sent. Raises Conflict before the term.

    A key names the content: whoever registered again with the same picture still needs it.
    """
    await _past_its_term(session, client_id, now=now)
    mine = await session.scalars(_files_of(Client.id == client_id))
    others = _files_of(Client.id != client_id, Client.anonymised_at.is_(None)).subquery()
    keys = set(mine)
    shared = await session.scalars(select(others.c.file_key).where(others.c.file_key.in_(keys)))
    return sorted(keys - set(shared))


async def anonymise(session: AsyncSession, client_id: int, *, now: datetime, actor: Actor = SYSTEM) -> None:
    """Take the personal data of a closed account whose term is over, once. Raises Conflict before the term."""
    client = await _past_its_term(session, client_id, now=now)
    if client.anonymised_at is not None:
        return
    client.document_number = hashlib.sha256(f"{client.id}:{client.document_number}".encode()).hexdigest()[:20]
    client.given_names, client.paternal_surname, client.maternal_surname = GONE, "", ""
    client.company_name = client.contact_person = client.phone = client.address = client.district = ""
    client.email, client.anonymised_at = "", now
    changes = ClientIdentityChange
    for statement in (
        update(ClientAccount).where(ClientAccount.client_id == client_id).values(number="", identity=""),
        # Numbers are copied into each operation at its creation (F156).
        update(Operation).where(Operation.client_id == client_id).values(source_account="", destination_account=""),
        update(ClientDocument).where(ClientDocument.client_id == client_id).values(reason=""),
        update(changes).where(changes.client_id == client_id).values(before="", after=""),
        # Why it matched a list tells its name word by word; that it did, and what was decided, stays.
        update(ClientHit).where(ClientHit.client_id == client_id).values(explanation={}),
        delete(ClientPasskey).where(ClientPasskey.owner_id == client_id),
        delete(ClientDevice).where(ClientDevice.client_id == client_id),
    ):
        await session.execute(statement)
    audit.record(session, actor=actor, action="clients.anonymise", entity="client", entity_id=client_id)


async def _past_its_term(session: AsyncSession, client_id: int, *, now: datetime) -> Client:
    """The client, locked. Raises Conflict: what the law keeps, nobody takes."""
    client = await session.get_one(Client, client_id, with_for_update=True)
    years = int(await parameters.value(session, "retention_years", business_day(now)))
    if client.closed_at is None:
        raise Conflict("CLIENT_OPEN", "Cierra la cuenta antes de anonimizarla.")
    if client.closed_at > _years_before(now, years):
        until = format_day(business_day(_years_before(client.closed_at, -years)))
        raise Conflict("RETENTION", f"La ley pide conservar estos datos hasta el {until}.")
    return client


def _files_of(*whose: ColumnElement[bool]) -> CompoundSelect[str]:
    papers = select(ClientDocument.file_key).join(Client, Client.id == ClientDocument.client_id).where(*whose)
    sent = select(Proof.file_key).join(Operation, Operation.code == Proof.operation_code)
    return union(papers, sent.join(Client, Client.id == Operation.client_id).where(*whose))


def _years_before(instant: datetime, years: int) -> datetime:
    """The same day of another year; 29 February becomes 28."""
    day = 28 if (instant.month, instant.day) == (2, 29) else instant.day
    return instant.astimezone(UTC).replace(year=instant.year - years, day=day)
