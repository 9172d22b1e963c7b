"""Commands to the workflow that undoes a completed operation: show a request, and bring a second person's word."""

from __future__ import annotations

from datetime import timedelta

from temporalio.client import WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from api import second_person
from api.operations import AWAY, digest, unavailable
from api.second_person import Matter
from api.services import Services
from db.tables import Reversal
from domain.errors import Conflict
from workflows import names
from workflows import reversal_messages as r

ANSWER_WITHIN = timedelta(seconds=10)


async def check_nothing_owed(services: Services, code: str) -> None:
    """Raises Conflict while the operation's own workflow still owes a comprobante or a mail, and Unavailable."""
    try:
        described = await services.temporal.get_workflow_handle(code).describe(rpc_timeout=ANSWER_WITHIN)
    except AWAY as error:
        if isinstance(error, RPCError) and error.status is RPCStatusCode.NOT_FOUND:
            return  # Older than what Temporal keeps: it ended long ago.
        raise unavailable(error) from error
    if described.status is WorkflowExecutionStatus.RUNNING:
        raise Conflict(
            "OPERATION_OWES", f"{code} todavía tiene pasos en curso. Espera a que terminen y pídelo de nuevo."
        )


async def begin(services: Services, row: Reversal) -> None:
    """Show the request in Temporal."""
    await second_person.begin(services, _matter(row))


async def decide(services: Services, row: Reversal, decision: r.ReversalDecision, *, key: str) -> r.ReversalProgress:
    """The second person's word, once for the key. Raises Refused, Unavailable."""
    return await second_person.decide(
        services, _matter(row), decision, update_id=digest(f"reversal:{row.id}", key), result=r.ReversalProgress
    )


def _matter(row: Reversal) -> Matter:
    return Matter(
        workflow=names.OPERATION_REVERSAL,
        workflow_id=names.reversal_id(row.operation_code),
        start=r.ReversalStart(reversal_id=row.id, code=row.operation_code, requested_by=row.requested_by),
        update=names.DECIDE_REVERSAL,
        summary=f"Reverso de {row.operation_code}",
    )
