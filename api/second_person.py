"""What one person asks and another decides, where a workflow carries it out: showing it, and bringing the decision."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

from temporalio.client import WithStartWorkflowOperation, WorkflowUpdateFailedError
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy

from api.operations import AWAY, refusal_of, unavailable
from api.services import Services
from domain.errors import Conflict
from integrations.temporal import update_with_start
from workflows import names

logger = logging.getLogger(__name__)
ANSWER_WITHIN = timedelta(seconds=10)

Progress = TypeVar("Progress")


@dataclass(frozen=True, kw_only=True)
class Matter:
    """A request that was written, as its workflow takes it: `update` is the name of the decision."""

    workflow: str
    workflow_id: str
    start: Any
    update: str
    summary: str


async def begin(services: Services, matter: Matter) -> None:
    """Show the request in Temporal. Should Temporal be away, the decision starts the workflow: nothing is lost."""
    try:
        await services.temporal.start_workflow(
            matter.workflow,
            matter.start,
            id=matter.workflow_id,
            task_queue=names.OPERATIONS_QUEUE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            static_summary=matter.summary,
            rpc_timeout=ANSWER_WITHIN,
        )
    except AWAY:
        logger.warning("%s starts with its decision", matter.workflow_id)


async def decide(
    services: Services, matter: Matter, decision: object, *, update_id: str, result: type[Progress]
) -> Progress:
    """The second person's word, once for the update's id. Raises Refused, Unavailable."""
    opening: WithStartWorkflowOperation[Any, Any] = WithStartWorkflowOperation(
        matter.workflow,
        matter.start,
        id=matter.workflow_id,
        task_queue=names.OPERATIONS_QUEUE,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
        static_summary=matter.summary,
    )
    try:
        progress: Progress = await update_with_start(
            services.temporal,
            matter.update,
            decision,
            opening=opening,
            id=update_id,
            result_type=result,
            rpc_timeout=ANSWER_WITHIN,
        )
    except WorkflowUpdateFailedError as error:
        moved = Conflict("MOVED_ON", "Algo cambió mientras tanto. Actualiza la página e intenta de nuevo.")
        raise (refusal_of(error) or moved) from error
    except AWAY as error:
        raise unavailable(error) from error
    return progress
