"""Restrictive lists in the database: what is in force, what a new version changes, and the swap from one to the other.

A swap is one transaction: whoever reads sees the whole former version or the whole new one. Only what changed is
written; the former version can still be read by its number.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from sqlalchemy import ColumnElement, and_, false, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db import audit
from db.tables import ListEntry, ListVersion
from domain.errors import Conflict
from domain.lists import Entry, ListChange, ListCode, Snapshot, Standing, doubt
from domain.operations import SYSTEM, Actor, ActorKind

Piece = TypeVar("Piece")
# Two swaps of one list at once would both close the same rows.
SWAP_LOCK = 7_310
AT_ONCE = 1000


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """The lists in force: each one's version, its entries, and the row of each entry by list and uid."""

    versions: Mapping[ListCode, int]
    entries: Sequence[Entry]
    rows: Mapping[tuple[ListCode, str], int]


async def active(session: AsyncSession) -> Mapping[ListCode, ListVersion]:
    """The version in force of each list that has one."""
    found = await session.scalars(select(ListVersion).where(ListVersion.retired_at.is_(None)))
    return {version.list_code: version for version in found}


async def active_numbers(session: AsyncSession) -> dict[ListCode, int]:
    """Only their numbers: what a client's check is compared with."""
    return {row.list_code: row.id for row in await session.execute(_ACTIVE_NUMBERS)}


_ACTIVE_NUMBERS = select(ListVersion.list_code, ListVersion.id).where(ListVersion.retired_at.is_(None))


async def versions(session: AsyncSession, code: ListCode, *, before: int | None, limit: int) -> Sequence[ListVersion]:
    """All versions of a list, newest first."""
    wanted = select(ListVersion).where(ListVersion.list_code == code).order_by(ListVersion.id.desc()).limit(limit)
    if before is not None:
        wanted = wanted.where(ListVersion.id < before)
    return (await session.scalars(wanted)).all()


async def load(session: AsyncSession) -> Loaded:
    """Every entry in force. Needs a transaction; a swap meanwhile changes nothing: entries are read by version."""
    numbers = await active_numbers(session)
    wanted = select(ListEntry).where(or_(false(), *(_in(code, number) for code, number in numbers.items())))
    entries: list[Entry] = []
    rows: dict[tuple[ListCode, str], int] = {}
    async for row in await session.stream_scalars(wanted.execution_options(yield_per=AT_ONCE)):
        entries.append(read(row))
        rows[row.list_code, row.uid] = row.id
        session.expunge(row)
    return Loaded(versions=numbers, entries=entries, rows=rows)


async def entries_of(session: AsyncSession, version: ListVersion) -> Sequence[Entry]:
    """A version as it was published, in force or not."""
    wanted = select(ListEntry).where(_in(version.list_code, version.id)).order_by(ListEntry.id)
    return [read(row) for row in await session.scalars(wanted)]


def read(row: ListEntry) -> Entry:
    """A row as the engine knows it."""
    return Entry.from_json(row.list_code, row.uid, row.kind, row.content, programs=row.programs, remarks=row.remarks)


async def compare(session: AsyncSession, snapshot: Snapshot) -> ListChange:
    """What taking this snapshot would change. Nothing is written."""
    known = await _digests(session, snapshot.list_code)
    new = {entry.uid: entry.digest for entry in snapshot.entries}
    return ListChange(
        added=tuple(uid for uid in new if uid not in known),
        changed=tuple(uid for uid, digest in new.items() if uid in known and known[uid] != digest),
        removed=tuple(uid for uid in known if uid not in new),
    )


async def swap(
    session: AsyncSession,
    snapshot: Snapshot,
    *,
    origin: str,
    now: datetime,
    actor: Actor = SYSTEM,
    trusted: bool = False,
) -> ListVersion | None:
    """Put the snapshot in force; None when it is what is in force already.

    Raises Conflict for one that is not believed (domain.lists.doubt), unless a person has `trusted` it.
    """
    await session.execute(select(func.pg_advisory_xact_lock(SWAP_LOCK)))
    standing = (await active(session)).get(snapshot.list_code)
    if standing is not None and standing.checksum == snapshot.checksum:
        standing.checked_at = now
        return None
    why = doubt(snapshot, _standing(standing))
    if why and not trusted:
        raise Conflict("LIST_DOUBTFUL", why)
    change = await compare(session, snapshot)
    version = await _new_version(session, snapshot, change, standing, origin=origin, now=now, actor=actor)
    await _close(session, snapshot.list_code, [*change.changed, *change.removed], standing)
    await _open(session, snapshot, {*change.added, *change.changed}, version)
    audit.record(
        session, actor=actor, action="lists.load", entity="list", entity_id=f"{snapshot.list_code}:{version.id}"
    )
    return version


async def _new_version(
    session: AsyncSession,
    snapshot: Snapshot,
    change: ListChange,
    standing: ListVersion | None,
    *,
    origin: str,
    now: datetime,
    actor: Actor,
) -> ListVersion:
    if standing is not None:
        standing.retired_at = now
        await session.flush()
    version = ListVersion(
        list_code=snapshot.list_code,
        checksum=snapshot.checksum,
        published=snapshot.published,
        origin=origin,
        entries=len(snapshot.entries),
        aliases=snapshot.names - len(snapshot.entries),
        documents=snapshot.documents,
        added=len(change.added),
        changed=len(change.changed),
        removed=len(change.removed),
        user_id=actor.id if actor.kind is ActorKind.STAFF else None,
        loaded_at=now,
        checked_at=now,
    )
    session.add(version)
    await session.flush()
    return version


async def _close(session: AsyncSession, code: ListCode, uids: Sequence[str], standing: ListVersion | None) -> None:
    if standing is None:
        return
    for some in _pieces(uids):
        gone = (ListEntry.list_code == code, ListEntry.uid.in_(some), ListEntry.last_version_id.is_(None))
        await session.execute(update(ListEntry).where(*gone).values(last_version_id=standing.id))


async def _open(session: AsyncSession, snapshot: Snapshot, uids: set[str], version: ListVersion) -> None:
    rows = [_row(entry, version.id) for entry in snapshot.entries if entry.uid in uids]
    for some in _pieces(rows):
        await session.execute(insert(ListEntry), some)


def _row(entry: Entry, version_id: int) -> dict[str, object]:
    return {
        "list_code": entry.list_code,
        "uid": entry.uid,
        "kind": entry.kind,
        "content": entry.as_json(),
        "programs": entry.programs,
        "remarks": entry.remarks,
        "fingerprint": entry.fingerprint,
        "digest": entry.digest,
        "first_version_id": version_id,
    }


def _in(code: ListCode, number: int) -> ColumnElement[bool]:
    """It stood in this version."""
    left = or_(ListEntry.last_version_id.is_(None), ListEntry.last_version_id >= number)
    return and_(ListEntry.list_code == code, ListEntry.first_version_id <= number, left)


def _pieces(rows: Sequence[Piece]) -> Iterator[Sequence[Piece]]:
    for start in range(0, len(rows), AT_ONCE):
        yield rows[start : start + AT_ONCE]


async def _digests(session: AsyncSession, code: ListCode) -> Mapping[str, str]:
    standing = (ListEntry.list_code == code, ListEntry.last_version_id.is_(None))
    found = await session.execute(select(ListEntry.uid, ListEntry.digest).where(*standing))
    return {row.uid: row.digest for row in found}


def _standing(version: ListVersion | None) -> Standing | None:
    return None if version is None else Standing(entries=version.entries, published=version.published)


def as_json(numbers: Mapping[ListCode, int]) -> dict[str, int]:
    """Versions as a check keeps them."""
    return {code.value: number for code, number in sorted(numbers.items())}


def codes(stored: Iterable[str]) -> frozenset[ListCode]:
    """The lists that a check used."""
    return frozenset(ListCode(one) for one in stored)
