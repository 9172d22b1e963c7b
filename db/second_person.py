"""Carrying out what a second person agrees to, by its kind, in the transaction of the decision."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from db import approvals, closings, ledger, movements, treasury
from db.tables import Approval
from domain.approvals import ApprovalKind, ApprovalState
from domain.calendar import business_day
from domain.movements import Movement
from domain.operations import Actor, ActorKind


async def decide(
    session: AsyncSession, approval_id: int, *, approve: bool, words: str, actor: Actor, at: datetime
) -> Approval:
    """Say yes or no, and do what was agreed. What can no longer be done refuses the decision too.

    Raises Refused as `approvals.decide` and what is carried out do.
    """
    row = await approvals.decide(session, approval_id, approve=approve, words=words, actor=actor, at=at)
    if row.state is ApprovalState.APROBADA:
        await _carry_out(session, row, actor=actor, at=at)
    return row


async def _carry_out(session: AsyncSession, row: Approval, *, actor: Actor, at: datetime) -> None:
    asker = Actor(kind=ActorKind.STAFF, id=row.requested_by)
    asked = row.asked
    match row.kind:
        case ApprovalKind.MOVIMIENTO:
            await movements.carry_out(session, Movement.from_json(asked), actor=asker)
        case ApprovalKind.TIPO_DE_CAMBIO:
            await treasury.set_rate(session, quote=treasury.quote_from(asked), actor=asker, confirmed_by=actor)
        case ApprovalKind.REABRIR_DIA:
            day = date.fromisoformat(asked["day"])
            await closings.reopen(session, day=day, actor=asker, at=at, reason=row.reason)
        case ApprovalKind.REABRIR_PERIODO:
            year, month = int(asked["year"]), int(asked["month"])
            await ledger.reopen_period(session, year, month, actor=asker, at=at, reason=row.reason)
        case ApprovalKind.ANULAR_ASIENTO:
            await ledger.annul(session, int(asked["entry_id"]), actor=asker, day=business_day(at), reason=row.reason)
