"""After a rate is published: the clients whose alerts it reached are told, without keeping the publisher waiting."""

from __future__ import annotations

import logging
from datetime import timedelta

from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError

from api.services import Services
from db.treasury import current_rate
from workflows import names
from workflows.alert_messages import AlertRound

log = logging.getLogger(__name__)

ANSWER_WITHIN = timedelta(seconds=3)


async def tell(services: Services, rate_id: int) -> None:
    """Start the round of this rate, after its commit. With Temporal away the sweep tells them minutes later."""
    try:
        await services.temporal.start_workflow(
            names.RATE_ALERTS,
            AlertRound(rate_id=rate_id),
            id=names.rate_alerts_id(rate_id),
            task_queue=names.OPERATIONS_QUEUE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            static_summary=f"Alertas del tipo de cambio {rate_id}",
            rpc_timeout=ANSWER_WITHIN,
        )
    except WorkflowAlreadyStartedError:
        return
    except (RPCError, RuntimeError) as error:  # a lazy client that cannot connect raises a bare RuntimeError
        log.warning("las alertas del tipo de cambio %s se avisarán después: %s", rate_id, type(error).__name__)


async def tell_newest(services: Services) -> None:
    """The same for the rate in force: one that a second person has just agreed to."""
    async with services.sessions() as session:
        newest = await current_rate(session)
    await tell(services, newest.id)
