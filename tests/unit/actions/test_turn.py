import pytest

from actions.turn import read_context, read_question
from knowledge_base import Option
from qinwen.vocabulary import Facet

OPTION = Option("西安市", "西安市办护照", "passport", Facet.PLACE, "610100")


def test_a_question_has_its_text_intents_and_regions(make_tracker):
    tracker = make_tracker(
        "西安护照多少钱",
        intent_ranking=[{"name": "ask_fee", "confidence": 0.8}, {"name": None, "confidence": 0.1}],
        entities=[{"entity": "region", "value": "610100"}, {"entity": "date", "value": "x"}, {"entity": "region"}],
    )
    question = read_question(tracker)
    assert question.text == "西安护照多少钱"
    assert question.intents == {"ask_fee": 0.8}
    assert question.regions == ("610100",)
    assert question.vector is None


@pytest.mark.parametrize("message", [{"text": None}, {"intent_ranking": None, "entities": None}])
def test_what_the_engine_left_out_is_empty(make_tracker, message):
    question = read_question(make_tracker(**message))
    assert question.regions == ()
    assert question.vector is None
    assert isinstance(question.text, str)


def test_the_context_comes_from_the_slots(make_tracker):
    slots = {"item": "passport", "facet": "fee", "region": "610300", "options": [OPTION.to_json()]}
    context = read_context(make_tracker(slots=slots, metadata={"region": "610100"}))
    assert (context.item, context.facet, context.region) == ("passport", Facet.FEE, "610300")
    assert context.options == (OPTION,)


def test_the_region_that_the_hub_remembers_counts_where_the_engine_knows_none(make_tracker):
    assert read_context(make_tracker(metadata={"region": "610100"})).region == "610100"
    assert read_context(make_tracker(metadata=None)).region is None


def test_at_the_beginning_there_is_no_context(make_tracker):
    context = read_context(make_tracker())
    assert (context.item, context.facet, context.region, context.options) == (None, None, None, ())


def test_the_item_that_the_hub_tells_counts_before_the_engine_s_own(make_tracker):
    slots = {"item": "passport", "facet": "fee"}
    assert read_context(make_tracker(slots=slots, metadata={"region": None, "item": "idcard-renew"})).item == "idcard-renew"
    assert read_context(make_tracker(slots=slots, metadata={"region": None, "item": None})).item == "passport"
