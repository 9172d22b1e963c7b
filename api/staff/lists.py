"""Restrictive lists as the officer sees them: what is in force and since when, former versions, own lists by sheet."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, File, Form, UploadFile
from pydantic import Field

from api import screening
from api.auth import SignedUser, requires_unseen
from api.services import ServicesDep
from api.staff.shapes import PAGE, Answer, Body, Cursor, Limit, after, example, page
from db import incidents, lists, screenings
from db.tables import ListVersion
from domain.errors import Invalid
from domain.files import MAX_BYTES
from domain.lists import OUTDATED, OWN, ListChange, ListCode, Snapshot
from domain.permissions import Permission
from integrations.sanction_lists import sheets
from integrations.sanction_lists.errors import ListUnreadable
from workflows.screening_messages import RunOrder

router = APIRouter(prefix="/api/staff/screening", tags=["Revisión en listas"])

Reader = Annotated[SignedUser, requires_unseen(Permission.COMPLIANCE_READ)]
Officer = Annotated[SignedUser, requires_unseen(Permission.COMPLIANCE_RESOLVE)]


class RunBody(Body):
    """Why everybody is looked at again."""

    model_config = example(cause="Revisión trimestral")
    cause: str = Field(min_length=1, max_length=120)


class VersionView(Answer):
    """A list as it was at one moment. `published` is the list's own date; `retired_at` when another took its place."""

    id: int
    list_code: ListCode
    checksum: str
    published: str
    origin: str
    entries: int
    aliases: int
    documents: int
    added: int
    changed: int
    removed: int
    user_id: int | None
    loaded_at: datetime
    checked_at: datetime | None
    retired_at: datetime | None


class ListView(Answer):
    """A list and its version in force, if it has one. `trouble`: why its last download was not taken."""

    list_code: ListCode
    in_force: VersionView | None
    trouble: str


class VersionList(Answer):
    """A page of versions."""

    items: list[VersionView]
    next_cursor: str | None


class ProblemView(Answer):
    """A row of the sheet that can't be taken."""

    row: int
    words: str


class ImportView(Answer):
    """What a sheet would change, or has changed."""

    done: bool
    entries: int
    aliases: int
    documents: int
    added: int
    changed: int
    removed: int
    problems: list[ProblemView]
    version_id: int | None


class RunView(Answer):
    """A look at everybody: how far it has come."""

    id: int
    cause: str
    versions: dict[str, int]
    clients: int
    screened: int
    new_hits: int
    user_id: int | None
    started_at: datetime
    finished_at: datetime | None


class RunList(Answer):
    """A page of runs."""

    items: list[RunView]
    next_cursor: str | None


class Ordered(Answer):
    """It was ordered; its progress is in the list of runs."""

    ordered: bool = True


@router.get("/lists")
async def read_lists(_user: Reader, services: ServicesDep) -> list[ListView]:
    """Every list with its version in force and its counts."""
    async with services.sessions() as session:
        active = await lists.active(session)
        trouble = await incidents.open_reasons(session, kind=OUTDATED)
    return [
        ListView(list_code=code, in_force=_version(active.get(code)), trouble=trouble.get(code, ""))
        for code in ListCode
        if code is not ListCode.INSPEKTOR
    ]


@router.get("/lists/{list_code}/versions")
async def read_versions(
    *, list_code: ListCode, _user: Reader, services: ServicesDep, cursor: Cursor = None, limit: Limit = PAGE
) -> VersionList:
    """Every version that the house has used, newest first."""
    async with services.sessions() as session:
        rows = await lists.versions(session, list_code, before=after(cursor), limit=limit + 1)
    shown, following = page(rows, limit, lambda row: row.id)
    return VersionList(items=[VersionView.model_validate(row) for row in shown], next_cursor=following)


@router.post("/lists/{list_code}/import")
async def import_list(
    *,
    list_code: ListCode,
    user: Officer,
    services: ServicesDep,
    file: Annotated[UploadFile, File()],
    dry_run: Annotated[bool, Form(description="Solo decir qué cambiaría.")] = True,
) -> ImportView:
    """Put an own list (PEP, INTERNA) in force from its sheet (.xlsx or .csv), whole. Everybody is then looked at.

    A sheet with problems changes nothing: they come back with the number of each row.
    """
    if list_code not in OWN:
        raise Invalid("LIST_NOT_OWN", "Solo las listas PEP e INTERNA se importan por hoja.", field="list_code")
    sheet = await _sheet(file, list_code)
    if dry_run or sheet.problems:
        async with services.sessions() as session:
            change = await lists.compare(session, sheet.snapshot)
        return _told(sheet, change, version=None)
    async with services.sessions.begin() as session:
        change = await lists.compare(session, sheet.snapshot)
        version = await lists.swap(
            session, sheet.snapshot, origin=file.filename or "hoja", now=datetime.now(UTC), actor=user.actor
        )
    if version is not None:
        await screening.look_at_all(services, RunOrder(cause=f"Lista nueva: {list_code}", user_id=user.id))
    return _told(sheet, change, version=version, done=True)


@router.post("/runs", status_code=202)
async def look_at_all(body: RunBody, user: Officer, services: ServicesDep) -> Ordered:
    """Look at every client again, against the lists in force."""
    await screening.look_at_all(services, RunOrder(cause=body.cause, user_id=user.id))
    return Ordered()


@router.get("/runs")
async def read_runs(*, _user: Reader, services: ServicesDep, cursor: Cursor = None, limit: Limit = PAGE) -> RunList:
    """Looks at everybody, newest first, with how far each has come."""
    async with services.sessions() as session:
        rows = await screenings.list_runs(session, before=after(cursor), limit=limit + 1)
    shown, following = page(rows, limit, lambda row: row.id)
    return RunList(items=[RunView.model_validate(row) for row in shown], next_cursor=following)


async def _sheet(file: UploadFile, list_code: ListCode) -> sheets.Sheet:
    content = await file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise Invalid("FILE_TOO_LARGE", "El archivo pesa más de 10 MB.", field="file")
    try:
        return await asyncio.to_thread(sheets.read, content, list_code)
    except ListUnreadable as error:
        raise Invalid("SHEET_UNREADABLE", str(error), field="file") from error


def _told(sheet: sheets.Sheet, change: ListChange, *, version: ListVersion | None, done: bool = False) -> ImportView:
    snapshot: Snapshot = sheet.snapshot
    return ImportView(
        done=done,
        entries=len(snapshot.entries),
        aliases=snapshot.names - len(snapshot.entries),
        documents=snapshot.documents,
        added=len(change.added),
        changed=len(change.changed),
        removed=len(change.removed),
        problems=[ProblemView.model_validate(one) for one in sheet.problems],
        version_id=version.id if version else None,
    )


def _version(row: ListVersion | None) -> VersionView | None:
    return None if row is None else VersionView.model_validate(row)
