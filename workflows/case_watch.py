"""Every few minutes: decisions of compliance that an operation has not heard, and reports whose term is near."""

from __future__ import annotations

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

with workflow.unsafe.imports_passed_through():
    from workflows import messages as m
    from workflows import names


@workflow.defn(name=names.CASE_WATCH)
class CaseWatchWorkflow:
    """Started by its schedule; one activity looks."""

    @workflow.run
    async def run(self) -> m.CasesWatched:
        """Answer how many decisions were told and how many alarms rang."""
        watched: m.CasesWatched = await workflow.execute_activity(
            names.WATCH_CASES,
            result_type=m.CasesWatched,
            start_to_close_timeout=timedelta(minutes=4),
            retry_policy=RetryPolicy(maximum_attempts=3),
            summary="Revisa decisiones sin avisar y plazos de cumplimiento",
        )
        return watched
