"""Alerts of monitoring and of lists, each in its case."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query

from api.auth import SignedUser, requires_unseen
from api.services import ServicesDep
from api.staff.shapes import MAX_ID, PAGE, Answer, Cursor, Limit, after, page
from db import cases
from domain.cases import CaseState, Severity
from domain.permissions import Permission

router = APIRouter(prefix="/api/staff/alerts", tags=["Alertas de cumplimiento"])

Reader = Annotated[SignedUser, requires_unseen(Permission.COMPLIANCE_READ)]


class AlertLine(Answer):
    """One finding and where it is looked into. `rule_key` is empty where no rule raised it."""

    id: int
    rule_key: str
    operation_code: str | None
    severity: Severity
    summary: str
    holds: bool
    at: datetime
    case_id: int
    client_id: int
    case_state: CaseState


class AlertList(Answer):
    """A page of alerts."""

    items: list[AlertLine]
    next_cursor: str | None


@router.get("")
async def read_alerts(
    *,
    user: Reader,
    services: ServicesDep,
    rule: Annotated[str, Query(max_length=60)] = "",
    client_id: Annotated[int | None, Query(ge=1, le=MAX_ID)] = None,
    cursor: Cursor = None,
    limit: Limit = PAGE,
) -> AlertList:
    """Alerts, newest first, of a rule or a client if you wish."""
    async with services.sessions.begin() as session:
        rows = await cases.list_alerts(
            session, rule_key=rule, client_id=client_id, before=after(cursor), limit=limit + 1
        )
        cases.audit_subject(session, "alertas", user_id=user.id, action="visto")
    shown, following = page(rows, limit, lambda row: row[0].id)
    items = [
        AlertLine(
            id=alert.id,
            rule_key=alert.rule_key,
            operation_code=alert.operation_code,
            severity=alert.severity,
            summary=alert.summary,
            holds=alert.holds,
            at=alert.at,
            case_id=case.id,
            client_id=case.client_id,
            case_state=case.state,
        )
        for alert, case in shown
    ]
    return AlertList(items=items, next_cursor=following)
