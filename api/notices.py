"""Sending a mail again, by a workflow: a mail server that is away loses none."""

from __future__ import annotations

from datetime import timedelta

from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError

from api.operations import AWAY, unavailable
from api.services import Services
from workflows import names
from workflows.messages import NoticeOrder

ANSWER_WITHIN = timedelta(seconds=10)


async def send_again(services: Services, order: NoticeOrder) -> None:
    """Mail a notice of an operation to its client once more, once for its key. Raises Unavailable."""
    try:
        await services.temporal.start_workflow(
            names.NOTICE_AGAIN,
            order,
            id=names.notice_again_id(order.code, order.notice, order.key),
            task_queue=names.OPERATIONS_QUEUE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            static_summary=f"{order.code}: reenvía {order.notice}",
            rpc_timeout=ANSWER_WITHIN,
        )
    except WorkflowAlreadyStartedError:
        return
    except AWAY as error:
        raise unavailable(error) from error
