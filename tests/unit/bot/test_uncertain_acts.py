import pytest
from rasa.shared.nlu.training_data.message import Message

from bot.uncertain_acts import UncertainActs

RANKING = [
    {"name": "insult", "confidence": 0.3},
    {"name": "ask_fee", "confidence": 0.25},
    {"name": "ask_place", "confidence": 0.2},
]


def processed(intent, confidence, ranking=RANKING):
    message = Message({"text": "二手车", "intent": {"name": intent, "confidence": confidence}, "intent_ranking": ranking})
    UncertainActs(0.35).process([message])
    return message.get("intent")["name"]


def test_an_act_in_doubt_becomes_the_likeliest_question():
    assert processed("insult", 0.3) == "ask_fee"


@pytest.mark.parametrize(("intent", "confidence"), [("insult", 0.36), ("ask_place", 0.2), ("emergency", 0.2)])
def test_a_sure_act_a_question_and_an_emergency_stay(intent, confidence):
    assert processed(intent, confidence) == intent


def test_an_act_stays_where_no_question_is_known():
    assert processed("greet", 0.1, [{"name": "greet", "confidence": 0.1}]) == "greet"


def test_the_ranking_stays_as_it_was():
    message = Message({"text": "x", "intent": dict(RANKING[0]), "intent_ranking": RANKING})
    UncertainActs(0.35).process([message])
    assert message.get("intent_ranking") == RANKING
