"""Who may be written to: the windows and message quotas of each citizen, and the daily limits of the account."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .clock import Clock
from .errors import ApiRefused

DAY = 86400
BEIJING = 8 * 3600


@dataclass(frozen=True)
class Window:
    """What one kind of trigger allows: so many messages within so many seconds."""

    seconds: float
    messages: int


# The strict, current figures; older pages of the platform give 20 messages in 48 hours for every trigger.
WINDOWS: Mapping[str, Window] = {
    "message": Window(48 * 3600, 5),
    "menu": Window(60, 3),
    "subscribe": Window(60, 3),
    "scan": Window(60, 3),
}
# Calls a day of a verified account, and of the sandbox account where it has fewer.
DAILY = {
    "token": 2000, "message/custom/send": 500_000, "media/upload": 100_000, "media/get": 200_000, "menu/create": 1000,
    "stable_token": 500_000,
}  # fmt: skip
SANDBOX_DAILY = {**DAILY, "token": 200, "message/custom/send": 50_000}


@dataclass
class _Grant:
    until: float
    left: int


@dataclass
class Quotas:
    """Counts what was granted and used. `windows` and `daily` may be replaced or changed while it runs."""

    clock: Clock
    windows: Mapping[str, Window] = field(default_factory=lambda: dict(WINDOWS))
    daily: dict[str, int] = field(default_factory=lambda: dict(DAILY))

    def __post_init__(self) -> None:
        self._grants: dict[str, dict[str, _Grant]] = {}
        self._used: Counter[tuple[str, int]] = Counter()

    def open(self, openid: str, trigger: str) -> None:
        """Open a citizen's window: they did something that the table names."""
        window = self.windows[trigger]
        self._grants.setdefault(openid, {})[trigger] = _Grant(self.clock.now() + window.seconds, window.messages)

    def close(self, openid: str) -> None:
        """Close all windows of a citizen, as when they leave."""
        self._grants.pop(openid, None)

    def left(self, openid: str) -> int | None:
        """Give how many messages may still go to a citizen, or None where no window is open.

        Several open windows don't add up: the largest remainder counts.
        """
        open_grants = self._open(openid)
        return max((grant.left for grant in open_grants), default=None)

    def spend(self, openid: str) -> None:
        """Use one message of a citizen's quota.

        Raises:
            ApiRefused: 45015 outside every window, 45047 with the quota used up.
        """
        left = self.left(openid)
        if left is None:
            raise ApiRefused(45015)
        if left == 0:
            raise ApiRefused(45047)
        for grant in self._open(openid):
            grant.left = max(0, grant.left - 1)

    def count_call(self, call: str) -> None:
        """Count a call of an interface.

        Raises:
            ApiRefused: 45009, the day's calls are used up. Days begin at midnight in Beijing.
        """
        key = (call, int((self.clock.now() + BEIJING) // DAY))
        if self._used[key] >= self.daily.get(call, 5_000_000):
            raise ApiRefused(45009)
        self._used[key] += 1

    def describe(self, openid: str) -> dict[str, Any]:
        """Give what the control interface shows of a citizen's quota."""
        now = self.clock.now()
        open_grants = {kind: grant for kind, grant in self._grants.get(openid, {}).items() if grant.until > now}
        return {kind: {"left": grant.left, "seconds": int(grant.until - now)} for kind, grant in open_grants.items()}

    def _open(self, openid: str) -> list[_Grant]:
        now = self.clock.now()
        return [grant for grant in self._grants.get(openid, {}).values() if grant.until > now]
