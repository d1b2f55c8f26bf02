import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations import TokenBuckets, Unlimited, limits


class Clock:
    def __init__(self):
        self.time = 1000.0

    def __call__(self):
        return self.time


@pytest.fixture
def clock():
    return Clock()


def test_a_burst_of_a_minute_is_allowed_and_no_more(clock):
    buckets = TokenBuckets(3, clock)
    assert [buckets.allow("a") for _ in range(5)] == [True, True, True, False, False]


def test_tokens_come_back_one_by_one(clock):
    buckets = TokenBuckets(6, clock)
    for _ in range(6):
        buckets.allow("a")
    clock.time += 9.9
    assert not buckets.allow("a")
    clock.time += 0.2
    assert buckets.allow("a")
    assert not buckets.allow("a")


def test_asking_in_vain_costs_nothing(clock):
    buckets = TokenBuckets(1, clock)
    buckets.allow("a")
    for _ in range(100):
        assert not buckets.allow("a")
    clock.time += 60
    assert buckets.allow("a")


def test_a_long_rest_gives_no_more_than_a_minute_s_worth(clock):
    buckets = TokenBuckets(2, clock)
    buckets.allow("a")
    clock.time += 86400
    assert [buckets.allow("a") for _ in range(3)] == [True, True, False]


def test_keys_do_not_share_a_limit(clock):
    buckets = TokenBuckets(1, clock)
    assert buckets.allow("a")
    assert buckets.allow("b")


def test_the_longest_unused_keys_are_forgotten(clock, monkeypatch):
    monkeypatch.setattr(limits, "MAX_KEYS", 2)
    buckets = TokenBuckets(1, clock)
    for key in ("a", "b", "c"):
        buckets.allow(key)
    assert not buckets.allow("c")
    assert not buckets.allow("b")
    assert buckets.allow("a")


@given(st.integers(1, 60), st.lists(st.floats(0, 30), min_size=1, max_size=200))
def test_no_rhythm_gets_past_the_limit(per_minute, pauses):
    clock = Clock()
    buckets = TokenBuckets(per_minute, clock)
    allowed = 0
    for pause in pauses:
        clock.time += pause
        allowed += buckets.allow("a")
    assert allowed <= per_minute + sum(pauses) * per_minute / 60 + 1


def test_switched_off_everything_is_allowed():
    assert all(Unlimited().allow("a") for _ in range(1000))
