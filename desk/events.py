"""What pages hear of live: the rows of `desk_event`, in order, from where a page stopped (`Last-Event-ID`), and a bell.

A row's number is given before its transaction commits, so a smaller number may appear after a larger one. Readers therefore
look back some seconds and leave out what they gave already; a page that loses its connection misses nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, or_, select
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from desk.models import DeskEvent

LOOK_BACK = timedelta(seconds=10)
_KEPT = timedelta(days=2)
_MOST = 500


@dataclass(frozen=True)
class Event:
    """Something changed; pages fetch what they show again."""

    id: int
    kind: str
    desk: str | None
    agent: str | None
    handling: str | None
    at: datetime


def last_event(session: Session) -> int:
    """Give the newest event's number, where a fresh page begins."""
    return session.scalar(select(func.max(DeskEvent.id))) or 0


def events_after(
    session: Session, after: int, desks: Sequence[str], agent: str, moment: datetime, given: frozenset[int] = frozenset()
) -> list[Event]:
    """Give what happened at some desks, or to an agent, since an event.

    Args:
        session: an open session.
        after: the last event the page has.
        desks: the desks it shows.
        agent: whose page it is.
        moment: now.
        given: numbers given in the last seconds, which are left out.
    """
    rows = session.scalars(
        select(DeskEvent)
        .where(
            or_(DeskEvent.id > after, DeskEvent.at > moment - LOOK_BACK),
            or_(DeskEvent.desk.in_(desks), DeskEvent.agent == agent, DeskEvent.kind == "presence"),
        )
        .order_by(DeskEvent.id)
        .limit(_MOST)
    )
    return [_to_event(row) for row in rows if row.id not in given]


def all_events_after(session: Session, after: int, moment: datetime, given: frozenset[int]) -> list[Event]:
    """Give what happened anywhere since an event, but for the numbers given in the last seconds; for the feed."""
    rows = session.scalars(
        select(DeskEvent)
        .where(or_(DeskEvent.id > after, DeskEvent.at > moment - LOOK_BACK), DeskEvent.id.not_in(given))
        .order_by(DeskEvent.id)
        .limit(_MOST)
    )
    return [_to_event(row) for row in rows]


def drop_old_events(session: Session, moment: datetime, *, dry_run: bool = False) -> int:
    """Drop events that no page waits for any more; gives how many (would go, in a dry run)."""
    if dry_run:
        return session.scalar(select(func.count()).select_from(DeskEvent).where(DeskEvent.at < moment - _KEPT)) or 0
    dropped = session.execute(delete(DeskEvent).where(DeskEvent.at < moment - _KEPT))
    return dropped.rowcount if isinstance(dropped, CursorResult) else 0


def _to_event(row: DeskEvent) -> Event:
    return Event(row.id, row.kind, row.desk, row.agent, row.handling_id, row.at)


class Bell:
    """Wakes the pages of this process when something was committed; other processes' pages look every few seconds."""

    def __init__(self) -> None:
        self._waiting: set[asyncio.Event] = set()
        self.closed = False

    def close(self) -> None:
        """Wake all for the last time: the process stops."""
        self.closed = True
        self.ring()

    def ring(self) -> None:
        """Wake all."""
        for event in list(self._waiting):
            event.set()

    def listen(self) -> asyncio.Event:
        """Give an event that is set at every ring; the listener clears it."""
        event = asyncio.Event()
        self._waiting.add(event)
        return event

    def stop_listening(self, event: asyncio.Event) -> None:
        """Give an event of `listen` back."""
        self._waiting.discard(event)
