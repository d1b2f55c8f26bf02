"""The base of actions for what the hub carries out: cases, appointments, erasing. The action only names the citizen's wish.

What proves an identity never comes here: it stays in the process that took the message (docs/adr/0012-case-status.md). The
words that an action says are those for an installation without a case system; with one, the hub replaces them.
"""

from __future__ import annotations

from typing import ClassVar

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher

from actions.failing import SpeakingAction
from actions.turn import read_context, say
from qinwen.replies import Reply
from qinwen.vocabulary import Outcome


class RequestingAction(SpeakingAction, Action):
    """Says what the citizen wants; `act` and `name` of the same name."""

    outcome: ClassVar[Outcome] = Outcome.ASK_SLOT
    words: ClassVar[str]

    def act(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
        """Name the wish, with the item and the region that the conversation is about."""
        context = read_context(tracker)
        request = {"name": self.name().removeprefix("action_"), "item": self.item(tracker), "region": context.region}
        say(dispatcher, self.outcome, [Reply("text", self.words)], {"request": request})
        return []

    def item(self, tracker: Tracker) -> str | None:
        """Give the item that the wish is about."""
        return read_context(tracker).item
