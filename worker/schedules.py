"""What the house does by the clock, in Lima time. Created by the worker at start; doing it again changes nothing."""

from __future__ import annotations

from datetime import timedelta

from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
)

from workflows import names

RECONCILIATION_EVERY = timedelta(minutes=5)


def reconciliation() -> Schedule:
    """Compare open operations with their workflows."""
    return Schedule(
        action=ScheduleActionStartWorkflow(names.RECONCILIATION, id="conciliacion", task_queue=names.OPERATIONS_QUEUE),
        spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every=RECONCILIATION_EVERY)], time_zone_name="America/Lima"),
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=timedelta(hours=1)),
    )


async def ensure_schedules(client: Client) -> None:
    """Create the schedules that do not exist yet; several workers may do this at once."""
    try:
        await client.create_schedule("conciliacion", reconciliation())
    except ScheduleAlreadyRunningError:
        return
