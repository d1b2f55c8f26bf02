import json

from hypothesis import given
from hypothesis import strategies as st

from knowledge_base import Option, Question
from qinwen.vocabulary import Facet

facets = st.sampled_from(list(Facet))
options = st.builds(Option, st.text(max_size=9), st.text(max_size=9), st.text(max_size=9), facets, st.none() | st.text())


@given(options)
def test_an_option_comes_back_from_a_slot_as_it_went(option):
    assert Option.from_json(json.loads(json.dumps(option.to_json()))) == option


def test_facet_intents_are_shared_out_to_one():
    shares = Question("多少钱", None, {"ask_fee": 0.6, "ask_place": 0.2, "greet": 0.2}).facets()
    assert abs(shares[Facet.FEE] - 0.75) < 1e-9
    assert abs(sum(shares.values()) - 1) < 1e-9


def test_without_a_facet_intent_no_facet_has_a_share():
    assert set(Question("你好", None, {"greet": 1.0}).facets().values()) == {0.0}
    assert set(Question("你好").facets().values()) == {0.0}


@given(st.dictionaries(facets.map(lambda f: f"ask_{f.value}"), st.floats(0, 1)))
def test_shares_are_probabilities(intents):
    shares = Question("?", None, intents).facets()
    assert set(shares) == set(Facet)
    assert all(0 <= share <= 1 for share in shares.values())
