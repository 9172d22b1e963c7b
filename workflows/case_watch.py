"""Every few minutes: decisions of compliance that an operation has not heard, and reports whose term is near."""

from __future__ import annotations

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

with workflow.unsafe.imports_passed_through():
    from workflows import messages as m
    from workflows import names

# The next run begins five minutes later and mails again what did not leave.
MAIL_LIFE = timedelta(minutes=3)


@workflow.defn(name=names.CASE_WATCH)
class CaseWatchWorkflow:
    """Started by its schedule; one activity looks."""

    @workflow.run
    async def run(self) -> m.CasesWatched:
        """Answer which decisions were told and which terms rang; those also leave by mail, once near and once late."""
        watched: m.CasesWatched = await workflow.execute_activity(
            names.WATCH_CASES,
            result_type=m.CasesWatched,
            start_to_close_timeout=timedelta(minutes=4),
            retry_policy=RetryPolicy(maximum_attempts=3),
            summary="Revisa decisiones sin avisar y plazos de cumplimiento",
        )
        for alarm in watched.rung:
            await workflow.execute_activity(
                names.DELIVER_CASE_ALARM,
                alarm,
                task_queue=names.NOTICES_QUEUE,
                start_to_close_timeout=timedelta(seconds=20),
                schedule_to_close_timeout=MAIL_LIFE,
                retry_policy=RetryPolicy(maximum_interval=timedelta(seconds=30)),
                summary="Escribe a cumplimiento que un plazo vence",
            )
        return watched
