"""Monitoring rules: read, drafted, tried on past operations, published by a second person, retired."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import Field

from api import progress
from api.auth import SignedUser, requires_unseen
from api.services import ServicesDep
from api.staff.shapes import MAX_ID, PAGE, Answer, Body, Cursor, Limit, after, example, page
from db import rules
from db.cases import audit_subject
from db.tables import ComplianceRule
from domain.permissions import Permission
from domain.rules import Definition, RuleStatus

router = APIRouter(prefix="/api/staff/rules", tags=["Reglas de monitoreo"])

Reader = Annotated[SignedUser, requires_unseen(Permission.COMPLIANCE_READ)]
Author = Annotated[SignedUser, requires_unseen(Permission.COMPLIANCE_RULES)]
RuleId = Annotated[int, Path(ge=1, le=MAX_ID)]

_DEFINITION = {
    "name": "Ventas altas de clientes nuevos",
    "kind": "monitoreo",
    "severity": "Alta",
    "hold": False,
    "once": "operación",
    "conditions": [
        {"test": "kind", "kind": "Venta"},
        {"test": "new_client", "days": 30},
        {"test": "amount", "at_least": "8000.00"},
    ],
}


class DraftBody(Body):
    """A new rule, or the next version of one. All its conditions must hold for it to ring."""

    model_config = example(key="ventas-altas-nuevos", definition=_DEFINITION)
    key: str = Field(min_length=1, max_length=60)
    definition: Definition


class EditBody(Body):
    """The draft as it should be."""

    model_config = example(definition=_DEFINITION)
    definition: Definition


class PeriodBody(Body):
    """Lima days, both included; at most two years."""

    model_config = example(since="2026-05-01", until="2026-11-25")
    since: date
    until: date


class ReasonBody(Body):
    """Why."""

    model_config = example(reason="La reemplaza una regla más precisa")
    reason: str = Field(min_length=1, max_length=500)


class RuleLine(Answer):
    """One version. `words` says what it asks."""

    id: int
    key: str
    version: int
    status: RuleStatus
    name: str
    words: str
    severity: str
    hold: bool
    published_at: datetime | None
    retired_at: datetime | None


class RuleList(Answer):
    """A page of versions."""

    items: list[RuleLine]
    next_cursor: str | None


class ClientAlerts(Answer):
    """How often one client would have rung."""

    client_id: int
    alerts: int


class TrialResult(Answer):
    """What it would have raised: alerts by month, the clients that would ring most, and some operations."""

    operations: int
    alerts: int
    held: int
    clients: int
    months: dict[str, int]
    most: list[ClientAlerts]
    examples: list[str]


class TrialView(Answer):
    """One back-test. `current` says that the version still is what was tried."""

    since: date
    until: date
    at: datetime
    user_id: int
    current: bool
    result: TrialResult


class RuleView(RuleLine):
    """One version, whole."""

    definition: Definition
    author_id: int | None
    publisher_id: int | None
    drafted_at: datetime
    trials: list[TrialView]


@router.get("")
async def read_rules(
    *,
    user: Reader,
    services: ServicesDep,
    status: RuleStatus | None = None,
    cursor: Cursor = None,
    limit: Limit = PAGE,
) -> RuleList:
    """Every version of every rule, newest first."""
    async with services.sessions.begin() as session:
        rows = await rules.listed(session, status=status, before=after(cursor), limit=limit + 1)
        audit_subject(session, "reglas", user_id=user.id, action="visto")
    shown, following = page(rows, limit, lambda row: row.id)
    return RuleList(items=[_line(row) for row in shown], next_cursor=following)


@router.get("/{rule_id}")
async def read_rule(rule_id: RuleId, user: Reader, services: ServicesDep) -> RuleView:
    """One version with its back-tests."""
    async with services.sessions.begin() as session:
        row = await rules.one(session, rule_id)
        audit_subject(session, f"regla:{row.key}", user_id=user.id, action="visto")
    return await whole_rule(services, rule_id)


@router.post("")
async def draft_rule(body: DraftBody, user: Author, services: ServicesDep) -> RuleView:
    """Write a draft. It changes nothing until it is tried and somebody else publishes it."""
    async with services.sessions.begin() as session:
        row = await rules.draft(session, body.key, body.definition, by=user.id)
    return await whole_rule(services, row.id)


@router.post("/{rule_id}/edit")
async def edit_rule(rule_id: RuleId, body: EditBody, user: Author, services: ServicesDep) -> RuleView:
    """Change a draft. Its earlier back-tests no longer count."""
    async with services.sessions.begin() as session:
        await rules.edit(session, rule_id, body.definition, by=user.id)
    return await whole_rule(services, rule_id)


@router.post("/{rule_id}/back-test")
async def back_test_rule(rule_id: RuleId, body: PeriodBody, user: Author, services: ServicesDep) -> TrialView:
    """How many alerts it would have raised in the period, on whom. It raises none."""

    async def tell(percent: int) -> None:
        await progress.tell(services, user.id, f"prueba-{rule_id}", percent)

    async with services.sessions.begin() as session:
        trial = await rules.try_out(session, rule_id, since=body.since, until=body.until, by=user.id, tell=tell)
        await session.refresh(trial)
    return TrialView.model_validate({**_own(trial, TrialView), "current": True})


@router.post("/{rule_id}/publish")
async def publish_rule(rule_id: RuleId, user: Author, services: ServicesDep) -> RuleView:
    """Put it in force from the next operation on. Not by who wrote it, and only once it was tried as it stands."""
    async with services.sessions.begin() as session:
        await rules.publish(session, rule_id, by=user.id, at=datetime.now(UTC))
    return await whole_rule(services, rule_id)


@router.post("/{rule_id}/retire")
async def retire_rule(rule_id: RuleId, body: ReasonBody, user: Author, services: ServicesDep) -> RuleView:
    """Take it out of force, or throw the draft away. It stays readable."""
    async with services.sessions.begin() as session:
        await rules.retire(session, rule_id, by=user.id, reason=body.reason, at=datetime.now(UTC))
    return await whole_rule(services, rule_id)


async def whole_rule(services: ServicesDep, rule_id: int) -> RuleView:
    """One version as it is read; the look at it is audited by whoever shows it."""
    async with services.sessions() as session:
        row = await rules.one(session, rule_id)
        trials = await rules.trials_of(session, rule_id)
    tried = [
        TrialView.model_validate({**_own(trial, TrialView), "current": trial.definition == row.definition})
        for trial in trials
    ]
    return RuleView(
        **_line(row).model_dump(),
        definition=Definition.model_validate(row.definition),
        author_id=row.author_id,
        publisher_id=row.publisher_id,
        drafted_at=row.drafted_at,
        trials=tried,
    )


def _line(row: ComplianceRule) -> RuleLine:
    told = Definition.model_validate(row.definition)
    own = _own(row, RuleLine)
    return RuleLine.model_validate(
        {**own, "name": told.name, "words": told.words, "severity": told.severity.value, "hold": told.hold}
    )


def _own(row: object, view: type[Answer]) -> dict[str, object]:
    """What the row itself says of the view's fields."""
    return {name: getattr(row, name) for name in view.model_fields if hasattr(row, name)}
