"""Completing with the date of an earlier day (F038)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from domain import commands as c
from domain.calendar import business_day, day_bounds
from domain.errors import Refused
from domain.lifecycle import decide
from domain.operations import Operation, State
from tests.domain.test_lifecycle import MASTER, NOW, OPERATOR, ready

TODAY = business_day(NOW)
YESTERDAY = TODAY - timedelta(days=1)


def paid_on(day: date | None, *, reason: str = "la constancia llegó hoy", by: c.Actor = MASTER) -> c.Complete:
    return c.Complete(actor=by, value_day=day, reason=reason)


def in_process() -> Operation:
    """Since the day before yesterday."""
    return replace(ready(State.EN_PROCESO, c.Complete), in_process_since=NOW - timedelta(days=2))


def test_it_counts_at_the_end_of_the_day_that_is_said_and_keeps_why():
    done = decide(in_process(), paid_on(YESTERDAY), NOW)
    assert done.state is State.COMPLETADA
    assert done.finished_at is not None
    assert business_day(done.finished_at) == YESTERDAY
    assert done.finished_at < day_bounds(TODAY)[0]
    assert done.reason == "la constancia llegó hoy"
    assert decide(in_process(), paid_on(None, reason="", by=OPERATOR), NOW).finished_at == NOW


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (paid_on(YESTERDAY, by=OPERATOR), "NOT_ALLOWED"),
        (paid_on(YESTERDAY, reason=" "), "REASON_MISSING"),
        (paid_on(TODAY), "VALUE_DAY"),
        (paid_on(TODAY + timedelta(days=1)), "VALUE_DAY"),
        (paid_on(TODAY - timedelta(days=4)), "VALUE_DAY"),
        (paid_on(TODAY - timedelta(days=3)), "VALUE_DAY"),
    ],
)
def test_who_may_not_and_a_day_that_can_not_be_are_refused(command: c.Complete, code: str):
    """The last one: it was not En proceso yet."""
    with pytest.raises(Refused) as refused:
        decide(in_process(), command, NOW)
    assert refused.value.code == code


def test_whoever_paid_it_does_not_date_it():
    own = replace(in_process(), operator_id=MASTER.id)
    with pytest.raises(Refused) as refused:
        decide(own, paid_on(YESTERDAY), NOW)
    assert refused.value.code == "TWO_PEOPLE"
