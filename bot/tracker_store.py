"""The engine's memory: of each conversation a bounded tail, in one row.

Rasa's own stores load the whole conversation each turn, so that a turn costs more and more (28 ms → 163 ms by the 500th,
design §6). Here the last turns are kept as events, and what came before lives on as the slots it set. The truth about a
conversation is the ledger; this is what the dialogue needs to go on, durable across a restart of the engine.

The table has a database of its own (`TRACKER_URL`) and is made on first use: it can be dropped at any time at the price of
the bot's short memory, so it takes no part in the migrations.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable, Sequence
from typing import Any

from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import TrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import (
    ActionExecuted,
    ActiveLoop,
    AllSlotsReset,
    Event,
    Restarted,
    SessionStarted,
    SlotSet,
    UserUttered,
)
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.endpoints import EndpointConfig
from sqlalchemy import Column, MetaData, String, Table, Text, select

from qinwen.clock import now
from qinwen.database import UtcDateTime, make_engine
from qinwen.settings import load_settings

KEPT_TURNS = 3
_PARSED_KEPT = ("intent", "entities", "text", "message_id", "metadata")

_metadata = MetaData()
_tails = Table(
    "tracker_tail",
    _metadata,
    Column("conversation", String(64), primary_key=True),
    Column("events", Text, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False, index=True),
)


class BoundedTrackerStore(TrackerStore):
    """Keeps the last `KEPT_TURNS` turns of each conversation, and the slots."""

    def __init__(
        self,
        domain: Domain | None,
        host: EndpointConfig | None = None,
        event_broker: EventBroker | None = None,
        url: str | None = None,
        **kwargs: Any,
    ) -> None:
        del host
        super().__init__(domain, event_broker, **kwargs)
        self._engine = make_engine(url or load_settings(secrets_needed=False).tracker_url)
        _metadata.create_all(self._engine)

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Write the tail of a conversation."""
        await self.stream_events(tracker)
        events = json.dumps([shrink(e.as_dict()) for e in bounded(list(tracker.events))], ensure_ascii=False)
        values = {"events": events, "updated_at": now()}
        with self._engine.begin() as connection:
            changed = connection.execute(_tails.update().where(_tails.c.conversation == tracker.sender_id).values(**values))
            if not changed.rowcount:
                connection.execute(_tails.insert().values(conversation=tracker.sender_id, **values))

    async def retrieve(self, sender_id: str) -> DialogueStateTracker | None:
        """Read the tail of a conversation; None when there is none."""
        with self._engine.connect() as connection:
            stored = connection.execute(select(_tails.c.events).where(_tails.c.conversation == sender_id)).scalar()
        if stored is None:
            return None
        # As `from_dict` does, but without looking through all of Rasa's classes for each event (1.5 of 1.8 ms).
        events = [find_event_class(shape["event"])._from_parameters(shape) for shape in json.loads(stored)]  # noqa: SLF001
        known = [event for event in events if event]
        return DialogueStateTracker.from_events(sender_id, known, self.domain.slots, self.max_event_history)

    async def keys(self) -> Iterable[str]:
        """List the conversations."""
        with self._engine.connect() as connection:
            return list(connection.execute(select(_tails.c.conversation)).scalars())


@functools.cache
def find_event_class(name: str) -> type[Event]:
    """Find Rasa's class of an event by its name in JSON."""
    return Event.resolve_by_type(name)


def bounded(events: Sequence[Event], turns: int = KEPT_TURNS) -> list[Event]:
    """Keep the last turns; what earlier events set becomes slot events before them."""
    starts = [number for number, event in enumerate(events) if isinstance(event, UserUttered)]
    if len(starts) <= turns:
        return list(events)
    cut = starts[-turns]
    slots: dict[str, Any] = {}
    loop: str | None = None
    for event in events[:cut]:
        if isinstance(event, SlotSet):
            slots[event.key] = event.value
        elif isinstance(event, AllSlotsReset | Restarted):
            slots.clear()
        if isinstance(event, ActiveLoop):
            loop = event.name
        elif isinstance(event, Restarted):
            loop = None
    head: list[Event] = [SessionStarted()]
    head += [SlotSet(key, value) for key, value in slots.items() if value is not None]
    if loop:
        head.append(ActiveLoop(loop))
    return [*head, ActionExecuted("action_listen"), *events[cut:]]


def shrink(event: dict[str, Any]) -> dict[str, Any]:
    """Drop from a user event what only its own turn needed: the ranking, the tokens."""
    if event.get("event") != "user":
        return event
    parsed = event.get("parse_data") or {}
    return {**event, "parse_data": {key: parsed[key] for key in _PARSED_KEPT if key in parsed}}
