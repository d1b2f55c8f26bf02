"""A circuit breaker: after some failures in a row nobody is made to wait for a system that is down; one call tries again.

Closed: calls go through. Open: they are refused at once, for `rest` seconds. Half open: one call goes through; it closes or
opens the breaker again. The staff page shows `state()`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum


class BreakerMode(str, Enum):
    """What the breaker does with calls."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass(frozen=True)
class BreakerState:
    """The breaker for the staff page.

    Attributes:
        mode: what it does with calls.
        failures: failed calls in a row.
        last_failure: the kind of the last failure ("" if none); never a citizen's data.
        seconds_to_trial: how long until a call may go through again, 0 if one may.
    """

    mode: BreakerMode
    failures: int
    last_failure: str
    seconds_to_trial: float


class Breaker:
    """A breaker for one system, in one process and event loop."""

    def __init__(self, most_failures: int = 5, rest: float = 10, clock: Callable[[], float] = time.monotonic) -> None:
        self._most_failures, self._rest, self._clock = most_failures, rest, clock
        self._failures = 0
        self._last_failure = ""
        self._opened_at: float | None = None
        self._trial_at: float | None = None

    def allow(self) -> bool:
        """Say whether a call may go through now; of an open breaker that has rested, for one call at a time."""
        if self._opened_at is None:
            return True
        moment = self._clock()
        # A trial that never reported back (its task was cancelled) gives way to another after a rest.
        resting = moment - self._opened_at < self._rest
        trying = self._trial_at is not None and moment - self._trial_at < self._rest
        if resting or trying:
            return False
        self._trial_at = moment
        return True

    def succeeded(self) -> None:
        """Note that a call was answered; also a refusal is an answer."""
        self._failures, self._opened_at, self._trial_at = 0, None, None

    def failed(self, kind: str) -> None:
        """Note that a call was not answered."""
        self._failures += 1
        self._last_failure = kind
        if self._opened_at is not None or self._failures >= self._most_failures:
            self._opened_at, self._trial_at = self._clock(), None

    def state(self) -> BreakerState:
        """Give the state to show."""
        if self._opened_at is None:
            return BreakerState(BreakerMode.CLOSED, self._failures, self._last_failure, 0)
        left = max(self._rest - (self._clock() - self._opened_at), 0)
        mode = BreakerMode.OPEN if left else BreakerMode.HALF_OPEN
        return BreakerState(mode, self._failures, self._last_failure, left)
