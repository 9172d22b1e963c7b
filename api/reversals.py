"""Commands to the workflow that undoes a completed operation: show a request, and bring a second person's word."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from temporalio.client import WithStartWorkflowOperation, WorkflowExecutionStatus, WorkflowUpdateFailedError
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.service import RPCError, RPCStatusCode

from api.operations import AWAY, digest, refusal_of, unavailable
from api.services import Services
from db.tables import Reversal
from domain.errors import Conflict
from workflows import names
from workflows import reversal_messages as r

logger = logging.getLogger(__name__)
ANSWER_WITHIN = timedelta(seconds=10)


async def check_nothing_owed(services: Services, code: str) -> None:
    """Raises Conflict while the operation's own workflow still owes a comprobante or a mail, and Unavailable."""
    try:
        described = await services.temporal.get_workflow_handle(code).describe(rpc_timeout=ANSWER_WITHIN)
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return  # Older than what Temporal keeps: it ended long ago.
        raise unavailable(error) from error
    if described.status is WorkflowExecutionStatus.RUNNING:
        raise Conflict(
            "OPERATION_OWES", f"{code} todavía tiene pasos en curso. Espera a que terminen y pídelo de nuevo."
        )


async def begin(services: Services, row: Reversal) -> None:
    """Show the request in Temporal. Should Temporal be away, the decision starts the workflow: nothing is lost."""
    try:
        await services.temporal.start_workflow(
            names.OPERATION_REVERSAL,
            _start(row),
            id=names.reversal_id(row.operation_code),
            task_queue=names.OPERATIONS_QUEUE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            static_summary=_summary(row),
            rpc_timeout=ANSWER_WITHIN,
        )
    except AWAY:
        logger.warning("the workflow of reversal %s starts with its decision", row.id)


async def decide(services: Services, row: Reversal, decision: r.ReversalDecision, *, key: str) -> r.ReversalProgress:
    """The second person's word, once for the key. Raises Refused, Unavailable."""
    opening: WithStartWorkflowOperation[Any, Any] = WithStartWorkflowOperation(
        names.OPERATION_REVERSAL,
        _start(row),
        id=names.reversal_id(row.operation_code),
        task_queue=names.OPERATIONS_QUEUE,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
        static_summary=_summary(row),
    )
    try:
        progress: r.ReversalProgress = await services.temporal.execute_update_with_start_workflow(
            names.DECIDE_REVERSAL,
            decision,
            start_workflow_operation=opening,
            id=digest(f"reversal:{row.id}", key),
            result_type=r.ReversalProgress,
            rpc_timeout=ANSWER_WITHIN,
        )
    except WorkflowUpdateFailedError as error:
        moved = Conflict("MOVED_ON", "Algo cambió mientras tanto. Actualiza la página e intenta de nuevo.")
        raise (refusal_of(error) or moved) from error
    except AWAY as error:
        raise unavailable(error) from error
    return progress


def _start(row: Reversal) -> r.ReversalStart:
    return r.ReversalStart(reversal_id=row.id, code=row.operation_code, requested_by=row.requested_by)


def _summary(row: Reversal) -> str:
    return f"Reverso de {row.operation_code}"
