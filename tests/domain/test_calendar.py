"""Business day, opening hours and dates, on Lima's clock whatever the machine's."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.calendar import (
    LIMA,
    OPENING_HOURS,
    add_business_days,
    business_day,
    day_bounds,
    format_day,
    format_moment,
    is_holiday,
    is_open,
    next_closing,
    next_opening,
    upcoming_holidays,
    week,
)
from domain.parameters import HOURS_PARAMETERS

INSTANTS = st.datetimes(
    min_value=datetime(2025, 1, 1),  # noqa: DTZ001 - hypothesis attaches the zone
    max_value=datetime(2028, 12, 31),  # noqa: DTZ001 - hypothesis attaches the zone
    timezones=st.sampled_from([UTC, LIMA, ZoneInfo("Asia/Tokyo"), ZoneInfo("Europe/Madrid")]),
)


def _lima(text):
    return datetime.fromisoformat(text).replace(tzinfo=LIMA)


@pytest.mark.parametrize(
    ("instant", "day"),
    [
        ("2026-06-11T19:30-05:00", date(2026, 6, 11)),
        ("2026-06-12T00:30+00:00", date(2026, 6, 11)),
        ("2026-06-30T23:50-05:00", date(2026, 6, 30)),
        ("2026-01-17T00:00+09:00", date(2026, 1, 16)),
    ],
)
def test_the_business_day_is_limas(instant, day):
    """F073, F074, F075, F077, F078."""
    assert business_day(datetime.fromisoformat(instant)) == day


@given(instant=INSTANTS)
def test_an_instant_lies_within_the_bounds_of_its_business_day(instant):
    """F068, F073."""
    start, end = day_bounds(business_day(instant))
    assert start <= instant < end
    assert end - start == timedelta(days=1)
    assert start.tzinfo is end.tzinfo is UTC


def test_the_last_day_of_the_calendar_ends_with_it():
    """Typed for "always", it was a 500: it has no next day."""
    start, end = day_bounds(date.max)
    assert start < end == datetime.max.replace(tzinfo=UTC)
    assert day_bounds(date.max - timedelta(days=1))[1] == start


@pytest.mark.parametrize("ask", [business_day, is_open, next_opening, format_moment])
def test_a_naive_instant_is_a_programming_error(ask):
    """F068, F069, F071."""
    with pytest.raises(ValueError, match="time zone"):
        ask(datetime(2026, 6, 11, 19, 30))  # noqa: DTZ001 - the fault under test


@pytest.mark.parametrize(
    ("at", "opens"),
    [
        ("2026-11-20T18:30", "2026-11-21T09:00"),  # Friday evening → Saturday
        ("2026-11-21T13:01", "2026-11-23T09:00"),  # Saturday afternoon → Monday
        ("2026-11-21T13:00", "2026-11-23T09:00"),
        ("2026-11-22T10:00", "2026-11-23T09:00"),  # Sunday → Monday
        ("2026-11-23T07:15", "2026-11-23T09:00"),  # before opening
        ("2026-07-27T18:00", "2026-07-30T09:00"),  # Fiestas Patrias, 28 and 29 July
        ("2026-12-07T19:00", "2026-12-10T09:00"),  # 8 and 9 December
        ("2026-04-01T18:00", "2026-04-04T09:00"),  # Holy Thursday and Good Friday → Saturday
        ("2026-11-25T14:35", "2026-11-25T14:35"),  # open: now
    ],
)
def test_the_next_opening_skips_nights_sundays_and_holidays(at, opens):
    """F083."""
    assert next_opening(_lima(at)) == _lima(opens)


@pytest.mark.parametrize(
    ("at", "answer"),
    [
        ("2026-11-23T08:59:59", False),
        ("2026-11-23T09:00", True),
        ("2026-11-23T17:59:59", True),
        ("2026-11-23T18:00", False),
        ("2026-11-21T12:59", True),
        ("2026-11-21T13:30", False),
        ("2026-11-22T10:00", False),
        ("2026-07-28T10:00", False),
    ],
)
def test_the_house_is_open_monday_to_friday_9_to_18_and_saturday_9_to_13(at, answer):
    """F084: Saturday 13:30 is closed for every channel."""
    assert is_open(_lima(at)) is answer


@given(instant=INSTANTS)
def test_at_the_next_opening_the_house_is_open_and_was_not_before(instant):
    opening = next_opening(instant)
    assert opening >= instant
    assert is_open(opening)
    assert is_open(instant) == (opening == instant)


def test_the_hours_are_data():
    """F084."""
    sundays = {6: (time(10), time(12))}
    assert is_open(_lima("2026-11-22T11:00"), sundays)
    assert next_opening(_lima("2026-11-23T10:00"), sundays) == _lima("2026-11-29T10:00")
    with pytest.raises(ValueError, match="never opens"):
        next_opening(_lima("2026-11-23T10:00"), {})


def test_the_default_figures_are_the_default_week():
    figures = {one.name: one.default for one in HOURS_PARAMETERS}
    assert week(figures) == OPENING_HOURS
    assert week({**figures, "weekday_closes": Decimal(30)})[0] == (time(9), time(23, 59))
    assert set(week({**figures, "saturday_closes": Decimal(9)})) == set(range(5))


def test_closing_is_that_of_today_or_of_the_next_day_attended():
    assert next_closing(_lima("2026-11-25T10:00")) == _lima("2026-11-25T18:00")
    assert next_closing(_lima("2026-11-25T18:00")) == _lima("2026-11-26T18:00")
    assert next_closing(_lima("2026-11-28T14:00")) == _lima("2026-11-30T18:00")


def test_the_next_holidays_have_their_names():
    """DLeg 713: 8, 9 and 25 December, and New Year."""
    days = upcoming_holidays(date(2026, 12, 8), 4)
    assert [day for day, _ in days] == [date(2026, 12, 8), date(2026, 12, 9), date(2026, 12, 25), date(2027, 1, 1)]
    assert days[2][1] == "Navidad del Señor"


def test_national_holidays_are_known_in_any_year():
    assert all(is_holiday(date(year, 7, 28)) for year in (2025, 2026, 2030))
    assert is_holiday(date(2027, 3, 26))  # Good Friday moves
    assert not is_holiday(date(2026, 11, 25))


def test_dates_are_written_day_first_and_on_limas_clock():
    """F072, F081."""
    assert format_day(date(2026, 11, 25)) == "25/11/2026"
    assert format_moment(datetime(2026, 11, 25, 19, 35, tzinfo=UTC)) == "25/11/2026 14:35"
    assert format_moment(datetime(2026, 11, 25, 20, 35, tzinfo=ZoneInfo("Europe/Madrid"))) == "25/11/2026 14:35"
    assert format_moment(datetime(2026, 11, 26, 4, 5, tzinfo=UTC)) == "25/11/2026 23:05"


def test_business_days_skip_weekends_and_holidays_both_ways():
    """Legal terms: 8 and 9 December and Christmas are holidays in Peru."""
    assert add_business_days(date(2026, 12, 4), 2) == date(2026, 12, 10)
    assert add_business_days(date(2026, 12, 28), -2) == date(2026, 12, 23)
    assert add_business_days(date(2026, 12, 5), 0) == date(2026, 12, 5)
