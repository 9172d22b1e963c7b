"""Rate alerts that have fired, told by mail and push: at once for a published rate, and by the clock what was left."""

from __future__ import annotations

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from workflows import alert_messages as m
    from workflows import names

READ = timedelta(seconds=10)
ATTEMPT = timedelta(seconds=60)
# A rate's own round begins its last batch within ROUND and is patient with it for PATIENCE: together less than the age
# at which the sweep takes up what is left (activities/rate_alerts.py), so that no two runs hold the same firing.
ROUND, PATIENCE = timedelta(seconds=60), timedelta(seconds=150)
RETRY = RetryPolicy(initial_interval=timedelta(seconds=2), maximum_interval=timedelta(seconds=20))


@workflow.defn(name=names.RATE_ALERTS)
class RateAlertsWorkflow:
    """One round. Its firings are rows of the database: what this run can't tell, the next one does."""

    @workflow.run
    async def run(self, order: m.AlertRound) -> int:
        """Answer how many firings were handed out."""
        told, after, began = 0, order.after, workflow.now()
        while order.rate_id is None or workflow.now() - began < ROUND:
            batch: tuple[int, ...] = await workflow.execute_activity(
                names.FIND_RATE_ALERTS,
                m.AlertRound(rate_id=order.rate_id, after=after),
                result_type=tuple[int, ...],
                task_queue=names.NOTICES_QUEUE,
                start_to_close_timeout=READ,
                summary="Busca alertas por avisar",
            )
            if not batch:
                break
            told += await self._tell(batch)
            after = batch[-1]
            if workflow.info().is_continue_as_new_suggested():
                workflow.continue_as_new(m.AlertRound(rate_id=order.rate_id, after=after))
        workflow.set_current_details(f"Alertas avisadas: **{told}**.")
        return told

    async def _tell(self, batch: tuple[int, ...]) -> int:
        """Hand out a batch; one that the post does not take in time is left to the sweep."""
        try:
            await workflow.execute_activity(
                names.DELIVER_RATE_ALERTS,
                m.AlertBatch(firing_ids=batch),
                task_queue=names.NOTICES_QUEUE,
                start_to_close_timeout=ATTEMPT,
                schedule_to_close_timeout=PATIENCE,
                retry_policy=RETRY,
                summary=f"Avisa {len(batch)} alertas de tipo de cambio",
            )
        except ActivityError as error:
            workflow.logger.warning("alertas por avisar más tarde: %s", type(error.cause).__name__)
            return 0
        return len(batch)
