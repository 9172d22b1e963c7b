"""Mails about a client and no operation, by a `ClientNotice` workflow: a mail server that is away loses none."""

from __future__ import annotations

from datetime import timedelta

from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError

from api.services import Services
from domain.errors import Unavailable
from workflows import names
from workflows.messages import ClientNoticeOrder

ANSWER_WITHIN = timedelta(seconds=10)
# The caller's transaction commits meanwhile.
AFTER_COMMIT = timedelta(seconds=2)


async def promise(services: Services, client_id: int, notice: str, *, key: str, again: bool = False) -> None:
    """Start the notice from inside the transaction that causes it; it looks at the database only after the commit.

    So there is never a change without its mail: when Temporal is away this raises Unavailable and nothing is changed.
    The same key starts nothing new. `again` when somebody of the house sends it once more.
    """
    order = ClientNoticeOrder(client_id=client_id, notice=notice, key=key, again=again)
    try:
        await services.temporal.start_workflow(
            names.CLIENT_NOTICE,
            order,
            id=names.client_notice_id(notice, client_id, key),
            task_queue=names.OPERATIONS_QUEUE,  # where workflows live; the mail itself goes to the notices queue
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            start_delay=AFTER_COMMIT,
            static_summary=f"Aviso {notice} al cliente {client_id}",
            rpc_timeout=ANSWER_WITHIN,
        )
    except WorkflowAlreadyStartedError:
        return
    except (RPCError, RuntimeError) as error:  # a lazy client that cannot connect raises a bare RuntimeError
        raise Unavailable(
            "ENGINE_UNAVAILABLE", "No pudimos atenderte por ahora y nada cambió. Intenta de nuevo en unos segundos."
        ) from error
