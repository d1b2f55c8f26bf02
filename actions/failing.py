"""The base of our actions: whatever goes wrong, the citizen gets words (an exception would mean silence, design §6)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher

from actions.turn import say
from qinwen.log import logger
from qinwen.replies import Reply
from qinwen.vocabulary import Outcome

log = logger(__name__)
_WORDS = "查资料的时候出了点故障，这一句暂时答不了。请过一会儿再问我一次；着急可以打 12345。"


class SpeakingAction(ABC):
    """Always says something. An action inherits from this before `rasa_sdk.Action` and gives `name` and `act`."""

    @abstractmethod
    def act(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
        """Do the action's work: speak, and give the events that follow."""

    @abstractmethod
    def name(self) -> str:
        """Give the action's name."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        """Run the action; called by rasa_sdk."""
        del domain
        try:
            return self.act(dispatcher, tracker)
        except Exception:
            log.exception("action_failed", action=self.name(), conversation=tracker.sender_id)
            dispatcher.messages.clear()
            say(dispatcher, Outcome.ERROR, [Reply("text", _WORDS)])
            return []
