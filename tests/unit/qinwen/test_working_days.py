from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qinwen.decrees import read_decree
from qinwen.errors import SettingError
from qinwen.working_days import (
    CalendarUnknown,
    add_working_days,
    count_working_days,
    is_likely_working_day,
    is_public_holiday,
    is_working_day,
    last_known_day,
    use_decree,
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


@pytest.fixture
def _no_decree():
    yield
    use_decree({})


@pytest.mark.usefixtures("_no_decree")
def test_an_installations_own_notice_makes_a_year_known():
    use_decree(read_decree("2089-12-31 休  # 元旦\n2090-01-01至2090-01-03 休\n2090-01-08 班；2090-02-05 班"))
    assert last_known_day() == date(2026, 12, 31)
    assert is_working_day(UNKNOWN)
    assert not is_working_day(date(2090, 1, 3))
    assert is_working_day(date(2090, 1, 8))
    assert is_public_holiday(date(2090, 1, 2))
    assert not is_public_holiday(date(2090, 1, 7))
    assert add_working_days(date(2090, 1, 2), 3) == date(2090, 1, 6)
    assert is_working_day(date(2026, 10, 8))
    with pytest.raises(CalendarUnknown):  # a notice that begins with the last day of a year does not make that year known
        is_working_day(date(2089, 6, 1))


@pytest.mark.usefixtures("_no_decree")
def test_the_next_year_is_the_last_known_one_once_its_notice_is_there():
    use_decree(read_decree("2027-01-01至2027-01-03 休\n2027-02-20 班"))
    assert last_known_day() == date(2027, 12, 31)


def test_the_fixed_holidays_are_off_in_a_year_that_nobody_knows():
    for month, day in ((1, 1), (5, 1), (5, 2), (10, 1), (10, 2), (10, 3)):
        assert not is_likely_working_day(date(2031, month, day))
        assert is_public_holiday(date(2031, month, day))
    assert is_likely_working_day(date(2031, 10, 8))


@pytest.mark.parametrize(
    "text", ["2027年1月1日 休", "2027-01-01 放", "2027-13-01 休", "2027-01-03至2027-01-01 休", "2027-01-01 休\n2027-01-01 班"]
)
def test_a_notice_that_cannot_be_read_stops_the_start_and_names_the_setting(text):
    with pytest.raises(SettingError, match="QINWEN_HOLIDAYS"):
        read_decree(text)
