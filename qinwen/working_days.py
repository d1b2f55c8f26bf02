"""Working days of mainland China: weekends, public holidays, and make-up workdays (调休), from the library `chinese-calendar`.

The State Council decrees a year's holidays in the November before it; the library knows a year only after that and a release
of it. Beyond, everything here raises `CalendarUnknown`: a guessed date would be a promise nobody made.
"""

from __future__ import annotations

from datetime import date, timedelta

import chinese_calendar

from qinwen.errors import QinwenError

_DAY = timedelta(days=1)
_SATURDAY = 5


class CalendarUnknown(QinwenError):
    """The holidays of a year are not known (yet)."""

    code = "calendar_unknown"
    permanent = False

    def __init__(self, year: int) -> None:
        super().__init__(f"{year}年的放假和调休安排还没有装入，算不出工作日。")
        self.year = year


def is_working_day(day: date) -> bool:
    """Tell whether public offices work on a day.

    Raises:
        CalendarUnknown: the holidays of its year are not known.
    """
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError as error:
        raise CalendarUnknown(day.year) from error


def is_likely_working_day(day: date) -> bool:
    """Tell whether a day is a working day; in a year without a known calendar, Monday to Friday but for 1 January."""
    try:
        return is_working_day(day)
    except CalendarUnknown:
        return day.weekday() < _SATURDAY and (day.month, day.day) != (1, 1)


def add_working_days(start: date, count: int) -> date:
    """Give the `count`-th working day after a day; the day itself is not counted (民法典第二百零一条), 0 gives it back.

    Raises:
        CalendarUnknown: the way leads into a year whose holidays are not known.
    """
    day = start
    while count > 0:
        day += _DAY
        count -= is_working_day(day)
    return day


def count_working_days(after: date, until: date) -> int:
    """Count the working days after one day up to and including another; none if `until` does not come later.

    Raises:
        CalendarUnknown: a year in between has no known holidays.
    """
    return sum(is_working_day(after + _DAY * number) for number in range(1, (until - after).days + 1))
