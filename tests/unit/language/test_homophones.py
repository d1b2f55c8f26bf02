import pytest
from hypothesis import given
from hypothesis import strategies as st

from language.homophones import Homophones
from language.segment import Segmenter

TERMS = [
    "失业登记", "失业登记证明", "护照", "换护照", "营业执照", "社保费", "缴社保费", "房子过户", "车辆过户", "公积金提取",
    "公积金贷款", "身份证", "办身份证", "补办户口本", "补办身份证", "退休", "办退休", "年检", "车辆年检",
]  # fmt: skip


@pytest.fixture(scope="module")
def homophones():
    return Homophones(TERMS, Segmenter(TERMS))


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("失液登记要带什么", "失业登记要带什么"),
        ("我的户照过期了", "我的护照过期了"),
        ("营业执造在哪办", "营业执照在哪办"),
        ("社保飞怎么交", "社保费怎么交"),
        ("二手车过护要带啥", "二手车过户要带啥"),
        ("公机金能取不", "公积金能取不"),
        ("退修以后能领多少", "退休以后能领多少"),
    ],
)
def test_a_term_that_only_sounds_right_is_put_right(homophones, written, meant):
    assert homophones.mend(written) == meant


def test_sounds_that_much_of_the_country_does_not_tell_apart_are_one_in_a_longer_term(homophones):
    assert homophones.mend("深份证丢了") == "身份证丢了"


@pytest.mark.parametrize(
    "text",
    [
        "我想绑身份证",  # binds it, does not have one made: 绑 is a word of its own
        "我不办了",  # sounds like 补办
        "姓于的女孩子",
        "失业登记要带什么",
        "公司还在,年检过了没有",
        "仙女下凡喜欢谁",
        "",
        "abc 123",
    ],
)
def test_what_is_a_word_of_its_own_stays(homophones, text):
    assert homophones.mend(text) == text


def test_a_long_story_stays_as_it_is(homophones):
    story = "我的户照" + "他们一直不给我办。" * 12
    assert homophones.mend(story) == story


def test_nothing_is_changed_where_two_terms_sound_the_same():
    homophones = Homophones(["时间表", "事件表"], Segmenter(["时间表", "事件表"]))
    assert homophones.mend("世间表") == "世间表"


@given(st.text(alphabet="户照护失液业登记的办 ab1，。", max_size=40))
def test_a_text_keeps_its_length_whatever_it_is(homophones, text):
    assert len(homophones.mend(text)) == len(text)
