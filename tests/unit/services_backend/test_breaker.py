import pytest

from services_backend import Breaker, BreakerMode


class Clock:
    moment = 0.0

    def __call__(self):
        return self.moment


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def breaker(clock):
    return Breaker(most_failures=3, rest=10, clock=clock)


def fail(breaker, times):
    for _ in range(times):
        assert breaker.allow()
        breaker.failed("TimeoutError")


def test_it_opens_after_failures_in_a_row_only(breaker):
    fail(breaker, 2)
    breaker.succeeded()
    fail(breaker, 2)
    assert breaker.state().mode is BreakerMode.CLOSED
    fail(breaker, 1)
    assert not breaker.allow()
    assert breaker.state().mode is BreakerMode.OPEN
    assert (breaker.state().failures, breaker.state().last_failure) == (3, "TimeoutError")


def test_after_a_rest_one_call_may_try(breaker, clock):
    fail(breaker, 3)
    clock.moment = 4
    assert breaker.state().seconds_to_trial == 6
    clock.moment = 10
    assert breaker.state().mode is BreakerMode.HALF_OPEN
    assert [breaker.allow() for _ in range(3)] == [True, False, False]
    breaker.succeeded()
    assert breaker.allow()
    assert breaker.state().mode is BreakerMode.CLOSED


def test_a_failed_trial_opens_it_again(breaker, clock):
    fail(breaker, 3)
    clock.moment = 10
    fail(breaker, 1)
    assert not breaker.allow()
    clock.moment = 20
    assert breaker.allow()


def test_a_trial_that_never_reported_gives_way_to_another(breaker, clock):
    fail(breaker, 3)
    clock.moment = 10
    assert breaker.allow()
    clock.moment = 21
    assert breaker.allow()
