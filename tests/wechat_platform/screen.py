"""What stands on a citizen's phone: the timeline of what they did and saw, and whether they follow the account."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from .records import Bubble, Fault, Push, Sent

TYPING_SECONDS = 15


class Screen:
    """The visible half of a phone; `phone.Phone` adds what a citizen does with it.

    Attributes:
        timeline: everything in order: `Sent`, `Bubble` and `Fault`.
        pushes: every push of theirs, with its attempts.
        follower: whether they follow the account; a phone begins as a follower's.
        desk: with a customer-service agent of the platform: messages then don't reach the developer's server.
        consents: how many notices of each template they still allow.
    """

    def __init__(self, platform: Any, openid: str) -> None:
        self.openid = openid
        self.follower = True
        self.desk: str | None = None
        self.refuses = False
        self.consents: dict[str, float] = {}
        self.timeline: list[Sent | Bubble | Fault] = []
        self.pushes: list[Push] = []
        self.typing: list[tuple[float, str]] = []
        self.last_act = 0.0
        self._platform = platform
        self._news = asyncio.Event()

    @property
    def sent(self) -> list[Sent]:
        """Give what the citizen did."""
        return [one for one in self.timeline if isinstance(one, Sent)]

    @property
    def received(self) -> list[Bubble]:
        """Give what reached the phone from the account, in order."""
        return [one for one in self.timeline if isinstance(one, Bubble)]

    @property
    def faults(self) -> list[Fault]:
        """Give what failed, with or without a banner."""
        return [one for one in self.timeline if isinstance(one, Fault)]

    @property
    def is_typing(self) -> bool:
        """Tell whether the phone shows that the account is typing."""
        if not self.typing or self.typing[-1][1] != "Typing":
            return False
        return bool(self._platform.clock.now() - self.typing[-1][0] < TYPING_SECONDS)

    def note(self, one: Sent | Bubble | Fault) -> None:
        """Add to the timeline and wake who waits. A bubble ends the typing sign."""
        self.timeline.append(one)
        if isinstance(one, Bubble) and self.is_typing:
            self.typing.append((self._platform.clock.now(), "CancelTyping"))
        self._wake()

    def note_typing(self, command: str) -> None:
        """Add a typing command and wake who waits."""
        self.typing.append((self._platform.clock.now(), command))
        self._wake()

    async def wait_until(self, test: Callable[[Screen], bool], within: float = 60.0) -> bool:
        """Wait until something is true of the phone; tells whether it came true within so many real seconds."""
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._watch(test), within)
        return test(self)

    async def wait_for(self, count: int, within: float = 60.0) -> list[Bubble]:
        """Wait for so many bubbles in all; gives what there is when they came or the time was up."""
        await self.wait_until(lambda screen: len(screen.received) >= count, within)
        return self.received

    def _wake(self) -> None:
        news, self._news = self._news, asyncio.Event()
        news.set()

    async def _watch(self, test: Callable[[Screen], bool]) -> None:
        while not test(self):
            await self._news.wait()
