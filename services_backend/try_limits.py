"""Our own limit on tries at an identity: per citizen, per number as it was typed, per origin. The case system has its own.

In process: it spares the case system and stops guessing also where that system has no limits. The words are the same as the
case system's, whatever is tried.
"""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from collections.abc import Callable

from services_backend.errors import TooManyAttempts

_MOST_KEYS = 100_000
_HOUR = 3600.0
MOST = {"citizen": 10, "number": 5, "origin": 30}


class TryLimits:
    """Counts tries within the last hour."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._tries: OrderedDict[tuple[str, str], deque[float]] = OrderedDict()

    def count(self, citizen: str, number: str, origin: str) -> None:
        """Count one try.

        Raises:
            TooManyAttempts: one of the three had as many as it may.
        """
        moment = self._clock()
        keys = (("citizen", citizen), ("number", number), ("origin", origin))
        for key in keys:
            tries = self._tries.get(key, deque())
            while tries and tries[0] < moment - _HOUR:
                tries.popleft()
            if len(tries) >= MOST[key[0]]:
                raise TooManyAttempts("试的次数太多了，请过一小时再试。", int(_HOUR - (moment - tries[0])) + 1)
        for key in keys:
            self._tries.setdefault(key, deque()).append(moment)
            self._tries.move_to_end(key)
        while len(self._tries) > _MOST_KEYS:
            self._tries.popitem(last=False)


class NoTryLimits(TryLimits):
    """Counts nothing: `QINWEN_RATE_LIMITS=off`; the case system's limits stay."""

    def count(self, citizen: str, number: str, origin: str) -> None:
        """Allow."""
        del citizen, number, origin
