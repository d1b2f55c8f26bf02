"""Answers a question from the knowledge base: every facet intent, and whatever no other action takes."""

from __future__ import annotations

from dataclasses import replace

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher

from actions.failing import SpeakingAction
from actions.requesting import name_wish
from actions.resources import resources
from actions.told_by_agent import answer_as_told, read_told, with_item
from actions.turn import give, read_context, read_question
from qinwen.vocabulary import Outcome

HANDOFF = "action_request_handoff"
# For an installation without a desk; with one, the hub takes the complaint there.
COMPLAINT_WORDS = (
    "听得出这事让您着急上火了。我是办事问答助手，没法替您处理投诉。请打 12345 热线，说清时间、地点和经过，会有单位限期答复您。"
)


class ActionAnswerQuestion(SpeakingAction, Action):
    """Looks the question up and says what was found; a complaint that nothing answers goes to a person."""

    def name(self) -> str:
        """Give the action's name."""
        return "action_answer_question"

    def act(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
        """Answer, ask back, or say that nothing fits."""
        shared = resources()
        told = read_told(tracker)
        question = read_question(tracker)
        question = replace(question, context=with_item(question.context, told))
        answer = shared.answerer.answer(question)
        if said := answer_as_told(question, answer, told):
            return give(dispatcher, said)
        intent = (tracker.latest_message.get("intent") or {}).get("name")
        if intent == "complain" and answer.outcome is not Outcome.ANSWERED:
            context = read_context(tracker)
            name_wish(dispatcher, HANDOFF, Outcome.DESK_CLOSED, COMPLAINT_WORDS, context, item=context.item, reason="complaint")
            return []
        return give(dispatcher, answer)
