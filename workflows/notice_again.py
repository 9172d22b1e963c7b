"""A mail of an operation that a person of the house sends again: to the client only, with what is true now."""

from __future__ import annotations

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

with workflow.unsafe.imports_passed_through():
    from workflows import messages as m
    from workflows import names

ATTEMPT, LIFE = timedelta(seconds=20), timedelta(hours=24)
RETRY = RetryPolicy(initial_interval=timedelta(seconds=2), maximum_interval=timedelta(minutes=5))


@workflow.defn(name=names.NOTICE_AGAIN)
class NoticeAgainWorkflow:
    """One mail, once. Its id is `names.notice_again_id`, so that a repeated click starts nothing new."""

    @workflow.run
    async def run(self, order: m.NoticeOrder) -> None:
        """Deliver it. Fails, visibly, when no address of the client takes it."""
        workflow.set_current_details(f"Correo **{order.notice}** de {order.code}, otra vez: espera al servidor.")
        await workflow.execute_activity(
            names.DELIVER_NOTICE,
            order,
            task_queue=names.NOTICES_QUEUE,
            start_to_close_timeout=ATTEMPT,
            schedule_to_close_timeout=LIFE,
            retry_policy=RETRY,
            summary="Envía el correo otra vez",
        )
        workflow.set_current_details(f"Correo **{order.notice}** de {order.code}, otra vez: entregado.")
