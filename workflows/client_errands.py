"""Small workflows around clients: a code on its way, and the yearly forgetting of closed accounts."""

from __future__ import annotations

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

with workflow.unsafe.imports_passed_through():
    from workflows import client_messages as c
    from workflows import names

ATTEMPT = timedelta(seconds=20)
RETRY = RetryPolicy(initial_interval=timedelta(seconds=2), maximum_interval=timedelta(minutes=1))


@workflow.defn(name=names.EMAIL_CODE)
class EmailCodeWorkflow:
    """One verification code on its way to the mail server. Its id is `names.email_code_id`."""

    @workflow.run
    async def run(self, order: c.EmailCodeOrder) -> None:
        """Mail it while it is of use."""
        await workflow.execute_activity(
            names.DELIVER_EMAIL_CODE,
            order,
            task_queue=names.NOTICES_QUEUE,
            start_to_close_timeout=ATTEMPT,
            schedule_to_close_timeout=timedelta(hours=1),
            retry_policy=RETRY,
            summary="Envía el código de verificación",
        )


@workflow.defn(name=names.CLIENT_RETENTION)
class ClientRetentionWorkflow:
    """Started by its schedule: closed accounts whose term of conservation is over lose their personal data."""

    @workflow.run
    async def run(self) -> c.Anonymised:
        """Answer how many."""
        done: c.Anonymised = await workflow.execute_activity(
            names.ANONYMISE_CLIENTS,
            result_type=c.Anonymised,
            start_to_close_timeout=timedelta(minutes=10),
            retry_policy=RetryPolicy(maximum_attempts=5),
            summary="Anonimiza las cuentas cuyo plazo venció",
        )
        return done
