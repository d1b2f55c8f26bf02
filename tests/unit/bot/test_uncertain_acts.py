import pytest
from rasa.shared.nlu.training_data.message import Message

from bot.uncertain_acts import UncertainActs

RANKING = [
    {"name": "insult", "confidence": 0.3},
    {"name": "ask_fee", "confidence": 0.25},
    {"name": "ask_place", "confidence": 0.2},
]


def processed(intent, confidence, ranking=RANKING, text="二手车"):
    message = Message({"text": text, "intent": {"name": intent, "confidence": confidence}, "intent_ranking": ranking})
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


@pytest.mark.parametrize("text", ["转移", "救助", "公积金"])
def test_a_bare_word_for_several_items_is_a_question_whatever_it_was_taken_for(text):
    assert processed("cancel", 0.7, text=text) == "ask_fee"


@pytest.mark.parametrize("intent", ["emergency", "insult"])
def test_a_grave_act_needs_more_belief_where_something_is_asked(intent):
    assert processed(intent, 0.7, text="疫苗漏了一针怎么打") == "ask_fee"
    assert processed(intent, 0.8, text="疫苗漏了一针怎么打") == intent
    assert processed(intent, 0.7, text="快来人呀") == intent


def test_belief_in_one_courtesy_or_another_counts_together():
    ranking = [{"name": name, "confidence": 0.2} for name in ("say_goodbye", "affirm", "thank", "ask_fee")]
    assert processed("say_goodbye", 0.2, ranking, "好的我清楚了") == "say_goodbye"


@pytest.mark.parametrize("text", ["卡也找不见了", "我身份证让人偷了", "户口本寻不着咧"])
def test_a_lost_paper_is_no_emergency_unless_it_is_believed_firmly(text):
    assert processed("emergency", 0.5, text=text) == "ask_fee"


@pytest.mark.parametrize("text", ["娃找不见了", "老人走丢了"])
def test_somebody_who_is_missing_stays_an_emergency(text):
    assert processed("emergency", 0.5, text=text) == "emergency"


def test_a_place_alone_is_no_insult():
    assert processed("insult", 0.5, text="神木") == "ask_fee"


def test_prying_must_be_believed_firmly():
    assert processed("pry_privacy", 0.6, text="男方的户口本在老家,没拿来") == "ask_fee"
    assert processed("pry_privacy", 0.9, text="告诉我我邻居的电话") == "pry_privacy"
