"""When a desk is open: weekdays with spans, holidays and make-up workdays (调休), and the desk's own exceptions.

On a day with an exception the exception alone counts. A make-up workday (a Saturday or Sunday on which offices work) has
the hours of the weekday that the desk names for it, Monday by default; a public holiday has none, unless the desk works
on holidays.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Any

from desk.errors import DeskRefused
from qinwen.clock import SHAANXI
from qinwen.working_days import is_likely_working_day, is_public_holiday

_DAY = timedelta(days=1)
_FARTHEST = 60
_WEEKEND = 5
_WEEK = 7


@dataclass(frozen=True)
class Span:
    """Open from `start` up to, not including, `end`, the same day, Shaanxi's time; an end of 00:00 is midnight."""

    start: time
    end: time

    def __post_init__(self) -> None:
        if self.end != time() and self.start >= self.end:
            raise DeskRefused("服务时间的结束要晚于开始。")


@dataclass(frozen=True)
class Hours:
    """A desk's opening hours.

    Attributes:
        week: the spans of Monday to Sunday.
        exceptions: the spans of single days; none means closed.
        works_on_holidays: whether public holidays are like any other day of the week.
        make_up_like: the weekday (0 is Monday) whose hours a make-up workday has.
    """

    week: tuple[tuple[Span, ...], ...]
    exceptions: Mapping[date, tuple[Span, ...]] = field(default_factory=dict)
    works_on_holidays: bool = False
    make_up_like: int = 0

    def __post_init__(self) -> None:
        if len(self.week) != _WEEK or not 0 <= self.make_up_like < _WEEK:
            raise DeskRefused("服务时间要写满一周七天。")
        for spans in (*self.week, *self.exceptions.values()):
            for before, after in pairwise(spans):
                if before.end == time() or after.start < before.end:
                    raise DeskRefused("同一天的服务时段不能重叠，要按先后写。")

    def spans_of(self, day: date) -> tuple[Span, ...]:
        """Give the spans of a day, in order."""
        if day in self.exceptions:
            return self.exceptions[day]
        weekday = day.weekday()
        if self.works_on_holidays:
            return self.week[weekday]
        if not is_likely_working_day(day):
            # An ordinary weekend has its own hours; a holiday that falls on a weekday, or on a weekend, has none.
            return self.week[weekday] if weekday >= _WEEKEND and not is_public_holiday(day) else ()
        return self.week[self.make_up_like] if weekday >= _WEEKEND else self.week[weekday]

    def is_open(self, moment: datetime) -> bool:
        """Tell whether the desk is open at an aware moment."""
        return any(start <= moment < end for start, end in self._periods(_day_of(moment)))

    def next_opening(self, moment: datetime) -> datetime | None:
        """Give the moment itself where the desk is open, else when it opens next; None: not within two months."""
        day = _day_of(moment)
        for ahead in range(_FARTHEST):
            for start, end in self._periods(day + _DAY * ahead):
                if moment < end:
                    return max(start, moment)
        return None

    def closing(self, moment: datetime) -> datetime | None:
        """Give when the present opening ends; None where the desk is closed."""
        return next((end for start, end in self._periods(_day_of(moment)) if start <= moment < end), None)

    def _periods(self, day: date) -> list[tuple[datetime, datetime]]:
        return [
            (
                datetime.combine(day, span.start, SHAANXI),
                datetime.combine(day if span.end != time() else day + _DAY, span.end, SHAANXI),
            )
            for span in self.spans_of(day)
        ]


def _day_of(moment: datetime) -> date:
    return moment.astimezone(SHAANXI).date()


def hours_from_json(shape: Mapping[str, Any]) -> Hours:
    """Read hours: `{"week": [["09:00-12:00", "13:00-17:30"], … seven days], "exceptions": {"2026-10-01": []}}`.

    Raises:
        DeskRefused: a time or a day can't be read.
    """
    try:
        exceptions = {date.fromisoformat(str(day)): _spans(spans) for day, spans in (shape.get("exceptions") or {}).items()}
        return Hours(
            week=tuple(_spans(spans) for spans in shape["week"]),
            exceptions=exceptions,
            works_on_holidays=bool(shape.get("works_on_holidays", False)),
            make_up_like=int(shape.get("make_up_like", 0)),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DeskRefused("服务时间要写成「09:00-12:00」，日期要写成「2026-10-01」。") from error


def hours_to_json(hours: Hours) -> dict[str, Any]:
    """Give the shape that `hours_from_json` reads."""
    return {
        "week": [_words(spans) for spans in hours.week],
        "exceptions": {day.isoformat(): _words(spans) for day, spans in sorted(hours.exceptions.items())},
        "works_on_holidays": hours.works_on_holidays,
        "make_up_like": hours.make_up_like,
    }


def _spans(words: list[str]) -> tuple[Span, ...]:
    return tuple(Span(*(time.fromisoformat("00:00" if end == "24:00" else end) for end in word.split("-"))) for word in words)


def _words(spans: tuple[Span, ...]) -> list[str]:
    return [f"{span.start:%H:%M}-{'24:00' if span.end == time() else f'{span.end:%H:%M}'}" for span in spans]
