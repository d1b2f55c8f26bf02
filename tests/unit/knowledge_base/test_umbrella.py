import pytest

from knowledge_base.seeding import read_seeds
from knowledge_base.umbrella import _read, opens_with, umbrella_of


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("公积金", "公积金"),
        ("请问公积金咋办呀?", "公积金"),
        ("在西安落户要啥条件", "落户"),
        ("我要交社保", "交社保"),
        ("過戶要多少錢", "过户"),
        ("营业执照", "营业执照"),
    ],
)
def test_a_word_for_several_items_is_seen_among_words_that_any_question_has(text, word):
    assert umbrella_of(text).word == word


@pytest.mark.parametrize(
    "text",
    [
        "租房提取公积金要啥",
        "社保卡丢了",
        "给娃上户口",
        "失业金怎么领",
        "营业执照怎么办",
        "你好",
        "",
        "二手房过户要交哪些税,双方都要到场吗,网上行不行",
    ],
)
def test_a_text_that_says_more_is_left_to_the_ranking(text):
    assert umbrella_of(text) is None


def test_a_word_is_the_subject_only_where_it_comes_first():
    assert opens_with("那公积金呢", umbrella_of("公积金"))
    assert not opens_with("我家有车还行不", umbrella_of("车"))


def test_every_word_stands_for_two_items_or_more_that_exist():
    known = {seed.item.code for seed in read_seeds()}
    for umbrella in _read()[0]:
        assert len(umbrella.items) > 1, umbrella
        assert set(umbrella.items) <= known, umbrella
