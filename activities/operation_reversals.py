"""Carrying out an agreed reversal: the books in the transaction of the decision, then the comprobante's annulment."""

from __future__ import annotations

from datetime import UTC, datetime

from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from activities.refusals import refusals
from db import invoice_voids, invoices, reversals
from db.session import Sessions
from db.tables import Reversal
from domain.errors import Conflict
from workflows import invoice_messages as i
from workflows import names
from workflows import reversal_messages as r


class OperationReversalActivities:
    """What the workflow of a reversal writes."""

    def __init__(self, sessions: Sessions) -> None:
        """Use the worker's pool."""
        self._sessions = sessions

    @activity.defn(name=names.RECORD_REVERSAL_DECISION)
    async def record_reversal_decision(self, order: r.RecordReversalDecision) -> r.ReversalProgress:
        """Write what the second person decided; a yes undoes everything of the house with it. A refusal is final."""
        said, now = order.decision, datetime.now(UTC)
        with refusals():
            async with self._sessions.begin() as session:
                if said.approved:
                    row = await reversals.approve(session, order.reversal_id, actor=said.actor, at=now)
                else:
                    row = await reversals.deny(session, order.reversal_id, actor=said.actor, reason=said.reason, at=now)
                return _progress(row)

    @activity.defn(name=names.RECLAIM_INVOICE)
    async def reclaim_invoice(self, reversal_id: int) -> list[i.VoidStart]:
        """The annulment to carry out, if a comprobante stands. Tried again while SUNAT owes its word."""
        try:
            async with self._sessions.begin() as session:
                void = await reversals.reclaim(session, reversal_id, at=datetime.now(UTC))
                if void is None:
                    return []
                _, invoice = await invoice_voids.one(session, void.id)
                decided = i.VoidProgress(state=void.state.value, method=void.method.value if void.method else "")
                return [
                    i.VoidStart(
                        void_id=void.id,
                        invoice_id=invoice.id,
                        name=invoices.name(invoice),
                        requested_by=void.requested_by,
                        decided=decided,
                    )
                ]
        except Conflict as waits:
            # Silence of SUNAT is no fault: Temporal asks again, and nothing is logged as an error.
            raise ApplicationError(waits.message, type=waits.code, category=ApplicationErrorCategory.BENIGN) from waits

    @activity.defn(name=names.END_REVERSAL)
    async def end_reversal(self, reversal_id: int) -> r.ReversalProgress:
        """Write how it ended."""
        async with self._sessions.begin() as session:
            return _progress(await reversals.end(session, reversal_id, at=datetime.now(UTC)))


def _progress(row: Reversal) -> r.ReversalProgress:
    return r.ReversalProgress(state=row.state.value)
