from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qinwen.working_days import (
    CalendarUnknown,
    add_working_days,
    count_working_days,
    is_likely_working_day,
    is_working_day,
)

UNKNOWN = date(2090, 1, 4)
KNOWN_DAYS = st.dates(date(2010, 1, 1), date(2025, 6, 30))


@pytest.mark.parametrize(
    ("day", "works"),
    [
        (date(2026, 10, 1), False),
        (date(2026, 10, 8), True),
        (date(2026, 10, 10), True),
        (date(2026, 10, 11), False),
        (date(2026, 2, 14), True),
        (date(2026, 2, 23), False),
        (date(2026, 1, 4), True),
    ],
)
def test_holidays_and_make_up_workdays_are_known(day, works):
    assert is_working_day(day) is works


def test_a_year_without_a_calendar_is_said_in_one_sentence():
    for ask in (is_working_day, lambda day: add_working_days(day, 1), lambda day: count_working_days(day, day + timedelta(1))):
        with pytest.raises(CalendarUnknown, match="2090年") as caught:
            ask(UNKNOWN)
        assert caught.value.year == 2090
        assert caught.value.message.endswith("。")


def test_without_a_calendar_weekdays_are_likely():
    assert is_likely_working_day(UNKNOWN)
    assert not is_likely_working_day(date(2090, 1, 1))
    assert not is_likely_working_day(date(2090, 1, 7))
    assert not is_likely_working_day(date(2026, 10, 1))


@given(KNOWN_DAYS, st.integers(0, 60))
def test_adding_and_counting_are_each_other_s_inverse(day, count):
    end = add_working_days(day, count)
    assert count_working_days(day, end) == count
    assert count == 0 or is_working_day(end)
    assert count_working_days(end, day) == 0
