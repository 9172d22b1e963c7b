"""Clients: found by document, registered once, with their passwords and the papers that they send."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from db import audit, email_codes, risk, sessions
from db.notifications import notify
from db.tables import Client, ClientDocument, RewardCode
from domain.clients import ClientStatus, DocumentKind, DocumentType, KycStatus, masked
from domain.errors import Conflict, Invalid, Missing
from domain.notifications import PASSWORD_CHANGED, client_room
from domain.operations import Actor, ActorKind, StoredFile
from domain.referrals import CODE_LENGTH, code_from

# Ten draws among 32⁶ codes that are all taken mean a fault, not bad luck.
DRAWS = 10


@dataclass(frozen=True, kw_only=True)
class NewClient:
    """A person or company as it registers itself, already read and checked by the domain.

    `email` may hold several addresses joined by `;`; `referral_code` is another client's, or empty.
    """

    document_type: DocumentType
    document_number: str
    email: str
    given_names: str = ""
    paternal_surname: str = ""
    maternal_surname: str = ""
    company_name: str = ""
    contact_person: str = ""
    phone: str = ""
    address: str = ""
    department: str = ""
    province: str = ""
    district: str = ""
    origin: str = "web"
    accepts_promotions: bool = False
    referral_code: str = ""
    trader_id: int | None = None
    registered_by: int | None = None


async def by_document(session: AsyncSession, number: str) -> Client | None:
    """The live client with this document number, of any type; None when there is none."""
    wanted = select(Client).where(Client.document_number == number, Client.closed_at.is_(None))
    return await session.scalar(wanted.order_by(Client.id).limit(1))


async def live(session: AsyncSession, client_id: int) -> Client:
    """The client. Raises Missing when it has been closed."""
    client = await session.get(Client, client_id)
    if client is None or client.closed_at is not None:
        raise Missing("CLIENT_NOT_FOUND", "No encontramos esta cuenta.")
    return client


async def documents_by_id(session: AsyncSession, client_ids: Iterable[int]) -> Mapping[int, str]:
    """The document numbers of these clients."""
    wanted = select(Client.id, Client.document_number).where(Client.id.in_(list(client_ids)))
    return {row.id: row.document_number for row in await session.execute(wanted)}


async def lock(session: AsyncSession, client_id: int) -> None:
    """Hold the client's row: what it owns changes one request at a time."""
    await session.execute(select(Client.id).where(Client.id == client_id).with_for_update())


async def register(
    session: AsyncSession, new: NewClient, *, password_hash: str, now: datetime, actor: Actor | None = None
) -> Client:
    """A new client, Inactivo until its KYC is approved (F134, F135), with its risk profile (F144).

    One that registers itself has no staff owner (F182). An empty `password_hash` opens nothing until the client has a
    password by mail.

    Raises Conflict when the document is registered already, and Invalid for a referral code that is nobody's.
    """
    await _check_new_document(session, new)
    referrer = await _referrer(session, new.referral_code)
    client = Client(
        document_type=new.document_type,
        document_number=new.document_number,
        given_names=new.given_names,
        paternal_surname=new.paternal_surname,
        maternal_surname=new.maternal_surname,
        company_name=new.company_name,
        contact_person=new.contact_person,
        email=new.email,
        phone=new.phone,
        address=new.address,
        department=new.department,
        province=new.province,
        district=new.district,
        origin=new.origin,
        accepts_promotions=new.accepts_promotions,
        status=ClientStatus.INACTIVO,
        kyc_status=KycStatus.PENDIENTE,
        password_hash=password_hash,
        referral_code=await free_code(session),
        referred_by=referrer.id if referrer else None,
        used_referral_code=referrer.referral_code if referrer else None,
        trader_id=new.trader_id,
        registered_by=new.registered_by,
        email_verified_at=await email_codes.verified_at(session, new.email, now=now),
    )
    await _insert(session, client)
    by = actor or Actor(kind=ActorKind.CLIENT, id=client.id)
    audit.record(session, actor=by, action="clients.register", entity="client", entity_id=client.id)
    await risk.recompute(session, client.id, occasion="registro", at=now)
    return client


async def _insert(session: AsyncSession, client: Client) -> None:
    """The unique index decides between two registrations of one document at the same instant (F137)."""
    try:
        async with session.begin_nested():
            session.add(client)
    except IntegrityError as error:
        if "uq_clients_live_document" not in str(error.orig):
            raise
        raise duplicate(client.document_type, client.document_number) from error
    await session.refresh(client)


async def _check_new_document(session: AsyncSession, new: NewClient) -> None:
    same = select(Client.id).where(
        Client.document_type == new.document_type,
        Client.document_number == new.document_number,
        Client.closed_at.is_(None),
    )
    if await session.scalar(same) is not None:
        raise duplicate(new.document_type, new.document_number)


def duplicate(kind: DocumentType, number: str) -> Conflict:
    """What to answer when the document has an account already, without showing the document (F137)."""
    return Conflict(
        "DUPLICATE_DOCUMENT",
        f"El {kind} {masked(number)} ya tiene una cuenta. Ingresa, o recupera tu contraseña.",
        field="dni",
    )


async def _referrer(session: AsyncSession, code: str) -> Client | None:
    if not code:
        return None
    found = await session.scalar(select(Client).where(Client.referral_code == code, Client.closed_at.is_(None)))
    if found is None:
        raise Invalid("COUPON_UNKNOWN", "Ese código no existe. Revísalo o continúa sin código.", field="referral_code")
    return found


async def free_code(session: AsyncSession) -> str:
    """A code that no client and no reward has, so that one text never means two things."""
    for _ in range(DRAWS):
        drawn = code_from(secrets.token_bytes(CODE_LENGTH))
        taken = select(func.count()).where(
            or_(
                select(Client.id).where(Client.referral_code == drawn).exists(),
                select(RewardCode.id).where(RewardCode.code == drawn).exists(),
            )
        )
        if not await session.scalar(taken):
            return drawn
    raise RuntimeError("no free referral code in ten draws")


async def set_password(
    session: AsyncSession, client_id: int, password_hash: str, *, keep_session: int, now: datetime
) -> None:
    """The client's own new password. Any temporary one is void, and its other sessions end."""
    await session.execute(
        update(Client)
        .where(Client.id == client_id)
        .values(
            password_hash=password_hash,
            temporary_password_hash=None,
            temporary_password_until=None,
            requires_password_change=False,
        )
    )
    await sessions.end_of_client(session, client_id, now, keep=keep_session)
    await notify(
        session,
        key=f"password:{client_id}:{now.isoformat()}",
        room=client_room(client_id),
        event=PASSWORD_CHANGED,
        payload={"client_id": client_id},
    )
    themselves = Actor(kind=ActorKind.CLIENT, id=client_id)
    audit.record(session, actor=themselves, action="clients.change_password", entity="client", entity_id=client_id)


async def adopt_temporary_password(session: AsyncSession, client_id: int, used_hash: str, now: datetime) -> bool:
    """The temporary password has been used: only now the old one is void, and must be changed (F180).

    Every session from before ends, since whoever recovers an account may have lost it to somebody. False when another
    request adopted it first.
    """
    adopted = await session.scalar(
        update(Client)
        .where(Client.id == client_id, Client.temporary_password_hash == used_hash)
        .values(
            password_hash=used_hash,
            temporary_password_hash=None,
            temporary_password_until=None,
            requires_password_change=True,
        )
        .returning(Client.id)
    )
    if adopted is not None:
        await sessions.end_of_client(session, client_id, now)
    return adopted is not None


async def documents(session: AsyncSession, client_id: int) -> Mapping[str, ClientDocument]:
    """The newest paper of each kind that the client has sent."""
    wanted = select(ClientDocument).where(ClientDocument.client_id == client_id).order_by(ClientDocument.id)
    return {paper.kind: paper for paper in (await session.scalars(wanted)).all()}


async def add_documents(
    session: AsyncSession, client_id: int, papers: Sequence[tuple[DocumentKind, StoredFile]], *, actor: Actor
) -> None:
    """Keep papers that are already in the store; the same file sent twice is one row."""
    for kind, file in papers:
        row = {"client_id": client_id, "kind": kind.value, "file_key": file.key}
        once = insert(ClientDocument).values(**row, content_type=file.content_type, size=file.size)
        await session.execute(once.on_conflict_do_nothing())
    audit.record(session, actor=actor, action="clients.send_documents", entity="client", entity_id=client_id)
