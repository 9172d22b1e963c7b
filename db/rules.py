"""Rules in the database: those in force with the statement they need, and what a definition would have raised."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import bindparam, func, select
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.ext.asyncio import AsyncSession

from db.measures import Gauge, Operation, gauge
from db.tables import ComplianceRule
from domain.calendar import business_day, day_bounds
from domain.measures import Facts, Measure, MeasureName
from domain.rules import Definition, RuleStatus, source_key

LIST_MATCH = Measure(name=MeasureName.LIST_MATCH)
# How many of the clients that would ring most are told by name of their number.
MOST_CLIENTS = 20


@dataclass(frozen=True, kw_only=True)
class InForce:
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
    rules: tuple[InForce, ...]
    gauge: Gauge


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
        InForce(key=row.key, version=row.version, definition=Definition.model_validate(row.definition)) for row in rows
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


async def back_test(session: AsyncSession, key: str, definition: Definition, *, since: date, until: date) -> Trial:
    """What it would have raised on the operations created from `since` to `until` (Lima days, both included)."""
    start, end = day_bounds(since)[0], day_bounds(until)[1]
    taken = gauge(definition.measures, Operation.created_at >= start, Operation.created_at < end)
    trial, told = Trial(), set[str]()
    rows = await session.stream(taken.statement.execution_options(yield_per=2000))
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
    return trial


async def all_versions(session: AsyncSession) -> Sequence[ComplianceRule]:
    """Every version of every rule, the newest of each first."""
    ordered = select(ComplianceRule).order_by(ComplianceRule.key, ComplianceRule.version.desc())
    return (await session.scalars(ordered)).all()
