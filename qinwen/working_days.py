"""Working days of mainland China: weekends, public holidays, and make-up workdays (调休), from the library `chinese-calendar`.

The State Council decrees a year's holidays in the November before it; the library knows a year only after that and a release
of it. Until then an installation writes the notice down itself (`qinwen.decrees`, `use_decree`). Beyond both, everything here
raises `CalendarUnknown`: a guessed date would be a promise nobody made. Who must guess asks `is_likely_working_day`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import chinese_calendar

from qinwen.errors import QinwenError

_DAY = timedelta(days=1)
_SATURDAY = 5
_LIBRARY_KNOWS = max(chinese_calendar.constants.holidays).year
# The public holidays that the law puts on days of the sun's calendar (全国年节及纪念日放假办法, 2024年修订, 第二条).
_FIXED = {(1, 1), (5, 1), (5, 2), (10, 1), (10, 2), (10, 3)}
_decree: Mapping[date, bool] = {}
_decreed_years: frozenset[int] = frozenset()


class CalendarUnknown(QinwenError):
    """The holidays of a year are not known (yet)."""

    code = "calendar_unknown"
    permanent = False

    def __init__(self, year: int) -> None:
        super().__init__(f"{year}年的放假和调休安排还没有装入，算不出工作日。")
        self.year = year


def use_decree(days: Mapping[date, bool]) -> None:
    """Let an installation's own notice count before the library; called once, when a process starts.

    Args:
        days: for each named day whether offices work on it (`qinwen.decrees.read_decree`).
    """
    global _decree, _decreed_years  # noqa: PLW0603  (a process has one calendar, as it has one library)
    _decree = dict(days)
    # A notice may name the last days of the year before; that year is not known for it.
    years = [day.year for day in days]
    _decreed_years = frozenset(year for year in years if years.count(year) > 3)  # noqa: PLR2004


def last_known_day() -> date:
    """Give the last day whose holidays are known."""
    year = _LIBRARY_KNOWS
    while year + 1 in _decreed_years:
        year += 1
    return date(year, 12, 31)


def is_working_day(day: date) -> bool:
    """Tell whether public offices work on a day.

    Raises:
        CalendarUnknown: the holidays of its year are not known.
    """
    if day in _decree:
        return _decree[day]
    if day.year in _decreed_years:
        return day.weekday() < _SATURDAY
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError as error:
        raise CalendarUnknown(day.year) from error


def is_public_holiday(day: date) -> bool:
    """Tell whether a day is off for a holiday, not only for the weekend; in an unknown year only the fixed ones are."""
    if day in _decree:
        return not _decree[day]
    if day.year in _decreed_years:
        return False
    try:
        return not is_working_day(day) and chinese_calendar.get_holiday_detail(day)[1] is not None
    except CalendarUnknown:
        return (day.month, day.day) in _FIXED


def is_likely_working_day(day: date) -> bool:
    """Tell whether a day is a working day; in a year without a known calendar, Monday to Friday but for the fixed holidays."""
    try:
        return is_working_day(day)
    except CalendarUnknown:
        return day.weekday() < _SATURDAY and (day.month, day.day) not in _FIXED


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
