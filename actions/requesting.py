"""The base of actions for what the hub carries out: cases, appointments, erasing, a person. They only name the wish.

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
from knowledge_base import Context
from qinwen.replies import Reply
from qinwen.vocabulary import Outcome


def name_wish(
    dispatcher: CollectingDispatcher,
    action: str,
    outcome: Outcome,
    words: str,
    context: Context,
    *,
    item: str | None,
    reason: str | None = None,
) -> None:
    """Say what the citizen wants, named after the action that carries it out, with what the conversation is about."""
    request = {
        "name": action.removeprefix("action_"),
        "item": item,
        "facet": context.facet.value if context.facet else None,
        "region": context.region,
        "reason": reason,
    }
    say(dispatcher, outcome, [Reply("text", words)], {"request": request})


class RequestingAction(SpeakingAction, Action):
    """Says what the citizen wants; `act` and `name` of the same name."""

    outcome: ClassVar[Outcome] = Outcome.ASK_SLOT
    words: ClassVar[str]

    def act(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
        """Name the wish, with the item and the region that the conversation is about."""
        context = read_context(tracker)
        name_wish(dispatcher, self.name(), self.outcome, self.words, context, item=self.item(tracker))
        return []

    def item(self, tracker: Tracker) -> str | None:
        """Give the item that the wish is about."""
        return read_context(tracker).item
