"""How often we call WeChat, kept by ourselves (`apis.yml`): WeChat punishes an account that runs into its limits."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date

from channels.wechat.server_api.answers import failed
from channels.wechat.server_api.apis import Api
from conversations import TokenBuckets
from qinwen.clock import today


class CallLimits:
    """Counts the calls of this process: a bucket a minute and a counter a day, Chinese time, for each API."""

    def __init__(self, day: Callable[[], date] = today, clock: Callable[[], float] = time.monotonic) -> None:
        self._day = day
        self._clock = clock
        self._buckets: dict[str, TokenBuckets] = {}
        self._counted: dict[str, tuple[date, int]] = {}

    def take(self, name: str, api: Api) -> None:
        """Count one call.

        Raises:
            CallFailed: the limit of the minute or of the day is reached; nothing is to be sent.
        """
        day = self._day()
        counted_on, count = self._counted.get(name, (day, 0))
        if counted_on != day:
            count = 0
        if count >= api.per_day:
            raise failed("day_limit")
        bucket = self._buckets.setdefault(name, TokenBuckets(api.per_minute, self._clock))
        if not bucket.allow(name):
            raise failed("minute_limit", delay=max(1.0, 60 / api.per_minute))
        self._counted[name] = (day, count + 1)
