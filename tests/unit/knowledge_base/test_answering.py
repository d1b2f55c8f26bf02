import pytest

from knowledge_base import Answerer, Knowledge, Option, Question
from knowledge_base.content import Faq
from qinwen.vocabulary import Facet, Outcome

XIAN, BAOJI = "610100", "610300"


def first(answer):
    return answer.replies[0].text


@pytest.mark.parametrize(
    ("text", "facet", "item", "words"),
    [
        ("护照要多少钱", Facet.FEE, "passport", "每本120元"),
        ("补身份证要多少钱", Facet.FEE, "idcard", "工本费40元"),
        ("公积金要什么材料", Facet.MATERIALS, "fund", "租房合同"),
        ("身份证丢了咋办", Facet.OVERVIEW, "idcard", "派出所"),
    ],
)
def test_the_asked_facet_of_the_asked_item_is_answered_with_its_source(ask, text, facet, item, words):
    answer = ask(text, facet)
    assert (answer.outcome, answer.item, answer.facet) == (Outcome.ANSWERED, item, facet)
    assert words in first(answer)
    [source] = answer.replies[0].sources
    assert source.entry == f"guide:{item}:610000"
    assert source.facet == facet.value


def test_an_empty_knowledge_base_says_so(empty):
    answer = Answerer(Knowledge(empty, "none"), None).answer(Question("护照多少钱"))
    assert answer.outcome is Outcome.NOT_FOUND
    assert "12345" in first(answer)


def test_warming_up_an_empty_knowledge_base_does_no_harm(empty):
    Answerer(Knowledge(empty, "none"), None).warm_up()


def test_two_items_in_one_question_are_asked_back(ask):
    answer = ask("护照和身份证", Facet.OVERVIEW)
    assert answer.outcome is Outcome.CLARIFY
    assert answer.item is None
    assert {option.item for option in answer.options} >= {"passport", "idcard"}
    assert [c.title for c in answer.replies[0].choices] == [o.title for o in answer.options]


@pytest.mark.parametrize("text", ["第二个", "2", "补身份证:收多少钱"])
def test_a_choice_taken_up_is_answered(ask, text):
    options = (
        Option("办护照:收多少钱", "护照要交多少钱", "passport", Facet.FEE),
        Option("补身份证:收多少钱", "身份证要交多少钱", "idcard", Facet.FEE),
    )
    answer = ask(text, intent="choose_option", options=options)
    assert (answer.outcome, answer.item, answer.facet) == (Outcome.ANSWERED, "idcard", Facet.FEE)
    assert "40元" in first(answer)


def test_a_question_about_something_else_is_refused_and_not_guessed(ask):
    answer = ask("红烧肉放多少糖", intent="out_of_scope")
    assert answer.outcome is Outcome.REFUSED_OUT_OF_SCOPE
    assert answer.item is None


def test_a_facet_that_nobody_wrote_is_not_invented(ask):
    answer = ask("护照找谁代办", Facet.PROXY)
    assert (answer.outcome, answer.item, answer.facet) == (Outcome.NOT_FOUND, "passport", Facet.PROXY)
    assert "12345" in first(answer)


def test_a_question_without_an_item_goes_on_about_the_conversation_s(ask):
    answer = ask("多少钱", Facet.FEE, item="passport", facet=Facet.PLACE)
    assert (answer.outcome, answer.item, answer.facet) == (Outcome.ANSWERED, "passport", Facet.FEE)


def test_a_question_without_an_item_and_without_a_conversation_is_asked_back(ask):
    answer = ask("多少钱", Facet.FEE)
    assert answer.outcome in {Outcome.ASK_SLOT, Outcome.CLARIFY}
    assert answer.item is None


def test_another_item_named_alone_inherits_the_facet(ask):
    answer = ask("那身份证呢", Facet.OVERVIEW, item="passport", facet=Facet.FEE)
    assert (answer.item, answer.facet) == ("idcard", Facet.FEE)


def test_who_tells_how_things_are_with_them_hears_who_may(ask):
    answer = ask("我是自己走掉的", Facet.OVERVIEW, item="passport", facet=Facet.FEE)
    assert (answer.item, answer.facet) == ("passport", Facet.ELIGIBILITY)


def test_who_tells_more_of_what_they_lack_hears_again_of_doing_without(ask):
    answer = ask("房东死活不给", Facet.OVERVIEW, item="passport", facet=Facet.DEFERRAL)
    assert (answer.item, answer.facet) == ("passport", Facet.DEFERRAL)


def test_small_talk_amid_a_conversation_is_not_taken_for_how_things_are(ask):
    assert ask("我今儿高兴得很", intent="out_of_scope", item="passport", facet=Facet.FEE).outcome is not Outcome.ANSWERED


@pytest.mark.parametrize("text", ["不是护照,是身份证", "我没问护照,我问身份证"])
def test_a_correction_is_taken_by_what_is_meant(ask, text):
    answer = ask(text, Facet.OVERVIEW, item="passport", facet=Facet.FEE)
    assert (answer.item, answer.facet) == ("idcard", Facet.FEE)


def test_a_named_region_gets_its_own_words_and_the_province_s_below(ask):
    answer = ask("西安护照去哪儿办", Facet.PLACE, regions=[XIAN])
    assert answer.region == XIAN
    assert first(answer).index("西安市民中心。") < first(answer).index("任意出入境窗口。")
    assert answer.options == ()


def test_the_conversation_s_region_counts_when_none_is_named(ask):
    answer = ask("护照去哪儿办", Facet.PLACE, region=BAOJI)
    assert answer.region == BAOJI
    assert "宝鸡政务大厅。" in first(answer)


def test_a_region_named_now_counts_before_the_conversation_s(ask):
    assert "西安市民中心。" in first(ask("西安护照去哪儿办", Facet.PLACE, regions=[XIAN], region=BAOJI))


@pytest.mark.parametrize(("text", "named"), [("不对,我在宝鸡", [BAOJI]), ("不是西安,是宝鸡", [XIAN, BAOJI])])
def test_a_corrected_region_answers_the_same_again(ask, text, named):
    answer = ask(text, Facet.PLACE, regions=named, region=XIAN, item="passport", facet=Facet.PLACE)
    assert (answer.outcome, answer.item, answer.facet, answer.region) == (Outcome.ANSWERED, "passport", Facet.PLACE, BAOJI)


def test_without_a_region_the_regions_that_differ_are_offered(ask):
    answer = ask("护照去哪儿办", Facet.PLACE)
    assert [option.region for option in answer.options] == [XIAN, BAOJI]
    assert [choice.title for choice in answer.replies[-1].choices] == ["西安市", "宝鸡市"]


def test_an_offered_region_taken_up_is_answered_for_it(ask):
    offered = ask("护照去哪儿办", Facet.PLACE)
    answer = ask("宝鸡市", intent="choose_option", options=offered.options, item="passport", facet=Facet.PLACE)
    assert (answer.outcome, answer.region) == (Outcome.ANSWERED, BAOJI)


def test_a_region_said_alone_repeats_the_answer_for_it(ask):
    answer = ask("我在宝鸡", intent="change_region", regions=[BAOJI], item="passport", facet=Facet.PLACE)
    assert (answer.item, answer.facet, answer.region) == ("passport", Facet.PLACE, BAOJI)
    assert "宝鸡政务大厅。" in first(answer)


def test_an_overview_offers_the_facets(ask):
    answer = ask("护照怎么办", Facet.OVERVIEW)
    assert Facet.FEE in {option.facet for option in answer.options}
    assert answer.replies[-1].type == "choices"


def test_an_faq_of_an_item_answers_with_the_item_it_belongs_to(ask):
    answer = ask("租房子能不能取公积金", Facet.ELIGIBILITY)
    assert (answer.outcome, answer.item, answer.facet) == (Outcome.ANSWERED, "fund", Facet.ELIGIBILITY)
    assert answer.replies[0].sources[0].entry == "faq:fund-rent"


def test_a_general_faq_answers_without_an_item(ask):
    answer = ask("政务大厅有停车场吗", Facet.PLACE)
    assert (answer.outcome, answer.item) == (Outcome.ANSWERED, None)
    assert "地下一层" in first(answer)


def test_an_edit_is_live_on_the_next_question(database, publisher, make):
    answerer = Answerer(Knowledge(database, "none"), None)
    question = Question("护照要多少钱", None, {"ask_fee": 0.95})
    assert "120元" in first(answerer.answer(question))
    with database.session() as session:
        guide = make.guide("passport", "610000", fee={"text": "每本160元。", "asked": ["护照要多少钱"]})
        publisher.publish_guide(session, guide, author="测试")
        publisher.publish_faq(session, Faq("baby", "婴儿能办护照吗", "能,出生就能办。", "passport"), author="测试")
    assert "160元" in first(answerer.answer(question))
    assert "出生就能办" in first(answerer.answer(Question("婴儿能办护照吗", None, {"ask_eligibility": 0.95})))


def test_an_answer_can_be_given_once_more(answerer):
    answer = answerer.answer_about("passport", Facet.FEE, None)
    assert (answer.outcome, answer.item, answer.facet) == (Outcome.ANSWERED, "passport", Facet.FEE)


def test_every_answer_has_words(ask):
    for text in ("护照", "?", "身份证身份证身份证", "1", "610100", "呢", "护照" * 100):
        for intent in ("ask_fee", "out_of_scope", "greet", "choose_option"):
            answer = ask(text, intent=intent)
            assert answer.replies
            assert all(reply.text for reply in answer.replies)
