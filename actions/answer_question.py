"""Answers a question from the knowledge base: every facet intent, and whatever no other action takes."""

from __future__ import annotations

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher

from actions.failing import SpeakingAction
from actions.resources import resources
from actions.turn import give, read_question
from qinwen.vocabulary import Outcome


class ActionAnswerQuestion(SpeakingAction, Action):
    """Looks the question up and says what was found; a complaint that nothing answers goes to a person."""

    def name(self) -> str:
        """Give the action's name."""
        return "action_answer_question"

    def act(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
        """Answer, ask back, or say that nothing fits."""
        shared = resources()
        answer = shared.answerer.answer(read_question(tracker))
        intent = (tracker.latest_message.get("intent") or {}).get("name")
        if intent == "complain" and answer.outcome is not Outcome.ANSWERED:
            dispatcher.utter_message(response="utter_complaint_not_yet")
            return []
        return give(dispatcher, answer)
