"""Rate limits: a token bucket per key, in process. Scaled out, the same Protocol is kept in Redis (design §8)."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Protocol

MAX_KEYS = 100_000


class RateLimiter(Protocol):
    """Says whether one more is allowed now."""

    def allow(self, key: str) -> bool:
        """Count one for a key; False when its limit is reached."""


class TokenBuckets:
    """Allows `per_minute` a minute for each key, all of them in a burst if the key was quiet before."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_minute = per_minute
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def allow(self, key: str) -> bool:
        """Count one for a key; False when its limit is reached."""
        moment = self._clock()
        tokens, since = self._buckets.pop(key, (float(self._per_minute), moment))
        tokens = min(self._per_minute, tokens + (moment - since) * self._per_minute / 60)
        allowed = tokens >= 1
        self._buckets[key] = (tokens - 1 if allowed else tokens, moment)
        while len(self._buckets) > MAX_KEYS:
            self._buckets.popitem(last=False)
        return allowed


class Unlimited:
    """Allows everything: `QINWEN_RATE_LIMITS=off`, for measuring."""

    def allow(self, key: str) -> bool:
        """Allow."""
        del key
        return True
