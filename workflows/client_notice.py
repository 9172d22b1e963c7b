"""A notice to a client that belongs to no operation: welcome, temporary password. It waits for the mail server."""

from __future__ import annotations

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

with workflow.unsafe.imports_passed_through():
    from workflows import messages as m
    from workflows import names

ATTEMPT = timedelta(seconds=20)
RETRY = RetryPolicy(initial_interval=timedelta(seconds=2), maximum_interval=timedelta(minutes=1))
# A temporary password is sealed for a day (db/deliveries.py); later than that no notice of these is of use.
LIFE = timedelta(hours=24)


@workflow.defn(name=names.CLIENT_NOTICE)
class ClientNoticeWorkflow:
    """One notice, once. Its id is `names.client_notice_id`, so that a repeated request starts nothing new."""

    @workflow.run
    async def run(self, order: m.ClientNoticeOrder) -> None:
        """Deliver it. Fails, visibly, when no address of the client takes it."""
        workflow.set_current_details(f"Aviso **{order.notice}** al cliente {order.client_id}: espera al correo.")
        await workflow.execute_activity(
            names.DELIVER_CLIENT_NOTICE,
            order,
            task_queue=names.NOTICES_QUEUE,
            start_to_close_timeout=ATTEMPT,
            schedule_to_close_timeout=LIFE,
            retry_policy=RETRY,
            summary="Envía el aviso al cliente",
        )
        workflow.set_current_details(f"Aviso **{order.notice}** entregado al correo del cliente {order.client_id}.")
