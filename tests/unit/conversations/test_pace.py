"""How long one more turn would wait is told from how fast turns ended while there were many."""

import pytest

from conversations.pace import Pace


@pytest.fixture
def clock():
    class Clock:
        now = 100.0

        def __call__(self):
            return self.now

    return Clock()


def end(pace, clock, times, gap, still_open=20):
    for _ in range(times):
        clock.now += gap
        pace.turn_ended(still_open)


def test_nothing_is_known_at_first(clock):
    assert Pace(clock).wait_behind(1000) == 0.0


def test_the_wait_grows_with_the_turns_before(clock):
    pace = Pace(clock)
    end(pace, clock, 200, 0.1)
    assert pace.wait_behind(10) == pytest.approx(1.0, rel=0.01)
    assert pace.wait_behind(40) == pytest.approx(4.0, rel=0.01)


def test_it_follows_a_machine_that_becomes_slower_and_faster(clock):
    pace = Pace(clock)
    end(pace, clock, 60, 0.05)
    end(pace, clock, 60, 0.2)
    assert pace.wait_behind(10) == pytest.approx(2.0, rel=0.1)
    end(pace, clock, 100, 0.05)
    assert pace.wait_behind(10) == pytest.approx(0.5, rel=0.1)


def test_a_quiet_hour_and_few_slow_turns_change_nothing(clock):
    pace = Pace(clock)
    end(pace, clock, 40, 0.05)
    pace.turn_ended(0)
    before = pace.wait_behind(10)
    end(pace, clock, 5, 3600.0, still_open=0)
    end(pace, clock, 5, 20.0, still_open=3)
    assert pace.wait_behind(10) == before


def test_one_turn_that_hung_at_the_start_turns_nobody_away(clock):
    pace = Pace(clock)
    end(pace, clock, 2, 30.0)
    assert pace.wait_behind(64) < 3.0
