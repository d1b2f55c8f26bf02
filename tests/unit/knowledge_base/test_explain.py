"""The search laboratory says what happened, and what a new wording would do."""

import pytest

from knowledge_base import Answerer, EntryInvalid, EntryNotFound, Knowledge
from knowledge_base.explain import explain, simulate
from qinwen.vocabulary import Facet, Outcome


@pytest.fixture
def lab(database, knowledge):
    live = Answerer(knowledge, None)
    return live, knowledge


def test_the_parts_add_up_to_the_score_and_the_shares_to_the_ranking(lab):
    told = explain(*lab, "西安护照要多少钱？", intents={"ask_fee": 0.9})
    assert told.normalised == "西安护照要多少钱?"
    assert "护照" in "".join(told.words)
    assert any(entity.text == "西安" for entity in told.entities)
    first = told.pairs[0]
    assert (first.item, first.facet) == ("passport", Facet.FEE)
    assert sum(part.points for part in first.parts) == pytest.approx(first.score, rel=1e-4)
    assert [pair.share for pair in told.pairs] == sorted((pair.share for pair in told.pairs), reverse=True)
    assert first.wordings[0][1] == "护照要多少钱"
    assert told.runner_up.item != "passport"
    assert told.intents == (("ask_fee", 0.9),)


def test_the_answer_is_the_one_that_citizens_get(lab):
    told = explain(*lab, "护照要多少钱", intents={"ask_fee": 0.95})
    assert told.answer.outcome is Outcome.ANSWERED
    assert "指南" in told.path
    scope = next(limit for limit in told.limits if "归我们管" in limit.title)
    assert scope.distance > 0
    assert explain(*lab, "政务大厅有停车场吗").faqs[0].entry == "faq:parking"


def test_what_is_refused_shows_by_how_much(lab):
    told = explain(*lab, "红烧肉放多少糖", intents={"out_of_scope": 0.95})
    assert told.answer.outcome is Outcome.REFUSED_OUT_OF_SCOPE
    assert next(limit for limit in told.limits if "归我们管" in limit.title).distance < 0


def test_adding_a_wording_is_tried_and_changes_nothing_live(lab):
    live, knowledge = lab
    text = "大厅那里汽车往哪儿搁"
    simulation = simulate(live, knowledge, None, text, "faq:parking", text)
    assert not any("地下一层" in reply.text for reply in simulation.before.answer.replies)
    assert simulation.wins
    assert "地下一层" in simulation.after.answer.replies[0].text
    assert explain(live, knowledge, text).answer == simulation.before.answer


def test_a_guide_gets_a_wording_for_a_facet(lab):
    simulation = simulate(*lab, None, "办那个红本本掏几个钱", "guide:passport:610000", "办那个红本本掏几个钱", Facet.FEE)
    assert simulation.after.pairs[0].item == "passport"
    assert simulation.after.pairs[0].score > simulation.before.pairs[0].score


@pytest.mark.parametrize(
    ("entry", "wording", "facet", "error"),
    [
        ("faq:nothing", "x", None, EntryNotFound),
        ("faq:parking", " ", None, EntryInvalid),
        ("guide:passport:610000", "x", None, EntryInvalid),
        ("guide:passport:610000", "x", Facet.PROXY, EntryInvalid),
    ],
)
def test_a_wording_that_cannot_be_added_is_refused(lab, entry, wording, facet, error):
    with pytest.raises(error):
        simulate(*lab, None, "护照", entry, wording, facet)


def test_no_question_is_said(lab):
    with pytest.raises(EntryInvalid):
        explain(*lab, "  ")


def test_no_knowledge_is_said(empty):
    knowledge = Knowledge(empty, "none")
    with pytest.raises(EntryInvalid, match="空的"):
        explain(Answerer(knowledge, None), knowledge, "护照")
