"""What treasury does by the clock: one activity each, so that the Temporal UI shows when it ran and what it found."""

from __future__ import annotations

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

with workflow.unsafe.imports_passed_through():
    from workflows import names
    from workflows.treasury_messages import TreasuryOrder, TreasuryReport


@workflow.defn(name=names.TREASURY_ROUND)
class TreasuryRoundWorkflow:
    """Started by its schedule with the task to do."""

    @workflow.run
    async def run(self, order: TreasuryOrder) -> TreasuryReport:
        """Answer what the task found, in words."""
        workflow.set_current_details(f"Tarea de tesorería: **{order.task}**")
        report: TreasuryReport = await workflow.execute_activity(
            names.DO_TREASURY_TASK,
            order,
            result_type=TreasuryReport,
            start_to_close_timeout=timedelta(minutes=10),
            retry_policy=RetryPolicy(maximum_attempts=5, initial_interval=timedelta(seconds=10)),
            summary=f"Tesorería: {order.task}",
        )
        workflow.set_current_details(f"Tarea de tesorería: **{order.task}** · {report.words}")
        return report
