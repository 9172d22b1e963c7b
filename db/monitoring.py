"""The assessment of an operation: rules in force, what is left in peace, cases opened, and the outcome, all at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import ARRAY, Text, any_, bindparam, literal, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from db.cases import open_or_join_case
from db.rules import Look, PublishedRule, RuleBook, look
from db.tables import CaseAlert, RuleSnooze, TransactionMonitoring
from domain.cases import CaseKind, Severity
from domain.operations import Assessment
from domain.rules import LIST_RULE, source_key


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A rule that rang for an operation. `told` says that its cause has its alert already."""

    rule: PublishedRule
    cause: str
    told: bool = False
    silenced: bool = False


async def assess(
    session: AsyncSession, book: RuleBook | None, code: str, *, occasion: str
) -> tuple[RuleBook, Assessment]:
    """Assess an operation once for the occasion; a repeat answers what was recorded.

    Whoever stands on a restrictive list is held whatever the rules say. A hold has its case in the same transaction:
    without one it would wait for nobody.
    """
    book, seen = await look(session, book, code)
    findings = await _findings(session, book, seen, code)
    heard = [one for one in findings if not one.silenced]
    held = seen.list_match or any(one.rule.definition.hold for one in heard)
    outcome = Assessment.HELD if held else Assessment.CLEAR
    if not await _recorded(session, seen, code, occasion=occasion, outcome=outcome, findings=findings):
        return book, await _known(session, code, occasion)
    for finding in heard:
        if not finding.told:
            await _raise(session, finding, seen, code)
    if seen.list_match and all(one.rule.key != LIST_RULE for one in heard):
        await open_case_of_list(session, client_id=seen.client_id, code=code)
    return book, outcome


async def open_case_of_list(session: AsyncSession, *, client_id: int, code: str) -> None:
    """The alert of a client that stands on a list and operates; the rule that ships tells the same cause."""
    await open_or_join_case(
        session,
        kind=CaseKind.LISTA,
        client_id=client_id,
        operation_code=code,
        severity=Severity.CRITICA,
        source_key=f"lista:{code}",
        summary="El cliente figura en una lista restrictiva y quiere operar.",
        holds=True,
    )


async def _findings(session: AsyncSession, book: RuleBook, seen: Look, code: str) -> Sequence[Finding]:
    """The rules that ring, each with whether it was told before or leaves this client in peace."""
    ringing = [
        Finding(
            rule=rule,
            cause=source_key(rule.key, rule.definition, code=code, client_id=seen.client_id, day=seen.day),
        )
        for rule in book.rules
        if rule.definition.rings(seen.facts)
    ]
    if not ringing:
        return ()
    values = {"causes": [one.cause for one in ringing], "client_id": seen.client_id, "now": datetime.now(UTC)}
    known = {(name, is_told) for name, is_told in await session.execute(_KNOWN_CAUSES, values)}
    return [
        Finding(
            rule=one.rule, cause=one.cause, told=(one.cause, True) in known, silenced=(one.rule.key, False) in known
        )
        for one in ringing
    ]


# Composed once: most operations of a busy client ask it.
_KNOWN_CAUSES = (
    select(CaseAlert.source_key, literal(value=True))
    .where(CaseAlert.source_key == any_(bindparam("causes", type_=ARRAY(Text))))
    .union_all(
        select(RuleSnooze.rule_key, literal(value=False)).where(
            RuleSnooze.client_id == bindparam("client_id"),
            RuleSnooze.until > bindparam("now"),
            RuleSnooze.ended_at.is_(None),
        )
    )
)


async def _recorded(
    session: AsyncSession,
    seen: Look,
    code: str,
    *,
    occasion: str,
    outcome: Assessment,
    findings: Sequence[Finding],
) -> bool:
    """Whether this assessment is the first of its occasion."""
    values = {
        "operation_code": code,
        "client_id": seen.client_id,
        "occasion": occasion,
        "outcome": outcome,
        "findings": _as_json(seen, findings),
    }
    return await session.scalar(_ONCE, values) is not None


_ONCE = insert(TransactionMonitoring.__table__).on_conflict_do_nothing().returning(TransactionMonitoring.__table__.c.id)  # type: ignore[arg-type] # a Table


def _as_json(seen: Look, findings: Sequence[Finding]) -> Mapping[str, object]:
    rules = [{"key": one.rule.key, "version": one.rule.version, "silenced": one.silenced} for one in findings]
    return {"list_match": seen.list_match, "rules": rules}


async def _known(session: AsyncSession, code: str, occasion: str) -> Assessment:
    recorded = select(TransactionMonitoring.outcome).where(
        TransactionMonitoring.operation_code == code, TransactionMonitoring.occasion == occasion
    )
    return (await session.scalars(recorded)).one()


async def _raise(session: AsyncSession, finding: Finding, seen: Look, code: str) -> None:
    definition = finding.rule.definition
    await open_or_join_case(
        session,
        kind=definition.kind,
        client_id=seen.client_id,
        operation_code=code,
        severity=definition.severity,
        source_key=finding.cause,
        summary=definition.found(seen.facts),
        rule_key=finding.rule.key,
        holds=definition.hold,
    )
