"""Checks of clients against the lists: who a client is for them, what the check said, and runs over everybody."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from db import hits, lists, risk_batches
from db.client_reads import display_name
from db.tables import Client, ClientHit, ListCheck, ListVersion, ScreeningRun
from domain.cases import Decision
from domain.clients import DocumentType
from domain.lists import EntryKind, ListCode, digest
from domain.risk import ListStatus
from domain.screening import RUC_OF_PERSON, CheckResult, Finding, HitState, Subject, result

OCCASION = "revisión en listas"
# After this long the outside service is asked again about the same person.
ASK_AGAIN = timedelta(days=90)
_STATUS = {
    CheckResult.COINCIDENCIA: ListStatus.COINCIDENCIA,
    CheckResult.LIMPIO: ListStatus.LIMPIO,
    # Not all lists were there: nobody has wholly checked this client (F254).
    CheckResult.PARCIAL: ListStatus.SIN_REVISAR,
    CheckResult.SIN_REVISAR: ListStatus.SIN_REVISAR,
}


@dataclass(frozen=True, kw_only=True)
class Checked:
    """A client as it was compared, and what was found."""

    client_id: int
    fingerprint: str
    findings: Sequence[Finding]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a check leaves: hits that nobody has decided, the strongest of them, and how many are new."""

    result: CheckResult
    open_hits: int = 0
    strongest: str = ""
    new_hits: int = 0


def subject_of(client: Client) -> Subject:
    """A client as lists would know it. A RUC that begins with 10 is a person's."""
    ruc = client.document_type is DocumentType.RUC
    company = ruc and not client.document_number.startswith(RUC_OF_PERSON)
    surnames = " ".join(part for part in (client.paternal_surname, client.maternal_surname) if part)
    return Subject(
        kind=EntryKind.ENTIDAD if company else EntryKind.PERSONA,
        name=display_name(client),
        surnames="" if ruc else surnames,
        document_type=client.document_type,
        document_number=client.document_number,
    )


def representative_of(client: Client) -> Subject | None:
    """Who speaks for a company, looked for by name alone; None for a person."""
    if subject_of(client).kind is EntryKind.PERSONA or not client.contact_person.strip():
        return None
    return Subject(kind=EntryKind.PERSONA, name=client.contact_person)


def fingerprint_of(client: Client) -> str:
    """Changes when the client is another person, or another one speaks for it."""
    who, speaks = subject_of(client).fingerprint, representative_of(client)
    return digest([who, speaks.fingerprint]) if speaks else who


async def clients_after(session: AsyncSession, client_id: int, *, limit: int) -> Sequence[Client]:
    """Living clients in order of id, to be looked at in pieces."""
    wanted = select(Client).where(Client.id > client_id, Client.closed_at.is_(None)).order_by(Client.id).limit(limit)
    return (await session.scalars(wanted)).all()


async def check_of(session: AsyncSession, client_id: int) -> ListCheck | None:
    """A client's last check; None when nobody has checked it."""
    return await session.get(ListCheck, client_id)


async def is_stale(session: AsyncSession, client_id: int) -> bool:
    """A list is newer than the client's last check, or the client is not the one that was checked."""
    client, check, in_force = (await session.execute(_LAST_CHECKED, {"client_id": client_id})).one()
    if in_force is None:
        return False
    return check is None or check.versions != in_force or check.subject_fingerprint != fingerprint_of(client)


# Asked at every assessment, and so in one journey to the database. The versions are as `lists.as_json` writes them.
_IN_FORCE = select(func.jsonb_object_agg(ListVersion.list_code, ListVersion.id)).where(ListVersion.retired_at.is_(None))
_LAST_CHECKED = (
    select(Client, ListCheck, _IN_FORCE.scalar_subquery())
    .outerjoin(ListCheck, ListCheck.client_id == Client.id)
    .where(Client.id == bindparam("client_id"))
)


async def record(
    session: AsyncSession,
    checked: Sequence[Checked],
    *,
    numbers: Mapping[ListCode, int],
    standing: Mapping[tuple[ListCode, str], int | None],
    occasion: str,
    at: datetime,
) -> Mapping[int, Outcome]:
    """Write what a check of these clients against these versions found, in one transaction.

    Only clients that have, had or get a hit are held and read one by one: the others are a row each.
    """
    if not checked:
        return {}
    new = await _settle(session, checked, numbers=numbers, standing=standing, at=at)
    mine = await _live_by_client(session, [one.client_id for one in checked])
    outcomes = {
        one.client_id: _outcome(mine.get(one.client_id, ()), numbers, new_hits=new.get(one.client_id, 0))
        for one in checked
    }
    await _keep(session, checked, outcomes, numbers=numbers, occasion=occasion, at=at)
    statuses = {client_id: _STATUS[outcome.result] for client_id, outcome in outcomes.items()}
    await risk_batches.screened(session, statuses, occasion=OCCASION, at=at)
    return outcomes


async def is_unknown_outside(session: AsyncSession, client_id: int, *, at: datetime) -> bool:
    """The outside service has not answered about this person lately: it is paid by consultation."""
    check = await session.get(ListCheck, client_id, populate_existing=True)
    if check is None:
        return False
    told = check.inspektor_at is not None and at - check.inspektor_at < ASK_AGAIN
    return not told or check.inspektor_fingerprint != check.subject_fingerprint


async def record_outside(
    session: AsyncSession, client_id: int, findings: Sequence[Finding], *, number: str, at: datetime
) -> Outcome:
    """Write what the outside service said of a client, beside what the own lists said."""
    client = await session.get_one(Client, client_id, with_for_update=True, populate_existing=True)
    fingerprint = fingerprint_of(client)
    look = hits.Look(
        subject_fingerprint=fingerprint,
        looked_in=(ListCode.INSPEKTOR,),
        standing={(finding.list_code, finding.uid): None for finding in findings},
        at=at,
    )
    new = await hits.settle(session, client, findings, look)
    told = {"inspektor_at": at, "inspektor_fingerprint": fingerprint, "inspektor_number": number}
    await session.execute(update(ListCheck).where(ListCheck.client_id == client_id).values(**told))
    await rescore(session, client_id, at=at)
    return replace(await outcome_of(session, client_id), new_hits=new)


async def outcome_of(session: AsyncSession, client_id: int) -> Outcome:
    """How a client stands now, by its last check and the decisions since."""
    check = await session.get(ListCheck, client_id)
    used = lists.codes(check.versions) if check else frozenset()
    return _outcome(await hits.live(session, [client_id]), used)


async def rescore(session: AsyncSession, client_id: int, *, at: datetime) -> None:
    """After a decision: the check's result and the risk follow it."""
    outcome = await outcome_of(session, client_id)
    kept = update(ListCheck).where(ListCheck.client_id == client_id).values(result=outcome.result)
    await session.execute(kept)
    await risk_batches.screened(session, {client_id: _STATUS[outcome.result]}, occasion="decisión de listas", at=at)


async def follow_case(session: AsyncSession, case_id: int, decision: Decision, *, user_id: int, reason: str) -> None:
    """What is decided of a case is decided of the hits of it that nobody has decided yet."""
    state = HitState.DESCARTADA if decision is Decision.LIBERAR else HitState.CONFIRMADA
    now = datetime.now(UTC)
    for hit in await hits.undecided(session, case_id):
        await hits.decide(session, hit, state, user_id=user_id, reason=reason, at=now)
        await rescore(session, hit.client_id, at=now)


async def nothing_left(session: AsyncSession, case_id: int) -> bool:
    """No hit of the case waits, and none was confirmed."""
    mine = select(ClientHit.state).where(ClientHit.case_id == case_id, ClientHit.ended_at.is_(None))
    return all(state is HitState.DESCARTADA for state in await session.scalars(mine))


async def start_run(
    session: AsyncSession, *, cause: str, numbers: Mapping[ListCode, int], user_id: int | None
) -> ScreeningRun:
    """A look at everybody that begins now."""
    living = await session.scalar(select(func.count()).select_from(Client).where(Client.closed_at.is_(None)))
    run = ScreeningRun(cause=cause, versions=lists.as_json(numbers), clients=living or 0, user_id=user_id)
    session.add(run)
    await session.flush()
    return run


async def advance_run(
    session: AsyncSession, run_id: int, *, after: int, last: int, screened: int, new_hits: int, at: datetime | None
) -> ScreeningRun:
    """One piece more, counted once: an attempt that is repeated finds the run past `after`. `at` when it is over."""
    run = await session.get_one(ScreeningRun, run_id, with_for_update=True, populate_existing=True)
    if run.last_client_id == after:
        run.last_client_id, run.screened, run.new_hits = last, run.screened + screened, run.new_hits + new_hits
    run.finished_at = run.finished_at or at
    return run


async def list_runs(session: AsyncSession, *, before: int | None, limit: int) -> Sequence[ScreeningRun]:
    """Runs, newest first."""
    wanted = select(ScreeningRun).order_by(ScreeningRun.id.desc()).limit(limit)
    return (await session.scalars(wanted if before is None else wanted.where(ScreeningRun.id < before))).all()


async def _settle(
    session: AsyncSession,
    checked: Sequence[Checked],
    *,
    numbers: Collection[ListCode],
    standing: Mapping[tuple[ListCode, str], int | None],
    at: datetime,
) -> Mapping[int, int]:
    ids = [one.client_id for one in checked]
    having = {hit.client_id for hit in await hits.live(session, ids)}
    flagged = set(await session.scalars(select(Client.id).where(Client.id.in_(ids), Client.list_match)))
    new = {}
    for one in sorted(checked, key=lambda item: item.client_id):
        if not (one.findings or one.client_id in having or one.client_id in flagged):
            continue
        client = await session.get_one(Client, one.client_id, with_for_update=True, populate_existing=True)
        look = hits.Look(subject_fingerprint=one.fingerprint, looked_in=tuple(numbers), standing=standing, at=at)
        new[one.client_id] = await hits.settle(session, client, one.findings, look)
    return new


async def _live_by_client(session: AsyncSession, ids: Sequence[int]) -> Mapping[int, Sequence[ClientHit]]:
    found: dict[int, list[ClientHit]] = {}
    for hit in await hits.live(session, ids):
        found.setdefault(hit.client_id, []).append(hit)
    return found


def _outcome(mine: Sequence[ClientHit], used: Collection[ListCode], *, new_hits: int = 0) -> Outcome:
    standing = [hit for hit in mine if hit.state is not HitState.DESCARTADA]
    waiting = [hit for hit in standing if hit.state is HitState.NUEVA]
    best = max(waiting, key=lambda hit: hit.score, default=None)
    return Outcome(
        result=result(standing, used),
        open_hits=len(waiting),
        strongest=f"{best.list_code} {best.score}" if best else "",
        new_hits=new_hits,
    )


async def _keep(
    session: AsyncSession,
    checked: Sequence[Checked],
    outcomes: Mapping[int, Outcome],
    *,
    numbers: Mapping[ListCode, int],
    occasion: str,
    at: datetime,
) -> None:
    rows = [
        {
            "client_id": one.client_id,
            "result": outcomes[one.client_id].result,
            "versions": lists.as_json(numbers),
            "subject_fingerprint": one.fingerprint,
            "occasion": occasion,
            "checked_at": at,
        }
        for one in checked
    ]
    kept = insert(ListCheck).values(rows)
    newer = {name: kept.excluded[name] for name in rows[0] if name != "client_id"}
    await session.execute(kept.on_conflict_do_update(index_elements=["client_id"], set_=newer))
