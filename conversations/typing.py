"""Who is typing just now: signs that last some seconds, kept in this process only and never written down.

Losing one does no harm. The citizen's page and the agent's screen give them; each side's stream shows the other's.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Literal

Side = Literal["citizen", "agent"]
LASTS = 6.0


class TypingSigns:
    """The signs of this process, by citizen and side."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._until: dict[tuple[str, Side], float] = {}
        self._listeners: list[Callable[[str, Side], None]] = []

    def note(self, citizen: str, side: Side) -> None:
        """Note that somebody types in a citizen's conversation, and tell who listens."""
        moment = self._clock()
        self._until = {key: until for key, until in self._until.items() if until > moment}
        self._until[citizen, side] = moment + LASTS
        for tell in self._listeners:
            tell(citizen, side)

    def until(self, citizen: str, side: Side) -> float:
        """Give until when a sign lasts, on this process's clock; 0 without one."""
        until = self._until.get((citizen, side), 0.0)
        return until if until > self._clock() else 0.0

    def listen(self, tell: Callable[[str, Side], None]) -> Callable[[], None]:
        """Hear of every sign; gives what ends it."""
        self._listeners.append(tell)
        return lambda: self._listeners.remove(tell)
