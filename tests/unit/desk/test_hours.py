"""Opening hours over a whole year with its holidays and make-up workdays, and the desk's own exceptions."""

from datetime import date, datetime, time, timedelta

import pytest

from desk import DeskRefused, Hours, Span, hours_from_json, hours_to_json
from qinwen.clock import SHAANXI

WEEK = [["09:00-12:00", "13:00-17:30"]] * 4 + [["09:00-12:00", "13:00-17:00"]] + [[], []]
# The State Council's notice for 2026 (国办发明电〔2025〕): days off on weekdays, and weekends that are worked.
OFF_2026 = {
    *(date(2026, 1, day) for day in (1, 2)),
    *(date(2026, 2, day) for day in (16, 17, 18, 19, 20, 23)),
    date(2026, 4, 6),
    *(date(2026, 5, day) for day in (1, 4, 5)),
    date(2026, 6, 19),
    date(2026, 9, 25),
    *(date(2026, 10, day) for day in (1, 2, 5, 6, 7)),
}
WORKED_2026 = {date(2026, 1, 4), date(2026, 2, 14), date(2026, 2, 28), date(2026, 5, 9), date(2026, 9, 20), date(2026, 10, 10)}


@pytest.fixture
def hours():
    return hours_from_json({"week": WEEK})


def at(*parts):
    return datetime(*parts, tzinfo=SHAANXI)


def days_of(year):
    day = date(year, 1, 1)
    while day.year == year:
        yield day
        day += timedelta(days=1)


def test_every_day_of_2026_is_open_or_closed_as_decreed(hours):
    for day in days_of(2026):
        expected = (day.weekday() < 5 and day not in OFF_2026) or day in WORKED_2026
        noon = datetime.combine(day, time(10), SHAANXI)
        assert hours.is_open(noon) is expected, day
        assert bool(hours.spans_of(day)) is expected, day


def test_the_next_opening_of_every_hour_of_a_year_is_open_and_nothing_before_it_is(hours):
    moment, last = at(2026, 1, 1, 0, 30), None
    while moment.year == 2026:
        opening = hours.next_opening(moment)
        assert opening >= moment
        assert hours.is_open(opening)
        if hours.is_open(moment):
            assert opening == moment
        else:
            assert not hours.is_open(opening - timedelta(seconds=1))
        assert last is None or opening >= last
        moment, last = moment + timedelta(hours=1), opening


def test_a_make_up_saturday_has_mondays_hours_unless_told_otherwise():
    saturday = date(2026, 10, 10)
    like_monday = hours_from_json({"week": WEEK})
    like_friday = hours_from_json({"week": WEEK, "make_up_like": 4})
    assert like_monday.spans_of(saturday)[-1].end == time(17, 30)
    assert like_friday.spans_of(saturday)[-1].end == time(17)


def test_after_the_last_day_before_a_long_holiday_the_desk_opens_after_it(hours):
    assert hours.next_opening(at(2026, 9, 30, 18)) == at(2026, 10, 8, 9)
    assert hours.next_opening(at(2026, 2, 14, 20)) == at(2026, 2, 24, 9)


def test_at_noon_the_desk_is_closed_and_opens_the_same_day(hours):
    assert not hours.is_open(at(2026, 10, 14, 12))
    assert hours.next_opening(at(2026, 10, 14, 12)) == at(2026, 10, 14, 13)
    assert hours.closing(at(2026, 10, 14, 11)) == at(2026, 10, 14, 12)
    assert hours.closing(at(2026, 10, 14, 12, 30)) is None


def test_an_exception_wins_over_weekday_holiday_and_make_up_day():
    hours = hours_from_json(
        {
            "week": WEEK,
            "exceptions": {"2026-10-14": [], "2026-10-01": ["10:00-11:00"], "2026-10-10": ["09:00-10:00"]},
        }
    )
    assert not hours.is_open(at(2026, 10, 14, 10))
    assert hours.is_open(at(2026, 10, 1, 10, 30))
    assert not hours.is_open(at(2026, 10, 10, 10, 30))


def test_a_desk_with_weekend_hours_keeps_them_on_weekends_but_not_on_holidays():
    hours = hours_from_json({"week": [*WEEK[:5], ["10:00-16:00"], ["10:00-16:00"]]})
    assert hours.is_open(at(2026, 10, 17, 11))
    assert not hours.is_open(at(2026, 10, 3, 11))


def test_a_desk_that_works_on_holidays_is_always_open_around_the_clock():
    hours = hours_from_json({"week": [["00:00-24:00"]] * 7, "works_on_holidays": True})
    assert all(
        hours.is_open(datetime.combine(day, clock, SHAANXI)) for day in days_of(2026) for clock in (time(), time(23, 59))
    )
    assert hours.next_opening(at(2026, 10, 1, 3)) == at(2026, 10, 1, 3)


def test_a_year_without_a_decree_counts_monday_to_friday(hours):
    assert hours.is_open(at(2031, 3, 4, 10))
    assert not hours.is_open(at(2031, 3, 8, 10))
    assert not hours.is_open(at(2031, 1, 1, 10))


def test_a_desk_that_never_opens_says_so():
    assert hours_from_json({"week": [[]] * 7}).next_opening(at(2026, 10, 14, 10)) is None


def test_moments_in_another_zone_are_the_same_moments(hours):
    from datetime import timezone

    assert hours.is_open(datetime(2026, 10, 14, 2, tzinfo=timezone.utc))
    assert not hours.is_open(datetime(2026, 10, 14, 10, tzinfo=timezone.utc))


def test_hours_are_written_as_they_are_read():
    shape = {"week": WEEK, "exceptions": {"2026-10-14": []}, "works_on_holidays": False, "make_up_like": 2}
    assert hours_to_json(hours_from_json(shape)) == shape
    round_the_clock = {"week": [["00:00-24:00"]] * 7, "exceptions": {}, "works_on_holidays": True, "make_up_like": 0}
    assert hours_to_json(hours_from_json(round_the_clock)) == round_the_clock


@pytest.mark.parametrize(
    "shape",
    [
        {},
        {"week": WEEK[:6]},
        {"week": [["9点到12点"]] * 7},
        {"week": [["12:00-09:00"]] * 7},
        {"week": [["09:00-12:00", "11:00-13:00"]] * 7},
        {"week": [["13:00-17:00", "09:00-12:00"]] * 7},
        {"week": WEEK, "exceptions": {"十月一日": []}},
        {"week": WEEK, "exceptions": {"2026-13-01": []}},
        {"week": WEEK, "make_up_like": 7},
        {"week": 5},
    ],
)  # fmt: skip
def test_hours_that_cannot_be_are_refused_in_a_sentence(shape):
    with pytest.raises(DeskRefused, match=r"。$"):
        hours_from_json(shape)


def test_a_span_ends_after_it_starts():
    with pytest.raises(DeskRefused):
        Hours(week=((Span(time(9), time(9)),),) * 7)
