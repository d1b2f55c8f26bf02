"""What a person said before answers the follow-up, with the person as its source."""

import pytest

from actions.answer_question import ActionAnswerQuestion
from conversations.engine import read_response
from knowledge_base import Answer
from qinwen.replies import Reply
from qinwen.vocabulary import Facet, Outcome

TOLD = {
    "item": "passport", "region": "610100", "handling": "h", "desk": "西安市公安服务台", "outcome": "resolved", "entry": None,
    "facts": {"place": "三楼 B 区 12 号窗口"}, "at": "2026-11-28T09:20:00+00:00",
}  # fmt: skip


@pytest.fixture
def ask(answerer, make_tracker, run):
    async def ask(text, intent="ask_place", told=TOLD, slots=None, result=None):
        answerer.result = result or Answer(Outcome.NOT_FOUND, (Reply("text", "没有"),))
        tracker = make_tracker(text, intent, slots=slots, metadata={"region": None, "from_desk": told})
        messages, slots = await run(ActionAnswerQuestion(), tracker)
        return read_response({"messages": messages}), slots

    return ask


async def test_the_point_is_answered_and_names_the_person_as_its_source(ask):
    response, slots = await ask("那材料交到几楼")
    assert response.outcome is Outcome.ANSWERED
    assert (response.item, response.facet, response.region) == ("passport", "place", "610100")
    [reply] = response.replies
    assert "三楼 B 区 12 号窗口" in reply.text
    assert reply.sources[0].title == "坐席的答复 · 西安市公安服务台 · 2026年11月28日 17:20"
    assert slots["item"] == "passport"


async def test_words_that_only_one_point_shares_find_it_where_the_facet_is_misread(ask):
    told = {**TOLD, "facts": {"place": "三楼 B 区 12 号窗口", "fee": "一百二十元"}}
    response, _ = await ask("那材料交到几楼", "ask_materials", told)
    assert response.facet == "place"


async def test_another_question_and_another_matter_are_answered_from_the_guide(ask):
    fee = Answer(Outcome.ANSWERED, (Reply("text", "120 元"),), "passport", Facet.FEE, None, (), 0.95)
    response, _ = await ask("多少钱", "ask_fee", result=fee)
    assert response.replies == fee.replies
    other = Answer(Outcome.ANSWERED, (Reply("text", "派出所"),), "idcard-renew", Facet.PLACE, None, (), 0.95)
    response, _ = await ask("身份证去哪补", result=other)
    assert response.replies == other.replies


async def test_who_asks_for_the_guide_gets_the_guide(ask):
    place = Answer(Outcome.ANSWERED, (Reply("text", "出入境大厅"),), "passport", Facet.PLACE, None, (), 0.95)
    response, _ = await ask("办事指南里去哪儿办怎么说", result=place)
    assert response.replies == place.replies


async def test_a_conversation_that_knew_no_matter_goes_on_about_the_person_s(ask, answerer):
    await ask("多少钱", "ask_fee", {**TOLD, "facts": {}})
    assert answerer.asked[0].context.item == "passport"


@pytest.mark.parametrize("told", [None, {}, {"desk": "x"}, {**TOLD, "facts": {"nonsense": "x"}}, {**TOLD, "at": "gestern"}, 7])
async def test_what_is_not_in_shape_is_as_if_nothing_was_said(ask, told):
    response, _ = await ask("那材料交到几楼", told=told)
    assert response.outcome is Outcome.NOT_FOUND
