"""What may be asked of the rate, and when it has come to pass."""

from datetime import date
from decimal import Decimal

import pytest

from domain.errors import Conflict, Invalid
from domain.rate_alerts import MAX_LIVE, Direction, check_new, direction, last_day, reached, side, threshold

TODAY = date(2026, 11, 25)


@pytest.mark.parametrize(
    ("how", "now", "there"),
    [("sobre", "3.8000", True), ("sobre", "3.7999", False), ("bajo", "3.8000", True), ("bajo", "3.8001", False)],
)
def test_the_value_itself_counts(how, now, there):
    assert reached(Direction(how), Decimal("3.8000"), Decimal(now)) is there


def test_without_a_day_it_watches_thirty_and_never_more_than_a_year():
    assert last_day(None, TODAY) == date(2026, 12, 25)
    assert last_day(TODAY, TODAY) == TODAY
    for wrong in (date(2026, 11, 24), date(2027, 11, 26)):
        with pytest.raises(Invalid):
            last_day(wrong, TODAY)


def test_words_are_read_in_any_case_and_others_refused():
    assert (side(" Compra "), direction("BAJO")) == ("compra", "bajo")
    for read in (side, direction):
        with pytest.raises(Invalid):
            read("arriba")


@pytest.mark.parametrize("value", ["0.9", "10.1", "3.80001"])
def test_a_value_that_no_rate_has_is_refused(value):
    with pytest.raises(Invalid):
        threshold(Decimal(value))


def test_what_has_come_to_pass_already_and_one_alert_too_many_are_refused():
    value, now = Decimal("3.8000"), Decimal("3.8100")
    with pytest.raises(Invalid, match="por encima"):
        check_new(0, Direction.SOBRE, value, now)
    with pytest.raises(Conflict):
        check_new(MAX_LIVE, Direction.BAJO, value, now)
    check_new(MAX_LIVE - 1, Direction.BAJO, value, now)
    check_new(0, Direction.SOBRE, value, None)
