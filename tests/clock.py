"""The clock of tests that write what happened today.

Read each time, never once for a file: a run in which midnight falls in Lima would otherwise ask for yesterday what it
wrote today.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from domain.calendar import business_day, day_bounds


def now() -> datetime:
    """This instant, in UTC."""
    return datetime.now(UTC)


def today() -> date:
    """Today's day in Lima."""
    return business_day(now())


def earlier_today(minutes: int) -> datetime:
    """So many minutes ago; just after midnight in Lima, the first instant of the day."""
    return max(now() - timedelta(minutes=minutes), day_bounds(today())[0])
