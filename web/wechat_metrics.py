"""The figures of the WeChat webhook, for `/metrics` on the staff port."""

from __future__ import annotations

import math

from prometheus_client import Counter, Gauge

PUSHES = Counter("qinwen_wechat_pushes", "Pushes that were taken, by kind: text, prepared, event", ["kind"])
UNUSABLE = Counter("qinwen_wechat_pushes_not_taken", "Pushes that were refused or ignored, by reason", ["reason"])
CLOCK_SKEW = Gauge("qinwen_wechat_clock_skew_seconds", "Our clock minus the timestamp of the last signed push")
CLOCK_SKEW.set(math.nan)
LOGINS = Counter("qinwen_wechat_logins", "Openings of the page from WeChat, by result", ["result"])


def clock_skew() -> float | None:
    """Give our clock minus the timestamp of the last signed push, in seconds; None before the first."""
    seconds = next(iter(CLOCK_SKEW.collect())).samples[0].value
    return None if math.isnan(seconds) else seconds
