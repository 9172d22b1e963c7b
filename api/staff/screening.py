"""Screening as the officer sees it: hits with their reasons, the decision on each, a client or a name looked at again.

To whom may not read compliance, every route here answers 404. Every look and every decision is in the case's story.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query
from pydantic import Field

from api import screening
from api.auth import SignedUser, requires_unseen
from api.services import Services, ServicesDep
from api.staff.cases import settle_case
from api.staff.shapes import (
    MAX_ID,
    PAGE,
    Answer,
    Body,
    Cursor,
    IdempotencyKey,
    Limit,
    after,
    example,
    key_or_new,
    page,
)
from db import audit, cases, hits, screenings
from db.client_reads import get_client
from db.tables import ClientHit, NameSearch
from domain.cases import CaseState, Decision
from domain.lists import EntryKind, ListCode
from domain.permissions import Permission
from domain.screening import CheckResult, HitState

router = APIRouter(prefix="/api/staff/screening", tags=["Revisión en listas"])

Reader = Annotated[SignedUser, requires_unseen(Permission.COMPLIANCE_READ)]
Officer = Annotated[SignedUser, requires_unseen(Permission.COMPLIANCE_RESOLVE)]
HitId = Annotated[int, Path(ge=1, le=MAX_ID)]
ClientId = Annotated[int, Path(ge=1, le=MAX_ID)]


class ReasonBody(Body):
    """Why."""

    model_config = example(reason="Homónimo: otra fecha de nacimiento y otro DNI")
    reason: str = Field(min_length=1, max_length=500)


class NameBody(Body):
    """A name to look for. What else is known speaks for or against a match."""

    model_config = example(name="Abelardo Chuquimia Solorio", kind="Persona", birth_date="1961-04-09")
    name: str = Field(min_length=2, max_length=200)
    # Ships and aircraft are on the lists, and no client is one: a search for them found nobody to compare with.
    kind: Literal[EntryKind.PERSONA, EntryKind.ENTIDAD] = EntryKind.PERSONA
    document_number: str = Field(default="", max_length=20)
    birth_date: date | None = None
    nationality: str = Field(default="", max_length=60)


class HitLine(Answer):
    """One hit of the queue. `likely`: taken for the same person until somebody says otherwise."""

    id: int
    client_id: int
    list_code: ListCode
    entry_uid: str
    listed_name: str
    score: int
    likely: bool
    state: HitState
    case_id: int
    found_at: datetime
    ended_at: datetime | None


class HitList(Answer):
    """A page of hits."""

    items: list[HitLine]
    next_cursor: str | None


class HitView(HitLine):
    """A hit with its reasons word by word, the entry as it is listed, and the decision."""

    explanation: dict[str, object]
    entry: dict[str, object] | None
    decided_by: int | None
    decided_at: datetime | None
    reason: str
    case_state: CaseState


class CheckView(Answer):
    """A client's last check, and its hits."""

    client_id: int
    result: CheckResult
    versions: dict[str, int]
    checked_at: datetime | None
    inspektor_at: datetime | None
    hits: list[HitLine]


class MatchView(Answer):
    """An entry that may be the name asked for."""

    list_code: ListCode
    uid: str
    name: str
    score: int
    likely: bool
    explanation: dict[str, object]


class SearchView(Answer):
    """What the lists say of a name, and which versions said it."""

    id: int
    result: CheckResult
    versions: dict[str, int]
    matches: list[MatchView]


@router.get("/hits")
async def read_hits(
    *,
    _user: Reader,
    services: ServicesDep,
    state: HitState | None = None,
    list_code: Annotated[ListCode | None, Query(alias="list")] = None,
    client_id: Annotated[int | None, Query(ge=1, le=MAX_ID)] = None,
    ended: bool = False,
    cursor: Cursor = None,
    limit: Limit = PAGE,
) -> HitList:
    """The queue, newest first. `ended` shows also those that no longer come."""
    wanted = hits.HitFilter(state=state, list_code=list_code, client_id=client_id, ended=ended)
    async with services.sessions() as session:
        rows = await hits.list_hits(session, wanted, before=after(cursor), limit=limit + 1)
    shown, following = page(rows, limit, lambda row: row.id)
    return HitList(items=[HitLine.model_validate(row) for row in shown], next_cursor=following)


@router.get("/hits/{hit_id}")
async def read_hit(hit_id: HitId, user: Reader, services: ServicesDep) -> HitView:
    """One hit with everything. That it was looked at joins the story of its case."""
    async with services.sessions.begin() as session:
        hit = await hits.get_hit(session, hit_id)
        words = f"{hit.list_code} {hit.entry_uid}"
        cases.audit(session, hit.case_id, user_id=user.id, action="coincidencia vista", detail=words)
    return await _whole(services, hit_id)


@router.post("/hits/{hit_id}/clear")
async def clear_hit(hit_id: HitId, body: ReasonBody, user: Officer, services: ServicesDep) -> HitView:
    """It is somebody else. When nothing of its case waits any more, the case closes and what it held goes on."""
    hit = await _decide(services, hit_id, HitState.DESCARTADA, user, body.reason)
    await _close_if_done(services, user, hit, body.reason)
    return await _whole(services, hit_id)


@router.post("/hits/{hit_id}/confirm")
async def confirm_hit(hit_id: HitId, body: ReasonBody, user: Officer, services: ServicesDep) -> HitView:
    """It is this person. What it holds stays held until its case is decided, so that the ROS is not forgotten."""
    await _decide(services, hit_id, HitState.CONFIRMADA, user, body.reason)
    return await _whole(services, hit_id)


@router.get("/clients/{client_id}")
async def read_check(client_id: ClientId, user: Reader, services: ServicesDep) -> CheckView:
    """A client's last check, and every hit that it has or had."""
    async with services.sessions() as session:
        await get_client(session, user.actor, client_id)
    return await _check(services, client_id)


@router.post("/clients/{client_id}")
async def check_client(
    client_id: ClientId, user: Officer, services: ServicesDep, key: IdempotencyKey = None
) -> CheckView:
    """Look at one client again, against the lists in force."""
    async with services.sessions.begin() as session:
        await get_client(session, user.actor, client_id)
        audit.record(session, actor=user.actor, action="screening.client", entity="client", entity_id=client_id)
    await screening.look_at_one(services, client_id, key=key_or_new(key))
    return await _check(services, client_id)


@router.post("/search")
async def search_name(body: NameBody, user: Officer, services: ServicesDep) -> SearchView:
    """What the lists say of a name. Who asked for it, and what was answered, is kept."""
    async with services.sessions.begin() as session:
        asked = NameSearch(user_id=user.id, **body.model_dump())
        session.add(asked)
        await session.flush()
        audit.record(session, actor=user.actor, action="screening.search", entity="name_search", entity_id=asked.id)
    await screening.search(services, asked.id)
    async with services.sessions() as session:
        told = await session.get_one(NameSearch, asked.id)
    return SearchView(
        id=told.id,
        result=told.result or CheckResult.SIN_REVISAR,
        versions=told.versions or {},
        matches=[MatchView.model_validate(one) for one in told.matches or []],
    )


async def _decide(services: Services, hit_id: int, state: HitState, user: SignedUser, reason: str) -> ClientHit:
    now = datetime.now(UTC)
    async with services.sessions.begin() as session:
        hit = await hits.get_hit(session, hit_id)
        await hits.decide(session, hit, state, user_id=user.id, reason=reason, at=now)
        await screenings.rescore(session, hit.client_id, at=now)
    return hit


async def _close_if_done(services: Services, user: SignedUser, hit: ClientHit, reason: str) -> None:
    """An escalated case, or one with a confirmed hit, is the officer's to close."""
    async with services.sessions.begin() as session:
        if not await screenings.nothing_left(session, hit.case_id):
            return
        case = await cases.get_case(session, hit.case_id, lock=True)
        if case.state is CaseState.PENDIENTE:
            await cases.take(session, case.id, user.id)
        elif case.state is not CaseState.EN_REVISION:
            return
    await settle_case(services, user, hit.case_id, Decision.LIBERAR, reason)


async def _check(services: Services, client_id: int) -> CheckView:
    async with services.sessions() as session:
        check = await screenings.check_of(session, client_id)
        mine = await hits.list_hits(session, hits.HitFilter(client_id=client_id, ended=True), before=None, limit=PAGE)
    return CheckView(
        client_id=client_id,
        result=check.result if check else CheckResult.SIN_REVISAR,
        versions=check.versions if check else {},
        checked_at=check.checked_at if check else None,
        inspektor_at=check.inspektor_at if check else None,
        hits=[HitLine.model_validate(hit) for hit in mine],
    )


async def _whole(services: Services, hit_id: int) -> HitView:
    async with services.sessions() as session:
        hit = await hits.get_hit(session, hit_id)
        entry = await hits.entry_of(session, hit)
        case = await cases.get_case(session, hit.case_id)
    return HitView(
        **HitLine.model_validate(hit).model_dump(),
        explanation=hit.explanation,
        entry=entry,
        decided_by=hit.decided_by,
        decided_at=hit.decided_at,
        reason=hit.reason,
        case_state=case.state,
    )
