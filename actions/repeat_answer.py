"""Says the last answer again, in full or in few plain words."""

from __future__ import annotations

import re

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher

from actions.failing import SpeakingAction
from actions.resources import resources
from actions.turn import give, read_context
from knowledge_base import Answer
from qinwen.replies import Reply


class ActionRepeatAnswer(SpeakingAction, Action):
    """Gives the last answer once more."""

    def name(self) -> str:
        """Give the action's name."""
        return "action_repeat_answer"

    def act(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
        """Repeat, or ask what to repeat."""
        context = read_context(tracker)
        if not context.item or not context.facet:
            dispatcher.utter_message(response="utter_nothing_to_repeat")
            return []
        answer = resources().answerer.answer_about(context.item, context.facet, context.region)
        return give(dispatcher, self.shape(answer))

    def shape(self, answer: Answer) -> Answer:
        """Give the answer as it is to be said."""
        return answer


class ActionExplainSimply(ActionRepeatAnswer):
    """Gives the gist of the last answer: its plain text without lists, one sentence a line, hard words explained."""

    def name(self) -> str:
        """Give the action's name."""
        return "action_explain_simply"

    def shape(self, answer: Answer) -> Answer:
        """Keep the lead of the first card, one sentence a line, and explain the office terms in it."""
        card = answer.replies[0]
        lead = card.text.split("\n【")[0].split("\n")[1:2] or [card.text]
        sentences = [s for s in re.split(r"(?<=[。;;!?])", lead[0]) if s.strip()]
        terms = resources().answerer.explain_terms(card.text)
        words = ["简单说：", *sentences, *(f"「{term}」就是：{plain}" for term, plain in terms)]
        simple = Reply("text", "\n".join(words), sources=card.sources)
        return Answer(answer.outcome, (simple,), answer.item, answer.facet, answer.region)
