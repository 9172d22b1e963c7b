"""Compliance's look at an operation. The screening engine plugs in here; the interface is the activity's."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity

from db.cases import open_or_join_case
from db.session import Sessions
from db.tables import Client, TransactionMonitoring
from domain.cases import Severity
from domain.operations import Assessment
from workflows import messages as m
from workflows import names


class ComplianceActivities:
    """Assessments, each recorded once per operation and occasion."""

    def __init__(self, sessions: Sessions, freshen: Callable[[int], Awaitable[None]] | None = None) -> None:
        """Use the worker's pool. `freshen` looks at a client again when a list is newer than its last check."""
        self._sessions = sessions
        self._freshen = freshen

    @activity.defn(name=names.ASSESS_OPERATION)
    async def assess_operation(self, order: m.AssessOperation) -> m.Assessed:
        """HELD when the client stands on a restrictive list, else CLEAR. A repeat answers what was recorded."""
        if self._freshen is not None:
            await self._freshen(order.client_id)
        async with self._sessions.begin() as session:
            client = await session.get_one(Client, order.client_id)
            outcome = Assessment.HELD if client.list_match else Assessment.CLEAR
            values = {
                "operation_code": order.code,
                "client_id": order.client_id,
                "occasion": order.occasion,
                "outcome": outcome,
                "findings": {"list_match": client.list_match},
            }
            once = insert(TransactionMonitoring).values(values).on_conflict_do_nothing()
            if await session.scalar(once.returning(TransactionMonitoring.id)) is not None:
                if outcome is Assessment.HELD:
                    await _open_case(session, order)
                return m.Assessed(outcome=outcome)
            recorded = select(TransactionMonitoring.outcome).where(
                TransactionMonitoring.operation_code == order.code, TransactionMonitoring.occasion == order.occasion
            )
            return m.Assessed(outcome=(await session.scalars(recorded)).one())


async def _open_case(session: AsyncSession, order: m.AssessOperation) -> None:
    """In the assessment's own transaction: a hold without a case would wait for nobody."""
    await open_or_join_case(
        session,
        kind="lista",
        client_id=order.client_id,
        operation_code=order.code,
        severity=Severity.CRITICA,
        source_key=f"lista:{order.code}",
        summary="El cliente figura en una lista restrictiva y quiere operar.",
    )
