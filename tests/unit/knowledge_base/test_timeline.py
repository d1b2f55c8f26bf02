from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge_base.timeline import Span, governing, next_change, still_needed

START = datetime(2026, 1, 1, tzinfo=timezone.utc)


def day(number):
    return START + timedelta(days=number)


def span(number, begins, ends=None, *, withdraws=False, clears=False):
    return Span(number, withdraws, clears, day(begins), None if ends is None else day(ends))


def governed(versions, at):
    found = governing(versions, day(at))
    return found and found.number


def test_the_latest_beginning_governs():
    versions = [span(1, 0), span(2, 30)]
    assert [governed(versions, at) for at in (-1, 0, 29, 30, 99)] == [None, 1, 1, 2, 2]


def test_a_correction_of_today_leaves_alone_what_is_planned():
    versions = [span(1, 0), span(2, 30), span(3, 10)]
    assert [governed(versions, at) for at in (5, 10, 29, 30)] == [1, 3, 3, 2]


def test_of_two_that_begin_together_the_one_recorded_later_governs():
    assert governed([span(1, 0), span(2, 30), span(3, 30)], 31) == 3


def test_what_stood_before_does_not_come_back_when_a_version_ends():
    assert [governed([span(1, 0), span(2, 10, 20)], at) for at in (9, 19, 20)] == [1, 2, None]


def test_a_withdrawal_cancels_what_is_planned_after_it():
    versions = [span(1, 0), span(2, 30), span(3, 20, withdraws=True)]
    assert [governed(versions, at) for at in (19, 20, 31)] == [1, None, None]


def test_a_planned_withdrawal_outlives_a_correction():
    assert [governed([span(1, 0), span(2, 30, withdraws=True), span(3, 10)], at) for at in (11, 30)] == [3, None]


def test_a_version_that_clears_cancels_the_plans_before_it():
    versions = [span(1, 0), span(2, 30, withdraws=True), span(3, 10, clears=True)]
    assert [governed(versions, at) for at in (11, 30)] == [3, 3]


def test_an_entry_can_be_published_again_after_it_was_withdrawn():
    assert [governed([span(1, 0), span(2, 10, withdraws=True), span(3, 15)], at) for at in (12, 15)] == [None, 3]


@pytest.mark.parametrize(("at", "change"), [(-5, 0), (0, 30), (30, 40), (40, None)])
def test_the_next_change_is_known(at, change):
    assert next_change([span(1, 0), span(2, 30, 40)], day(at)) == (None if change is None else day(change))


SPANS = st.lists(
    st.tuples(st.integers(0, 8), st.none() | st.integers(1, 5), st.booleans(), st.booleans()), min_size=1, max_size=6
).map(
    lambda drawn: [
        span(number, begins, None if length is None else begins + length, withdraws=withdraws, clears=clears)
        for number, (begins, length, withdraws, clears) in enumerate(drawn, 1)
    ]
)


@given(SPANS, st.integers(0, 14), st.integers(0, 14))
def test_what_is_kept_for_later_answers_like_all_of_it(versions, kept_at, later):
    at = max(kept_at, later)
    assert governed(still_needed(versions, day(kept_at)), at) == governed(versions, at)


@given(SPANS, st.integers(-1, 14))
def test_nothing_changes_before_the_next_change(versions, at):
    change = next_change(versions, day(at))
    for later in range(at, 16):
        if change is None or day(later) < change:
            assert governed(versions, later) == governed(versions, at)
    if change is not None:
        assert governing(versions, change) != governing(versions, day(at))
