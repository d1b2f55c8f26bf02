"""The waiting range: sensible in each situation, corrected by what was wrong before, honest over simulated desks."""

from datetime import timedelta

import numpy as np
import pytest

from bench.desk_waiting import LOADS, DeskSimulation
from desk import Wait, calibration_to_json, read_calibration, simulated_calibration
from desk.forecasts import Forecaster, find_place, read_past
from desk.waiting import LEVELS, Guess, QueueNow, Seen, estimate


@pytest.fixture
def random():
    return np.random.default_rng(7)


def wait_for(random, ahead=0, free=0, running=(), seen=(), **more):
    return estimate(QueueNow(ahead, free, tuple(running), **more), seen, random)


def test_nobody_there_is_no_range(random):
    assert wait_for(random) is None


def test_with_a_free_agent_it_is_under_two_minutes(random):
    wait = wait_for(random, free=1)
    assert wait.high < 120
    assert wait.describe() == "两分钟以内"


def test_more_people_ahead_wait_longer_and_more_agents_shorten_it(random):
    def middle(**more):
        return wait_for(random, **more).guess.middle

    assert middle(free=1) < middle(ahead=3, free=1) < middle(ahead=8, free=1)
    assert middle(ahead=8, free=4) < middle(ahead=8, free=1)
    assert middle(ahead=8, free=1, leaving=0.002) < middle(ahead=8, free=1)


def test_longer_conversations_make_longer_waits(random):
    short = wait_for(random, ahead=3, running=[60], handlings=[60.0] * 50, reactions=[5.0] * 50)
    long = wait_for(random, ahead=3, running=[60], handlings=[600.0] * 50, reactions=[5.0] * 50)
    assert long.low > short.high


def test_a_conversation_longer_than_all_before_still_gives_a_range(random):
    wait = wait_for(random, running=[9000], handlings=[60.0] * 50)
    assert 0 <= wait.low < wait.high


def test_ranges_of_higher_levels_hold_those_of_lower_ones(random):
    wait = wait_for(random, ahead=4, free=1)
    lows, highs = zip(*(wait.ranges[level] for level in LEVELS), strict=True)
    assert list(lows) == sorted(lows, reverse=True)
    assert list(highs) == sorted(highs)


def test_who_was_told_too_little_before_tells_more_next_time(random):
    told = wait_for(random, ahead=4, free=1)
    honest = [Seen(told, told.guess.seconds(score)) for score in np.random.default_rng(1).normal(0, 0.78, 200)]
    late = [Seen(told, one.waited * 2) for one in honest]
    same, later = wait_for(random, ahead=4, free=1, seen=honest), wait_for(random, ahead=4, free=1, seen=late)
    assert same.high == pytest.approx(told.high, rel=0.25)
    assert later.high > told.high * 1.4
    assert later.low > told.low * 1.3


def test_a_score_and_its_seconds_are_one():
    guess = Guess(5.0, 0.5, 0.9)
    for waited in (0.0, 40.0, 300.0, 4000.0):
        assert guess.seconds(guess.score(waited)) == pytest.approx(waited, abs=1e-6)


def test_ranges_are_said_in_minutes_rounded_outwards():
    def say(low, high):
        return Wait({0.8: (low, high)}, Guess(5, 1, 1)).describe()

    assert say(10, 90) == "两分钟以内"
    assert say(50, 200) == "4 分钟以内"
    assert say(185, 601) == "3 到 11 分钟"


def test_a_wait_is_read_as_it_was_written(random):
    wait = wait_for(random, ahead=4, free=1)
    again = Wait.from_json(wait.to_json())
    assert again.guess == wait.guess
    assert again.high == pytest.approx(wait.high, abs=0.1)


@pytest.mark.parametrize("number", [3, 8])
def test_over_a_simulated_desk_four_of_five_waits_are_within_the_range(number):
    # Small, so that it is quick; the committed simulation asks for 75 to 85 % over every load.
    records = DeskSimulation(LOADS[number], np.random.default_rng(11), 450).run()
    assert 0.68 <= np.mean([record.wait.covers(record.actual) for record in records]) <= 0.92


def test_what_was_told_and_what_came_is_kept_and_measured(do, agent, ask, moment):
    from desk.holding import claim

    agent("an")
    placement = ask("wang")
    agent("an", at=moment + timedelta(seconds=30))
    do(claim, placement.handling, "an", moment + timedelta(seconds=30))
    late = ask("li", at=moment)
    agent("an", at=moment + timedelta(hours=3))
    do(claim, late.handling, "an", moment + timedelta(hours=3))
    rows = {row.level: row for row in do(read_calibration, moment - timedelta(days=1))}
    assert rows[0.8].n == 2
    assert rows[0.8].observed == 0.5
    assert calibration_to_json(list(rows.values()))["coverage"] == 0.5
    assert do(read_calibration, moment + timedelta(days=1)) == []
    assert do(read_calibration, moment - timedelta(days=1), ["city"]) == []


def test_the_place_of_somebody_new_sees_only_those_before(do, agent, ask, moment):
    agent("an")
    ask("wang")
    past = do(read_past, "police", moment)
    place = do(find_place, "police", moment + timedelta(minutes=1), "zzz", past, moment)
    assert (place.ahead, place.position) == (1, 2)
    assert do(find_place, "city", moment, "zzz", past, moment).wait is None


def test_the_committed_simulation_covers_what_is_promised_over_every_load():
    shown = simulated_calibration()
    assert {row["name"] for row in shown["loads"]} == {load.name for load in LOADS}
    assert all(0.75 <= row["coverage"] <= 0.85 for row in [*shown["loads"], shown])
    assert [row["level"] for row in shown["calibration"]] == list(LEVELS)
    assert all(abs(row["observed"] - row["level"]) < 0.05 for row in shown["calibration"])


def test_who_has_an_agent_has_no_place_in_the_queue(do, served, moment):
    assert do(Forecaster().tell_place, served(), moment) is None
    assert do(Forecaster().tell_place, "nothing", moment) is None
