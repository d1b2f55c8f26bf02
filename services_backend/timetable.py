"""The working-day clock of a case: how much of the promised time is used, and by which day it must be finished.

One rule, twice (民法典第二百零一条: the day a period begins is not counted): the clock counts from the day after
acceptance; a stop begins the day after it was ordered, and the clock goes on the day after it ended. Pure; called by
`explaining` and by the reference backend, which keeps the promised date of a case.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import Enum

from qinwen.working_days import CalendarUnknown, add_working_days, count_working_days, is_working_day
from services_backend.cases import Case, Stop, local_date
from services_backend.vocabulary import CaseState

_DAY = timedelta(days=1)


class Clock(str, Enum):
    """What the clock of a case does."""

    NOT_STARTED = "not_started"
    RUNNING = "running"
    STOPPED = "stopped"
    FINISHED = "finished"
    NONE = "none"


@dataclass(frozen=True)
class Timetable:
    """A case's time, in working days.

    Attributes:
        clock: what the clock of the case does.
        used: days counted until today, until the clock stopped, or until the case was finished.
        remaining: promised days that are left, 0 at least.
        due: the last promised day. With the clock stopped or not started: if it went on or started today.
        late: whether that day has passed, or had when the case was finished.
        late_by: working days past it; `None` if they can't be counted.
        paused: working days that a stop took, until today or until the case was finished.
        unknown_year: the year whose holidays were needed and are not known; then `due` is missing, or was before it.
        left_in_unknown: promised days that fall into that year.
    """

    clock: Clock
    used: int = 0
    remaining: int = 0
    due: date | None = None
    late: bool = False
    late_by: int | None = 0
    paused: int = 0
    unknown_year: int | None = None
    left_in_unknown: int = 0


def due_date(accepted_on: date, promised_days: int, stops: Sequence[Stop] = ()) -> date:
    """Give the last promised day; a stop that still lasts is taken as if it never began.

    Raises:
        CalendarUnknown: it lies in a year whose holidays are not known.
    """
    ended = [stop for stop in stops if stop.ended_on]
    day, left = accepted_on, promised_days
    while left > 0:
        day += _DAY
        left -= is_working_day(day) and not _is_stopped(day, ended)
    for stop in sorted(ended, key=lambda stop: stop.started_on):
        if stop.ended_on and stop.started_on <= day < stop.ended_on:
            day = stop.ended_on  # it was stopped in time, on the very last day
    return day


def make_timetable(case: Case, today: date) -> Timetable:
    """Work out where the clock of a case stands."""
    if case.state in {CaseState.REJECTED, CaseState.WITHDRAWN}:
        return Timetable(Clock.NONE)
    if case.accepted_at is None:
        return _ahead(Timetable(Clock.NOT_STARTED, remaining=case.promised_days), today)
    accepted = local_date(case.accepted_at)
    if case.finished_at:
        return _running(Clock.FINISHED, case, accepted, local_date(case.finished_at))
    stopped_on = next((stop.started_on for stop in case.stops if stop.ended_on is None), None)
    if stopped_on is None:
        return _running(Clock.RUNNING, case, accepted, today)
    stopped = _running(Clock.STOPPED, case, accepted, min(stopped_on, today))
    return stopped if stopped.late else _ahead(stopped, today)


def _running(clock: Clock, case: Case, accepted: date, until: date) -> Timetable:
    """Count from acceptance until a day."""
    try:
        used, paused = _count(accepted, until, case.stops)
    except CalendarUnknown as unknown:
        return _past_calendar(clock, case, accepted, until, unknown.year)
    remaining = max(case.promised_days - used, 0)
    base = Timetable(clock, used, remaining, paused=paused)
    if remaining:
        return _ahead(base, until)
    due = due_date(accepted, case.promised_days, case.stops)
    return replace(base, due=due, late=until > due, late_by=used - case.promised_days)


def _ahead(base: Timetable, start: date) -> Timetable:
    """Add the due day, `remaining` working days after a day; where the calendar ends, say how many fall beyond."""
    try:
        return replace(base, due=add_working_days(start, base.remaining))
    except CalendarUnknown as unknown:
        known = count_working_days(start, date(unknown.year - 1, 12, 31)) if unknown.year > start.year else 0
        return replace(base, due=None, unknown_year=unknown.year, left_in_unknown=base.remaining - known)


def _past_calendar(clock: Clock, case: Case, accepted: date, until: date, year: int) -> Timetable:
    """Say what is still sure when the days until `until` can't all be counted."""
    try:
        due = due_date(accepted, case.promised_days, case.stops)
    except CalendarUnknown:
        used, paused = _count(accepted, date(year - 1, 12, 31), case.stops) if year > accepted.year else (0, 0)
        left = max(case.promised_days - used, 0)
        return Timetable(clock, used, left, paused=paused, unknown_year=year, left_in_unknown=left)
    return Timetable(clock, case.promised_days, 0, due, until > due, None if until > due else 0, unknown_year=year)


def _count(after: date, until: date, stops: Sequence[Stop]) -> tuple[int, int]:
    """Count working days after one day up to another: those that count, and those that a stop took."""
    used = paused = 0
    for number in range(1, (until - after).days + 1):
        day = after + _DAY * number
        if is_working_day(day):
            stands = _is_stopped(day, stops)
            used, paused = used + (not stands), paused + stands
    return used, paused


def _is_stopped(day: date, stops: Sequence[Stop]) -> bool:
    return any(stop.started_on < day and (stop.ended_on is None or day <= stop.ended_on) for stop in stops)
