import pytest

from knowledge_base.following import (
    asks_nothing,
    corrected,
    follows,
    lacks_something,
    moves_on,
    names_several,
    tells_of_oneself,
)


@pytest.mark.parametrize("text", ["职工医保", "投靠媳妇的那个", "我说的是二手车", "办居住证"])
def test_a_name_alone_asks_nothing(text):
    assert asks_nothing(text)


@pytest.mark.parametrize("text", ["要带啥", "网上", "利息呢", "他来不来都行", "能代办吗", "材料", "几点上班", "礼拜六开不开"])
def test_a_facet_s_words_ask_something(text):
    assert not asks_nothing(text)


@pytest.mark.parametrize(
    ("text", "name"),
    [("然后上户口呢", "上户口"), ("户口呢,也要钱吗", "户口"), ("还有那个育儿补贴", "育儿补贴"), ("那护照的话", "护照")],
)
def test_a_text_may_turn_to_what_it_names(text, name):
    assert moves_on(text, name)


@pytest.mark.parametrize(("text", "name"), [("名下有房产证能申请不", "房产证"), ("要身份证不", "身份证")])
def test_a_thing_that_is_only_mentioned_is_not_turned_to(text, name):
    assert not moves_on(text, name)


def test_a_lost_paper_and_joined_things_are_seen():
    assert lacks_something("发票丢了咋办")
    assert not lacks_something("丢了能补几回")
    assert names_several("护照和身份证")


def test_a_correction_says_what_is_meant_and_a_follow_up_takes_up_the_facet():
    assert corrected("说错了,是取公积金") == "取公积金"
    assert follows("那护照呢")
    assert not follows("护照多少钱")


@pytest.mark.parametrize("text", ["我是自己不干的", "他没有买房,租的房子", "那公司把我开了呢"])
def test_how_things_are_with_somebody_is_told_without_asking(text):
    assert tells_of_oneself(text)


@pytest.mark.parametrize("text", ["嗯嗯", "那我能领不", "要带啥"])
def test_a_sound_or_a_question_tells_nothing_of_oneself(text):
    assert not tells_of_oneself(text)
