"""Rules in the database: those in force with the statement they need, and what a definition would have raised."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from db.cases import audit_subject
from db.measures import Gauge, Operation, gauge
from db.tables import ComplianceRule, RuleTrial
from domain.calendar import business_day, day_bounds
from domain.errors import Conflict, Invalid, Missing
from domain.measures import Facts, Measure, MeasureName
from domain.rules import (
    Definition,
    RuleStatus,
    check_draft,
    check_key,
    check_publication,
    check_retirement,
    source_key,
)

LIST_MATCH = Measure(name=MeasureName.LIST_MATCH)
# How many of the clients that would ring most are told by name of their number.
MOST_CLIENTS = 20
LONGEST_TRIAL = timedelta(days=731)


@dataclass(frozen=True, kw_only=True)
class PublishedRule:
    """A published version."""

    key: str
    version: int
    definition: Definition


@dataclass(frozen=True, kw_only=True)
class RuleBook:
    """The rules in force, and the one statement that takes all their measures of one operation.

    `ids` are the versions that it was made of: each look answers those in force, so that a book is renewed as soon as
    somebody publishes or retires one, in every process, and without a question of its own.
    """

    ids: tuple[int, ...]
    rules: tuple[PublishedRule, ...]
    gauge: Gauge


# Hears how far a long reading has come, in per cent.
Tell = Callable[[int], Awaitable[None]]


@dataclass(frozen=True, kw_only=True)
class Look:
    """What is known of an operation as it is assessed."""

    client_id: int
    day: date
    facts: Facts

    @property
    def list_match(self) -> bool:
        """The client stands on a restrictive list."""
        return bool(self.facts[LIST_MATCH])


@dataclass(kw_only=True)
class Trial:
    """What a definition would have raised. `alerts` are those that it tells apart; months are `2026-11`."""

    operations: int = 0
    alerts: int = 0
    held: int = 0
    clients: Counter[int] = field(default_factory=Counter)
    months: Counter[str] = field(default_factory=Counter)
    codes: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """As it is kept and shown."""
        return {
            "operations": self.operations,
            "alerts": self.alerts,
            "held": self.held,
            "clients": len(self.clients),
            "months": dict(sorted(self.months.items())),
            "most": [{"client_id": one, "alerts": count} for one, count in self.clients.most_common(MOST_CLIENTS)],
            "examples": self.codes[:MOST_CLIENTS],
        }


async def in_force(session: AsyncSession) -> RuleBook:
    """The published rules."""
    published = select(ComplianceRule).where(ComplianceRule.status == RuleStatus.PUBLICADA)
    rows = (await session.scalars(published.order_by(ComplianceRule.id))).all()
    rules = tuple(
        PublishedRule(key=row.key, version=row.version, definition=Definition.model_validate(row.definition))
        for row in rows
    )
    measures = {LIST_MATCH, *(measure for rule in rules for measure in rule.definition.measures)}
    ids = select(func.array_agg(aggregate_order_by(ComplianceRule.id, ComplianceRule.id))).where(
        ComplianceRule.status == RuleStatus.PUBLICADA
    )
    taken = gauge(measures, Operation.code == bindparam("code"), also=[ids.scalar_subquery()])
    return RuleBook(ids=tuple(row.id for row in rows), rules=rules, gauge=taken)


async def look(session: AsyncSession, book: RuleBook | None, code: str) -> tuple[RuleBook, Look]:
    """The measures of an operation, with the book of rules that is in force now: `book` itself when it still is."""
    known = book or await in_force(session)
    row = (await session.execute(known.gauge.statement, {"code": code})).one()
    if tuple(row[-1] or ()) != known.ids:
        return await look(session, await in_force(session), code)
    return known, Look(client_id=row.client_id, day=business_day(row.created_at), facts=known.gauge.facts(row))


async def back_test(
    session: AsyncSession, key: str, definition: Definition, *, since: date, until: date, tell: Tell | None = None
) -> Trial:
    """What it would have raised on the operations created from `since` to `until` (Lima days, both included).

    With `tell` the period is read a stretch at a time, and each end of one is told as a whole percentage.
    """
    trial, told = Trial(), set[str]()
    for first, last in stretches(since, until) if tell else [(since, until)]:
        await _read_stretch(session, key, definition, days=(first, last), trial=trial, told=told)
        if tell:
            await tell(100 * ((last - since).days + 1) // ((until - since).days + 1))
    return trial


def stretches(since: date, until: date) -> list[tuple[date, date]]:
    """The period in at most ten parts of a month or more, in order: a window reads its past again in each."""
    days = (until - since).days + 1
    step = max(30, -(-days // 10))
    starts = [since + timedelta(days=passed) for passed in range(0, days, step)]
    return [(one, min(one + timedelta(days=step - 1), until)) for one in starts]


async def _read_stretch(
    session: AsyncSession, key: str, definition: Definition, *, days: tuple[date, date], trial: Trial, told: set[str]
) -> None:
    start, end = day_bounds(days[0])[0], day_bounds(days[1])[1]
    taken = gauge(definition.measures, Operation.created_at >= start, Operation.created_at < end, within=(start, end))
    # Of one cause, the first operation is the one that the assessments told of.
    in_turn = taken.statement.order_by(Operation.created_at, Operation.id)
    rows = await session.stream(in_turn.execution_options(yield_per=2000))
    async for row in rows:
        trial.operations += 1
        if not definition.rings(taken.facts(row)):
            continue
        trial.held += definition.hold
        day = business_day(row.created_at)
        cause = source_key(key, definition, code=row.code, client_id=row.client_id, day=day)
        if cause not in told:
            told.add(cause)
            trial.alerts += 1
            trial.clients[row.client_id] += 1
            trial.months[f"{day:%Y-%m}"] += 1
            trial.codes.append(row.code)


async def listed(
    session: AsyncSession, *, status: RuleStatus | None, before: int | None, limit: int
) -> Sequence[ComplianceRule]:
    """Versions of rules, newest first."""
    wanted = select(ComplianceRule).order_by(ComplianceRule.id.desc()).limit(limit)
    if status is not None:
        wanted = wanted.where(ComplianceRule.status == status)
    if before is not None:
        wanted = wanted.where(ComplianceRule.id < before)
    return (await session.scalars(wanted)).all()


async def one(session: AsyncSession, rule_id: int, *, lock: bool = False) -> ComplianceRule:
    """One version, locked when it is to be changed. Raises Missing."""
    found = await session.get(ComplianceRule, rule_id, with_for_update=lock or None, populate_existing=True)
    if found is None:
        raise Missing("RULE_UNKNOWN", "No existe esa regla.")
    return found


async def trials_of(session: AsyncSession, rule_id: int) -> Sequence[RuleTrial]:
    """Its back-tests, newest first."""
    return (
        await session.scalars(select(RuleTrial).where(RuleTrial.rule_id == rule_id).order_by(RuleTrial.id.desc()))
    ).all()


async def draft(session: AsyncSession, key: str, definition: Definition, *, by: int) -> ComplianceRule:
    """A draft of a new rule, or of the next version of one. Raises Invalid, or Conflict when there is one already."""
    check_draft(check_key(key), definition)
    newest = select(func.coalesce(func.max(ComplianceRule.version), 0)).where(ComplianceRule.key == key)
    row = ComplianceRule(
        key=key,
        version=(await session.scalar(newest) or 0) + 1,
        status=RuleStatus.BORRADOR,
        definition=definition.model_dump(mode="json"),
        author_id=by,
    )
    try:
        async with session.begin_nested():
            session.add(row)
    except IntegrityError as error:
        raise Conflict("RULE_DRAFT_EXISTS", "Esta regla ya tiene un borrador. Edítalo o descártalo.") from error
    _audit(session, row, by=by, action="borrador")
    return row


async def edit(session: AsyncSession, rule_id: int, definition: Definition, *, by: int) -> ComplianceRule:
    """Another definition of a draft; who wrote last is its author, and it must be tried again."""
    row = await one(session, rule_id, lock=True)
    if row.status is not RuleStatus.BORRADOR:
        raise Conflict("RULE_NOT_DRAFT", "Una versión publicada no se edita: crea un borrador.")
    check_draft(row.key, definition)
    row.definition, row.author_id = definition.model_dump(mode="json"), by
    _audit(session, row, by=by, action="borrador editado")
    return row


async def try_out(
    session: AsyncSession, rule_id: int, *, since: date, until: date, by: int, tell: Tell | None = None
) -> RuleTrial:
    """Back-test a version and keep what it told. Raises Invalid for a period that is none."""
    if not since <= until <= since + LONGEST_TRIAL:
        raise Invalid("PERIOD", "Elige un periodo de hasta dos años, del más antiguo al más nuevo.", field="since")
    row = await one(session, rule_id)
    definition = Definition.model_validate(row.definition)
    found = await back_test(session, row.key, definition, since=since, until=until, tell=tell)
    trial = RuleTrial(
        rule_id=row.id, definition=row.definition, since=since, until=until, result=found.as_json(), user_id=by
    )
    session.add(trial)
    _audit(session, row, by=by, action="prueba", detail=f"{found.alerts} alertas")
    await session.flush()
    return trial


async def publish(session: AsyncSession, rule_id: int, *, by: int, at: datetime) -> ComplianceRule:
    """Put a draft in force in the place of the version before. Raises Conflict or Forbidden."""
    row = await one(session, rule_id, lock=True)
    tried = select(RuleTrial.id).where(RuleTrial.rule_id == row.id, RuleTrial.definition == row.definition)
    check_publication(
        status=row.status,
        author=row.author_id,
        publisher=by,
        tried=await session.scalar(tried.limit(1)) is not None,
    )
    before = (ComplianceRule.key == row.key, ComplianceRule.status == RuleStatus.PUBLICADA)
    await session.execute(update(ComplianceRule).where(*before).values(status=RuleStatus.RETIRADA, retired_at=at))
    row.status, row.publisher_id, row.published_at = RuleStatus.PUBLICADA, by, at
    _audit(session, row, by=by, action="publicada")
    return row


async def retire(session: AsyncSession, rule_id: int, *, by: int, reason: str, at: datetime) -> ComplianceRule:
    """Take a version out of force, or throw a draft away; it stays readable. Raises Conflict."""
    row = await one(session, rule_id, lock=True)
    check_retirement(row.key, row.status)
    row.status, row.retired_at = RuleStatus.RETIRADA, at
    _audit(session, row, by=by, action="retirada", detail=reason)
    return row


def _audit(session: AsyncSession, row: ComplianceRule, *, by: int, action: str, detail: str = "") -> None:
    words = f"versión {row.version}. {detail}".strip()
    audit_subject(session, f"regla:{row.key}", user_id=by, action=action, detail=words)
