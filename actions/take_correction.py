"""Takes "不对，我问的是护照" as the question it contains; a bare "不对" is noted."""

from __future__ import annotations

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher

from actions.failing import SpeakingAction
from actions.resources import resources
from actions.turn import give, read_question
from knowledge_base import says_what_is_meant
from qinwen.vocabulary import Outcome

_TAKEN = {Outcome.ANSWERED, Outcome.CLARIFY}


class ActionTakeCorrection(SpeakingAction, Action):
    """Answers what the correction says is meant, else regrets."""

    def name(self) -> str:
        """Give the action's name."""
        return "action_take_correction"

    def act(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
        """Answer, or note it."""
        shared = resources()
        question = read_question(tracker)
        if says_what_is_meant(question.text):
            answer = shared.answerer.answer(question)
            if answer.outcome in _TAKEN:
                return give(dispatcher, answer)
        denied = (tracker.latest_message.get("intent") or {}).get("name") == "deny"
        dispatcher.utter_message(response="utter_deny" if denied else "utter_wrong_answer_noted")
        return []
