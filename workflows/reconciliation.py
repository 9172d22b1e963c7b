"""Every five minutes: do the open operations and their workflows tell the same story?"""

from __future__ import annotations

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

with workflow.unsafe.imports_passed_through():
    from workflows import messages as m
    from workflows import names


@workflow.defn(name=names.RECONCILIATION)
class ReconciliationWorkflow:
    """Started by its schedule; one activity does the comparison."""

    @workflow.run
    async def run(self) -> m.ReconciliationReport:
        """Answer how many were compared and which drifted; each drift is an incident and is written again."""
        report: m.ReconciliationReport = await workflow.execute_activity(
            names.RECONCILE_OPERATIONS,
            result_type=m.ReconciliationReport,
            start_to_close_timeout=timedelta(minutes=4),
            retry_policy=RetryPolicy(maximum_attempts=3),
            summary="Compara operaciones abiertas con sus flujos",
        )
        return report
