"""What rasa_sdk hands to an action, and a knowledge base that answers what the test tells it to."""

import warnings

import pytest

# Recorded, for a library among them switches warnings on again.
with warnings.catch_warnings(record=True):
    import rasa_sdk.endpoint  # noqa: F401

from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.resources import Resources
from knowledge_base import Answer
from qinwen.replies import Reply, Source
from qinwen.vocabulary import Facet, Outcome

CARD = Reply(
    "card",
    "办护照 · 收多少钱\n每本120元。低保户免收;以窗口为准。\n【收费项目】\n· 工本费:120元",
    sources=(Source("guide:passport:610000", 1, "fee", "办事指南"),),
)
ANSWER = Answer(Outcome.ANSWERED, (CARD,), "passport", Facet.FEE, "610100", (), 0.9)


class FakeAnswerer:
    """Gives one answer, or fails; remembers what it was asked."""

    def __init__(self):
        self.result = ANSWER
        self.asked = []

    def answer(self, question):
        self.asked.append(question)
        if isinstance(self.result, Exception):
            raise self.result
        return self.result

    def answer_about(self, item, facet, region):
        return self.answer((item, facet, region))

    def explain_terms(self, text):
        return [("低保户", "领最低生活保障的人家")] if "低保户" in text else []


@pytest.fixture
def answerer(monkeypatch):
    """Put a fake in the place of the process's resources."""
    fake = FakeAnswerer()
    shared = Resources(fake, None, None)
    for module in ("answer_question", "repeat_answer", "take_correction"):
        monkeypatch.setattr(f"actions.{module}.resources", lambda: shared)
    return fake


@pytest.fixture
def make_tracker():
    def make(text="护照多少钱", intent="ask_fee", slots=None, **message):
        latest = {
            "text": text,
            "intent": {"name": intent, "confidence": 0.9},
            "intent_ranking": [{"name": intent, "confidence": 0.9}],
            "entities": [],
            **message,
        }
        return Tracker("c1", dict(slots or {}), latest, [], False, None, {}, "action_listen")  # noqa: FBT003

    return make


@pytest.fixture
def run():
    """Run an action; gives what it said and the events that follow."""

    async def run(action, tracker):
        dispatcher = CollectingDispatcher()
        events = await action.run(dispatcher, tracker, {})
        return dispatcher.messages, {event["name"]: event["value"] for event in events if event["event"] == "slot"}

    return run
