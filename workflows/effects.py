"""How long an effect may take, how it is retried, and how a refusal travels from the domain to the caller."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError, ApplicationErrorCategory

with workflow.unsafe.imports_passed_through():
    from domain.errors import Refused
    from domain.operations import Effect
    from workflows import names

STALE_WRITE = "StaleWrite"

# A projection write is one short transaction. Past these seconds it goes on as a normal activity, which waits for the
# database without burning workflow-task heartbeats.
LOCAL_ATTEMPT = timedelta(seconds=3)
LOCAL_TOTAL = timedelta(seconds=8)
LOCAL_RETRY = RetryPolicy(initial_interval=timedelta(milliseconds=100), maximum_interval=timedelta(seconds=1))
WRITE_ATTEMPT = timedelta(seconds=10)
WRITE_RETRY = RetryPolicy(initial_interval=timedelta(milliseconds=200), maximum_interval=timedelta(seconds=5))

# An effect interrupted by a crash is taken up again after this long, so it is kept short (measured: 30 s waited 27 s).
EFFECT_ATTEMPT = timedelta(seconds=10)
# One attempt may ask NubeFact first and then send, each with its own time limit (8 s by default).
INVOICE_ATTEMPT = timedelta(seconds=18)
EFFECT_RETRY = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=30))


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Which activity carries out an effect, on which queue, and how it reads in the Temporal UI."""

    activity: str
    queue: str
    summary: str
    attempt: timedelta = EFFECT_ATTEMPT


PLANS: Mapping[Effect, Plan] = {
    Effect.ASSESSMENT: Plan(
        activity=names.ASSESS_OPERATION, queue=names.OPERATIONS_QUEUE, summary="Revisa al cliente y la operación"
    ),
    Effect.FINAL_ASSESSMENT: Plan(
        activity=names.ASSESS_OPERATION, queue=names.OPERATIONS_QUEUE, summary="Revisa la operación completada"
    ),
    Effect.SETTLEMENT: Plan(
        activity=names.SETTLE, queue=names.OPERATIONS_QUEUE, summary="Liquida: pips, cupón y contadores"
    ),
    Effect.INVOICE: Plan(
        activity=names.ISSUE_INVOICE,
        queue=names.INVOICING_QUEUE,
        summary="Emite el comprobante",
        attempt=INVOICE_ATTEMPT,
    ),
    Effect.CREATED_NOTICE: Plan(
        activity=names.DELIVER_NOTICE, queue=names.NOTICES_QUEUE, summary="Avisa la operación nueva"
    ),
    Effect.AMOUNT_NOTICE: Plan(
        activity=names.DELIVER_NOTICE, queue=names.NOTICES_QUEUE, summary="Avisa el cambio de monto"
    ),
    Effect.PROCESS_NOTICE: Plan(
        activity=names.DELIVER_NOTICE, queue=names.NOTICES_QUEUE, summary="Avisa que está en proceso"
    ),
    Effect.CLOSING_NOTICE: Plan(activity=names.DELIVER_NOTICE, queue=names.NOTICES_QUEUE, summary="Avisa cómo terminó"),
    Effect.RECEIPT_NOTICE: Plan(
        activity=names.DELIVER_NOTICE, queue=names.NOTICES_QUEUE, summary="Envía el comprobante"
    ),
}


def refusal(refused: Refused) -> ApplicationError:
    """A domain refusal as the caller of an update receives it. Benign: it is an answer, not a fault."""
    details = {"status": refused.status, "field": refused.field}
    return ApplicationError(
        refused.message, details, type=refused.code, non_retryable=True, category=ApplicationErrorCategory.BENIGN
    )


# A local activity that is refused under load ends with the refusal itself, not wrapped in an ActivityError.
ACTIVITY_FAILED = (ActivityError, ApplicationError)


def refused_by(error: ActivityError | ApplicationError) -> ApplicationError | None:
    """The refusal inside an activity's error; None when it is a failure that may pass."""
    cause = error if isinstance(error, ApplicationError) else error.cause
    return cause if isinstance(cause, ApplicationError) and cause.non_retryable else None


async def write(activity: str, order: Any, result_type: type[Any], *, summary: str, durable: bool) -> Any:
    """One projection write. `durable` writes are normal activities: accepted by the server before they happen.

    The others are local ones, four times faster, and fall back to a normal one when the database is away.
    Raises one of ACTIVITY_FAILED when the database refuses.
    """
    if not durable:
        try:
            return await workflow.execute_local_activity(
                activity,
                order,
                result_type=result_type,
                start_to_close_timeout=LOCAL_ATTEMPT,
                schedule_to_close_timeout=LOCAL_TOTAL,
                retry_policy=LOCAL_RETRY,
                summary=summary,
            )
        except ACTIVITY_FAILED as error:
            if refused_by(error) is not None:
                raise
    return await workflow.execute_activity(
        activity,
        order,
        result_type=result_type,
        start_to_close_timeout=WRITE_ATTEMPT,
        retry_policy=WRITE_RETRY,
        summary=summary,
    )


async def carry_out(effect: Effect, order: Any, result_type: type[Any] | None = None) -> Any:
    """Run an effect's activity until it is done. Raises ActivityError when it is refused for good."""
    plan = PLANS[effect]
    return await workflow.execute_activity(
        plan.activity,
        order,
        result_type=result_type,
        task_queue=plan.queue,
        start_to_close_timeout=plan.attempt,
        retry_policy=EFFECT_RETRY,
        summary=plan.summary,
    )
