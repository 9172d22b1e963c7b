"""The house's time: business day, opening hours and holidays, always in America/Lima.

Every function takes an aware instant; a naive one is a programming error and raises ValueError.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import holidays

LIMA = ZoneInfo("America/Lima")

# Weekday (Monday is 0) → opens, closes. The one table of every channel (F084); closing time itself is closed.
Hours = Mapping[int, tuple[time, time]]
OPENING_HOURS: Hours = {
    **dict.fromkeys(range(5), (time(9), time(18))),
    5: (time(9), time(13)),
}

# A house that is shut for this long has a wrong table, not a long holiday.
_SEARCH_DAYS = 31
_SATURDAY = 5

_HOLIDAYS = holidays.country_holidays("PE", language="es")


def week(figures: Mapping[str, Decimal]) -> Hours:
    """The week of the house's dated figures (`weekday_opens` and its kin); one that never opens is empty."""
    days = {**dict.fromkeys(range(_SATURDAY), "weekday"), _SATURDAY: "saturday"}
    hours = {day: (_clock(figures[f"{kind}_opens"]), _clock(figures[f"{kind}_closes"])) for day, kind in days.items()}
    return {day: (opens, closes) for day, (opens, closes) in hours.items() if opens < closes}


def _clock(hour: Decimal) -> time:
    """9.5 is 9:30; a day ends at 23:59."""
    minutes = min(int(hour * 60), 24 * 60 - 1)
    return time(minutes // 60, minutes % 60)


def in_lima(instant: datetime) -> datetime:
    """The same instant on Lima's clock. Raises ValueError when it has no zone."""
    if instant.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return instant.astimezone(LIMA)


def business_day(instant: datetime) -> date:
    """The day that money, reports and closings are booked on: 19:30 in Lima is still today (F073)."""
    return in_lima(instant).date()


def day_bounds(day: date) -> tuple[datetime, datetime]:
    """First instant of the business day and of the next one, in UTC: `start <= instant < end`.

    The last day of the calendar (9999-12-31, which people type for "always") has no next one, and ends with it.
    """
    start = datetime.combine(day, time(), LIMA).astimezone(UTC)
    if day == date.max:
        return start, datetime.max.replace(tzinfo=UTC)
    return start, datetime.combine(day + timedelta(days=1), time(), LIMA).astimezone(UTC)


def is_holiday(day: date) -> bool:
    """Whether it is a national holiday of Peru (DLeg 713 and its additions, by the `holidays` package)."""
    return day in _HOLIDAYS


def is_business_day(day: date) -> bool:
    """Monday to Friday and no national holiday: the days that legal terms count (Ley 27444, article 145)."""
    return day.weekday() < _SATURDAY and not is_holiday(day)


def add_business_days(day: date, count: int) -> date:
    """The business day that comes `count` business days after `day`, which itself does not count."""
    step = 1 if count >= 0 else -1
    for _ in range(abs(count)):
        day += timedelta(days=step)
        while not is_business_day(day):
            day += timedelta(days=step)
    return day


def is_open(instant: datetime, hours: Hours = OPENING_HOURS) -> bool:
    """Whether the house attends at this instant."""
    local = in_lima(instant)
    session = _session(local.date(), hours)
    return session is not None and session[0] <= local < session[1]


def next_opening(instant: datetime, hours: Hours = OPENING_HOURS) -> datetime:
    """The first instant, from this one on, when the house attends, in UTC; the instant itself when it is open (F083).

    Raises ValueError when the table never opens.
    """
    local = in_lima(instant)
    for ahead in range(_SEARCH_DAYS):
        session = _session(local.date() + timedelta(days=ahead), hours)
        if session is not None and local < session[1]:
            return max(local, session[0]).astimezone(UTC)
    raise ValueError("the table of hours never opens")


def next_closing(instant: datetime, hours: Hours = OPENING_HOURS) -> datetime:
    """When the house closes, in UTC: today where it is open, else at the end of the next day that it attends."""
    opens = next_opening(instant, hours)
    session = _session(business_day(opens), hours)
    assert session is not None  # next_opening found it
    return session[1].astimezone(UTC)


def upcoming_holidays(day: date, count: int) -> list[tuple[date, str]]:
    """The next national holidays, `day` included, with their Spanish names."""
    days = (day + timedelta(days=ahead) for ahead in range(366))
    found = ((one, str(_HOLIDAYS[one])) for one in days if one in _HOLIDAYS)
    return list(itertools.islice(found, count))


def format_day(day: date) -> str:
    """`25/11/2026`."""
    return f"{day:%d/%m/%Y}"


def format_moment(instant: datetime) -> str:
    """`25/11/2026 14:35`, on Lima's clock."""
    return f"{in_lima(instant):%d/%m/%Y %H:%M}"


def _session(day: date, hours: Hours) -> tuple[datetime, datetime] | None:
    if is_holiday(day) or day.weekday() not in hours:
        return None
    opens, closes = hours[day.weekday()]
    return datetime.combine(day, opens, LIMA), datetime.combine(day, closes, LIMA)


def first_and_last(year: int, month: int) -> tuple[date, date]:
    """The first and the last day of a month. Raises ValueError for a month that there is not."""
    first = date(year, month, 1)
    following = date(year + month // 12, month % 12 + 1, 1)
    return first, following - timedelta(days=1)
