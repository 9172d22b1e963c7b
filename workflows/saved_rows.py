"""Workflows that are started inside the transaction that writes their row, before its commit."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import RetryPolicy

# A transaction commits within seconds of the start; what has not by then never will.
COMMITS_WITHIN = timedelta(minutes=1)
LOOK_AGAIN = timedelta(seconds=15)
ATTEMPT = timedelta(seconds=10)
RETRY = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=1))


async def saved_row(activity: str, order: Any, result_type: type[Any], *, summary: str) -> Any:
    """What the activity reads of the row; None when it was never committed.

    Only an answer that the row is not there counts. While the database or the workers are away nothing is decided, or
    an outage of minutes would lose whoever registered just before it.
    """
    while True:
        found = await workflow.execute_activity(
            activity,
            order,
            result_type=result_type | None,  # type: ignore[arg-type] # the SDK reads a union; its signature does not say
            start_to_close_timeout=ATTEMPT,
            retry_policy=RETRY,
            summary=summary,
        )
        if found is not None or workflow.now() - workflow.info().start_time > COMMITS_WITHIN:
            return found
        await workflow.sleep(LOOK_AGAIN, summary="Espera a que se guarde el registro")
