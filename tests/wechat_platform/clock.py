"""The platform's clock: real time, with the short waits of a push scaled and the long windows movable.

`scale` shortens the five seconds of a connection and the gaps between attempts: at 0.1 the platform hangs up after half
a second. Windows and lives (48 hours, 7200 seconds) are not scaled; `advance` moves them on. Timestamps that go out in a
push stay the real time plus `skew`, because the developer's server compares them with its own clock.
"""

from __future__ import annotations

import asyncio
import time


class Clock:
    """Tells the time to everything on the platform."""

    def __init__(self, scale: float = 1.0) -> None:
        self.scale = scale
        self.skew = 0.0
        self._advanced = 0.0

    def now(self) -> float:
        """Give the platform's time, unix seconds: what windows, quotas and tokens are measured by."""
        return time.time() + self._advanced

    def stamp(self) -> int:
        """Give the time that is written into a push, unix seconds."""
        return int(time.time() + self.skew)

    def advance(self, seconds: float) -> None:
        """Let the platform's time jump on: `advance(48 * 3600)` closes every window."""
        self._advanced += seconds

    def scaled(self, seconds: float) -> float:
        """Give how long a wait of the platform takes here, seconds."""
        return seconds * self.scale

    async def sleep(self, seconds: float) -> None:
        """Wait that many seconds of the platform."""
        await asyncio.sleep(self.scaled(seconds))
