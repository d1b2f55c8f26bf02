"""Live events for the pages of one process: read from `desk_event` once, however many pages listen.

A page begins with what it missed (`events_after`), then hears the feed; both give each event a number, so that a page that
loses its connection misses nothing and shows nothing twice.
"""

from __future__ import annotations

import asyncio
import contextlib
from datetime import datetime

from conversations import LedgerUnavailable
from desk.events import LOOK_BACK, Event, all_events_after, last_event
from desk.service import ServiceDesk
from qinwen.clock import now
from qinwen.log import logger
from qinwen.patience import at_most

log = logger(__name__)
# What other processes commit is seen after this many seconds at the latest.
_LOOK_EVERY = 1.0
_MOST_WAITING = 2000


class Listener:
    """What one page hears. `lost`: it took nothing for so long that it has to begin anew from where it stopped."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[Event] = asyncio.Queue(_MOST_WAITING)
        self.lost = False

    def take(self, event: Event) -> None:
        """Keep an event for the page."""
        if self._queue.full():
            log.warning("desk_page_too_slow")
            self.lost = True
        else:
            self._queue.put_nowait(event)

    async def next(self, within: float) -> list[Event]:
        """Give what happened, waiting some seconds for it; nothing where nothing did."""
        try:
            events = [await at_most(within, self._queue.get())]
        except asyncio.TimeoutError:
            return []
        while not self._queue.empty():
            events.append(self._queue.get_nowait())
        return events


class EventFeed:
    """Reads new events while somebody listens, and hands them on.

    Args:
        desk: whose events, and whose bell says that there are some.
    """

    def __init__(self, desk: ServiceDesk) -> None:
        self._desk = desk
        self._listeners: set[Listener] = set()
        self._task: asyncio.Task[None] | None = None
        self._given: dict[int, datetime] = {}
        self._last = 0

    async def listen(self) -> Listener:
        """Hear what happens from now on."""
        last = None if self._is_reading else await self._desk.do(last_event, ring=False)
        listener = Listener()
        self._listeners.add(listener)
        # Another page may have come meanwhile and begun to read.
        if last is not None and not self._is_reading:
            self._last, self._given = last, {}
            self._task = asyncio.create_task(self._run())
        return listener

    @property
    def _is_reading(self) -> bool:
        return self._task is not None and not self._task.done()

    def stop_listening(self, listener: Listener) -> None:
        """Hear no more; the last one stops the reading."""
        self._listeners.discard(listener)
        if not self._listeners and self._task:
            self._task.cancel()
            self._task = None

    async def _run(self) -> None:
        bell = self._desk.bell.listen()
        try:
            # Not for ever: `wait_for` may swallow a cancelling that comes with the bell (Python before 3.12).
            while self._listeners:
                bell.clear()
                try:
                    await self._hand_on()
                except LedgerUnavailable:
                    await asyncio.sleep(_LOOK_EVERY)
                with contextlib.suppress(asyncio.TimeoutError):
                    await at_most(_LOOK_EVERY, bell.wait())
        finally:
            self._desk.bell.stop_listening(bell)

    async def _hand_on(self) -> None:
        moment = now()
        given = frozenset(self._given)
        events = await self._desk.do(lambda s: all_events_after(s, self._last, moment, given), ring=False)
        for event in events:
            self._given[event.id] = event.at
            self._last = max(self._last, event.id)
            for listener in self._listeners:
                listener.take(event)
        self._given = {number: at for number, at in self._given.items() if at > moment - 2 * LOOK_BACK}
