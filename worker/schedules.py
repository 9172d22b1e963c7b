"""What the house does by the clock, in Lima time. Created by the worker at start; doing it again changes nothing."""

from __future__ import annotations

import contextlib
from datetime import timedelta

from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleCalendarSpec,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleRange,
    ScheduleSpec,
)

from workflows import names
from workflows.alert_messages import AlertRound
from workflows.invoice_messages import AnswerRound
from workflows.treasury_messages import TreasuryOrder, TreasuryTask

SUNAT_EVERY = timedelta(minutes=5)
RECONCILIATION_EVERY = timedelta(minutes=5)
ALERTS_EVERY = timedelta(minutes=5)
CASE_WATCH_EVERY = timedelta(minutes=5)


def reconciliation() -> Schedule:
    """Compare open operations with their workflows."""
    return Schedule(
        action=ScheduleActionStartWorkflow(names.RECONCILIATION, id="conciliacion", task_queue=names.OPERATIONS_QUEUE),
        spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every=RECONCILIATION_EVERY)], time_zone_name="America/Lima"),
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=timedelta(hours=1)),
    )


def retention() -> Schedule:
    """Anonymise closed accounts whose term of conservation is over, at 3:10 in Lima."""
    return Schedule(
        action=ScheduleActionStartWorkflow(
            names.CLIENT_RETENTION, id="conservacion-clientes", task_queue=names.OPERATIONS_QUEUE
        ),
        spec=ScheduleSpec(
            calendars=[ScheduleCalendarSpec(hour=[ScheduleRange(3)], minute=[ScheduleRange(10)])],
            time_zone_name="America/Lima",
        ),
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=timedelta(hours=1)),
    )


def sunat_answers() -> Schedule:
    """Ask for SUNAT's answers that are due, copy papers, mail what was rejected (docs/invoicing.md)."""
    return Schedule(
        action=ScheduleActionStartWorkflow(
            names.INVOICE_ANSWERS, AnswerRound(), id="respuestas-sunat", task_queue=names.OPERATIONS_QUEUE
        ),
        spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every=SUNAT_EVERY)], time_zone_name="America/Lima"),
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=timedelta(hours=1)),
    )


def rate_alerts() -> Schedule:
    """Tell the rate alerts that were left behind."""
    return Schedule(
        action=ScheduleActionStartWorkflow(
            names.RATE_ALERTS, AlertRound(), id="alertas-tc", task_queue=names.OPERATIONS_QUEUE
        ),
        spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every=ALERTS_EVERY)], time_zone_name="America/Lima"),
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=timedelta(hours=1)),
    )


def list_refresh() -> Schedule:
    """Ask OFAC and the UN for their lists, every six hours from 0:20 in Lima."""
    return Schedule(
        action=ScheduleActionStartWorkflow(names.LIST_REFRESH, id="listas", task_queue=names.OPERATIONS_QUEUE),
        spec=ScheduleSpec(
            calendars=[ScheduleCalendarSpec(hour=[ScheduleRange(0, 23, 6)], minute=[ScheduleRange(20)])],
            time_zone_name="America/Lima",
        ),
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=timedelta(hours=1)),
    )


def case_watch() -> Schedule:
    """Tell decisions that were left untold, and ring before the term of a ROS."""
    return Schedule(
        action=ScheduleActionStartWorkflow(names.CASE_WATCH, id="vigilancia-casos", task_queue=names.OPERATIONS_QUEUE),
        spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every=CASE_WATCH_EVERY)], time_zone_name="America/Lima"),
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=timedelta(hours=1)),
    )


def treasury(task: TreasuryTask, id: str, *calendars: ScheduleCalendarSpec) -> Schedule:  # noqa: A002 - Temporal's name
    """One of treasury's tasks, at Lima's hours."""
    return Schedule(
        action=ScheduleActionStartWorkflow(
            names.TREASURY_ROUND, TreasuryOrder(task=task), id=id, task_queue=names.OPERATIONS_QUEUE
        ),
        spec=ScheduleSpec(calendars=calendars, time_zone_name="America/Lima"),
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=timedelta(hours=1)),
    )


def at(hours: str, minute: int, *, day: int | None = None) -> ScheduleCalendarSpec:
    """`"22"` or `"9,13,18"` o'clock; on a day of the month, or every day."""
    return ScheduleCalendarSpec(
        hour=[ScheduleRange(int(hour)) for hour in hours.split(",")],
        minute=[ScheduleRange(minute)],
        day_of_month=[ScheduleRange(1, 31)] if day is None else [ScheduleRange(day)],
    )


EVERY_TEN_MINUTES = ScheduleCalendarSpec(hour=[ScheduleRange(0, 23)], minute=[ScheduleRange(5, 59, 10)])


async def ensure_schedules(client: Client) -> None:
    """Create the schedules that do not exist yet; several workers may do this at once.

    A house that has just been installed asks for the lists at once: until they are there nobody is approved.
    """
    for name, schedule, at_once in (
        ("conciliacion", reconciliation(), False),
        ("conservacion-clientes", retention(), False),
        ("respuestas-sunat", sunat_answers(), False),
        ("vigilancia-casos", case_watch(), False),
        ("listas", list_refresh(), True),
        ("cierre-diario", treasury(TreasuryTask.DAILY_CLOSE, "cierre-diario", at("22", 0)), False),
        ("revision-nocturna", treasury(TreasuryTask.NIGHTLY_CHECK, "revision-nocturna", at("2", 30)), False),
        ("saldos-por-dia", treasury(TreasuryTask.ROLL_UP, "saldos-por-dia", EVERY_TEN_MINUTES), False),
        ("tipos-de-referencia", treasury(TreasuryTask.REFERENCE_RATES, "tipos-de-referencia", at("9,13,18", 40)), True),
        ("metas-del-mes", treasury(TreasuryTask.GOALS, "metas-del-mes", at("0", 10, day=1)), False),
        ("alertas-tc", rate_alerts(), False),
    ):
        with contextlib.suppress(ScheduleAlreadyRunningError):
            await client.create_schedule(name, schedule, trigger_immediately=at_once)
