"""The people of a company client, and what one of them prepares for another to approve."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from db import audit, sessions
from db.tables import Client, CompanyPerson, IdempotencyKey, OperationRequest
from domain.clients import DocumentType
from domain.commands import NewOperation
from domain.companies import Member, RequestState, check_approves, check_prepares, check_waits
from domain.errors import Conflict, Forbidden, Missing
from domain.operations import Actor, ActorKind, FieldChange

MOST_PEOPLE = 20
SHOWN = 20
# A request lives for seconds: what has claimed no key by then never will.
LONGEST_CREATION = timedelta(minutes=5)


def member(row: CompanyPerson) -> Member:
    """Who is in, as the rules name it."""
    return Member(id=row.id, name=row.full_name, may_prepare=row.may_prepare, may_approve=row.may_approve)


async def company(session: AsyncSession, client_id: int, *, lock: bool = False) -> Client:
    """The company's own row. Raises Forbidden for a person's account."""
    row = await session.get_one(Client, client_id, with_for_update=lock)
    if row.document_type is not DocumentType.RUC:
        raise Forbidden("NOT_A_COMPANY", "Solo una empresa tiene personas.")
    return row


async def people(session: AsyncSession, client_id: int) -> Sequence[CompanyPerson]:
    """Who comes in for the company, by name."""
    living = (CompanyPerson.client_id == client_id, CompanyPerson.removed_at.is_(None))
    return (await session.scalars(select(CompanyPerson).where(*living).order_by(CompanyPerson.full_name))).all()


async def by_document(session: AsyncSession, client: Client | None, document: str) -> CompanyPerson | None:
    """Who comes in for this company with this document."""
    if client is None:
        return None
    living = (CompanyPerson.client_id == client.id, CompanyPerson.removed_at.is_(None))
    return await session.scalar(select(CompanyPerson).where(*living, CompanyPerson.document == document))


async def add(session: AsyncSession, person: CompanyPerson) -> CompanyPerson:
    """Let a person come in. Raises Forbidden, Conflict for one who is in already or one too many."""
    await company(session, person.client_id, lock=True)
    there = await people(session, person.client_id)
    if any(one.document == person.document for one in there):
        raise Conflict("PERSON_THERE", "Esa persona ya entra por tu empresa.", field="document")
    if len(there) >= MOST_PEOPLE:
        raise Conflict("PEOPLE_LIMIT", f"Una empresa tiene hasta {MOST_PEOPLE} personas.")
    session.add(person)
    await session.flush()
    _say(session, person.client_id, "clients.add_person", f"persona n.º {person.id}")
    return person


async def remove(session: AsyncSession, client_id: int, person_id: int, *, at: datetime) -> None:
    """It comes in no more, and is out at once everywhere. Raises Missing."""
    row = await session.get(CompanyPerson, person_id, with_for_update=True)
    if row is None or row.client_id != client_id or row.removed_at is not None:
        raise Missing("PERSON_UNKNOWN", "Esa persona ya no entra por tu empresa.")
    row.removed_at = at
    await sessions.end_of_person(session, row.id, at)
    _say(session, client_id, "clients.remove_person", f"persona n.º {row.id}")


async def set_two_people(session: AsyncSession, client_id: int, *, on: bool) -> None:
    """Whether what one of them prepares another one approves. Raises Forbidden."""
    row = await company(session, client_id, lock=True)
    change = FieldChange(field="two_people", before=_yes(on=row.two_people), after=_yes(on=on))
    row.two_people = on
    _say(session, client_id, "clients.two_people", "", changes=[change])


async def set_password(session: AsyncSession, person_id: int, hashed: str, *, keep_session: int, now: datetime) -> None:
    """A person's own password; its other sessions end."""
    row = await session.get_one(CompanyPerson, person_id, with_for_update=True)
    row.password_hash = hashed
    await sessions.end_of_person(session, row.id, now, keep=keep_session)


async def prepare(session: AsyncSession, wanted: NewOperation, *, key: str, by: Member | None) -> OperationRequest:
    """Keep what somebody prepared, once for its click. Raises Forbidden for who only approves."""
    check_prepares(by)
    made = insert(OperationRequest).values(
        client_id=wanted.client_id,
        key=key,
        kind=wanted.kind,
        amount_usd=wanted.amount_usd,
        source_account_id=wanted.source_account_id,
        destination_account_id=wanted.destination_account_id,
        coupon=wanted.coupon,
        state=RequestState.POR_APROBAR,
        prepared_by=by.id if by else None,
    )
    await session.execute(made.on_conflict_do_nothing(index_elements=["client_id", "key"]))
    same = (OperationRequest.client_id == wanted.client_id, OperationRequest.key == key)
    return (await session.scalars(select(OperationRequest).where(*same))).one()


async def requests(session: AsyncSession, client_id: int) -> Sequence[OperationRequest]:
    """What was prepared, newest first."""
    wanted = select(OperationRequest).where(OperationRequest.client_id == client_id)
    return (await session.scalars(wanted.order_by(OperationRequest.id.desc()).limit(SHOWN))).all()


async def waiting(session: AsyncSession, client_id: int) -> int:
    """How many wait for a yes or a no."""
    still = (OperationRequest.client_id == client_id, OperationRequest.state == RequestState.POR_APROBAR)
    return await session.scalar(select(func.count()).select_from(OperationRequest).where(*still)) or 0


async def request_of(session: AsyncSession, client_id: int, request_id: int, *, lock: bool = False) -> OperationRequest:
    """One of the company's own. Raises Missing."""
    row = await session.get(OperationRequest, request_id, with_for_update=lock)
    if row is None or row.client_id != client_id:
        raise Missing("REQUEST_UNKNOWN", "No encontramos ese pedido.")
    return row


async def approve(
    session: AsyncSession, client_id: int, request_id: int, *, by: Member | None, at: datetime
) -> OperationRequest:
    """Say yes: its operation may be created, by the key of the request, as often as it takes.

    A yes that died before its operation was created is given again by anybody who may. Raises Forbidden, Conflict.
    """
    row = await request_of(session, client_id, request_id, lock=True)
    check_waits(row.state)
    check_approves(by, prepared_by=row.prepared_by)
    if row.state is RequestState.POR_APROBAR:
        row.state, row.decided_by, row.decided_at = RequestState.APROBADA, by.id if by else None, at
        _say(session, client_id, "clients.approve_request", _who(row))
    return row


async def created(session: AsyncSession, client_id: int, request_id: int, code: str) -> None:
    """Its operation is there."""
    row = await request_of(session, client_id, request_id, lock=True)
    row.operation_code = code


async def refused(session: AsyncSession, client_id: int, request_id: int) -> None:
    """The operation can not be created now: the request waits again, for a rule that forbids it may pass."""
    row = await request_of(session, client_id, request_id, lock=True)
    if not row.operation_code:
        row.state, row.decided_by, row.decided_at = RequestState.POR_APROBAR, None, None


async def discard(session: AsyncSession, client_id: int, request_id: int, *, by: Member | None, at: datetime) -> None:
    """It will not be created. Raises Conflict once it was approved, unless that yes died long ago and began nothing."""
    row = await request_of(session, client_id, request_id, lock=True)
    if row.state is RequestState.APROBADA and not await _came_to_nothing(session, row, at):
        raise Conflict(
            "REQUEST_APPROVED", "Este pedido ya se aprobó. Si en unos minutos no está su operación, apruébalo otra vez."
        )
    if row.state is not RequestState.DESCARTADA:
        row.state, row.decided_by, row.decided_at = RequestState.DESCARTADA, by.id if by else None, at
        _say(session, client_id, "clients.discard_request", _who(row))


async def _came_to_nothing(session: AsyncSession, row: OperationRequest, at: datetime) -> bool:
    """Whether no operation was, or still may be, made of a yes: nobody has claimed the key of the request."""
    if row.operation_code or row.decided_at is None or at - row.decided_at < LONGEST_CREATION:
        return False
    claimed = select(IdempotencyKey.key).where(IdempotencyKey.key == operation_key(row.id))
    return await session.scalar(claimed.where(IdempotencyKey.scope == f"{ActorKind.CLIENT}:{row.client_id}")) is None


def operation_key(request_id: int) -> str:
    """The key by which the operation of a request is created, once, whoever says yes and how often."""
    return f"pedido-{request_id}"


def _who(row: OperationRequest) -> str:
    return f"pedido n.º {row.id}: preparó {_named(row.prepared_by)}, decidió {_named(row.decided_by)}"


def _named(person_id: int | None) -> str:
    """By number: the audit holds no names."""
    return f"persona n.º {person_id}" if person_id else "la empresa"


def _yes(*, on: bool) -> str:
    return "sí" if on else "no"


def _say(
    session: AsyncSession, client_id: int, action: str, reason: str, *, changes: Sequence[FieldChange] = ()
) -> None:
    actor = Actor(kind=ActorKind.CLIENT, id=client_id)
    audit.record(
        session, actor=actor, action=action, entity="client", entity_id=client_id, changes=changes, reason=reason
    )
