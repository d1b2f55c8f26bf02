"""How fast this process gets through its turns when it has many, and so how long one more would wait. Used by the hub."""

from __future__ import annotations

import time
from collections.abc import Callable

# With fewer turns than these, what is measured is how long a turn takes, not how many a second there can be.
_MANY = 8
_WEIGHT = 0.05
# One turn that hung says little about the next.
_LONGEST_GAP = 0.5


class Pace:
    """The time between two turns' ends while many are open, as a moving average.

    Args:
        clock: seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._gap = 0.0
        self._ended: float | None = None

    def turn_ended(self, still_open: int) -> None:
        """Note that a turn ended, and how many are left."""
        moment = self._clock()
        if self._ended is not None:
            # From nothing it grows slowly: a start-up is slow, and no reason to turn anybody away.
            self._gap += _WEIGHT * (min(moment - self._ended, _LONGEST_GAP) - self._gap)
        # A pause with little to do says nothing about how fast we could be.
        self._ended = moment if still_open >= _MANY else None

    def wait_behind(self, turns: int) -> float:
        """Tell how many seconds so many turns will take; 0.0 as long as nothing is known."""
        return turns * self._gap
