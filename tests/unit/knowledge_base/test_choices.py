import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge_base import Option
from knowledge_base.choices import chosen_option, clarifying_options, facet_options, region_options
from language import normalise
from qinwen.vocabulary import Facet

OPTIONS = [Option(f"选项{letter}", f"选项{letter}怎么办", letter, Facet.FEE) for letter in "甲乙丙丁"]


@pytest.mark.parametrize(
    ("text", "item"),
    [
        ("选项乙", "乙"), ("选项乙怎么办", "乙"), ("选项乙。", "乙"), (" 选项乙 ", "乙"),
        ("2", "乙"), ("２", "乙"), ("第二个", "乙"), ("第2个", "乙"), ("二", "乙"), ("两个", "乙"), ("选2", "乙"),
        ("我选第三个", "丙"), ("第三项吧", "丙"), ("要第一个", "甲"), ("4.", "丁"), ("③", "丙"),
        ("最后一个", "丁"), ("我要最后那个", "丁"),
    ],
)  # fmt: skip
def test_an_option_is_taken_by_its_title_its_value_a_number_or_an_ordinal(text, item):
    assert chosen_option(normalise(text), OPTIONS).item == item


@pytest.mark.parametrize(
    "text", ["", "0", "5", "第五个", "99", "身份证", "选项", "第二代身份证", "二手车过户", "三天能办好吗", "最后要交多少钱", "一共多少钱"]
)  # fmt: skip
def test_another_text_takes_none(text):
    assert chosen_option(text, OPTIONS) is None


def test_without_an_offer_nothing_is_taken():
    assert chosen_option("1", []) is None


@given(st.text(max_size=20), st.integers(0, 4))
def test_no_text_breaks_the_choosing(text, offered):
    chosen = chosen_option(text, OPTIONS[:offered])
    assert chosen is None or chosen in OPTIONS[:offered]


def test_asking_back_offers_each_item_for_the_facet_that_was_asked(make):
    items = [make.item("passport", "普通护照签发", "办护照"), make.item("permit", "港澳通行证签发", "港澳证")]
    options = clarifying_options(items, Facet.FEE, "610100")
    assert [(o.item, o.facet, o.region) for o in options] == [
        ("passport", Facet.FEE, "610100"), ("permit", Facet.FEE, "610100")
    ]  # fmt: skip
    assert "办护照" in options[0].title
    assert "收多少钱" in options[0].title
    assert [o.title for o in clarifying_options(items, Facet.OVERVIEW, None)] == ["办护照", "港澳证"]


def test_an_item_offers_the_facets_asked_most(make):
    options = facet_options(make.item("passport", "普通护照签发", "办护照"), None)
    assert len({o.facet for o in options}) == len(options) >= 6
    assert Facet.MATERIALS in {o.facet for o in options}
    assert all(o.value.startswith("办护照") for o in options)


def test_regions_are_offered_by_name(make):
    options = region_options(make.item("passport", "普通护照签发", "办护照"), Facet.PLACE, ["610100", "610300"])
    assert [(o.title, o.region) for o in options] == [("西安市", "610100"), ("宝鸡市", "610300")]


def test_an_offered_option_can_be_taken_by_pressing_it(make):
    item = make.item("passport", "普通护照签发", "办护照")
    for option in [*facet_options(item, None), *region_options(item, Facet.PLACE, ["610100"])]:
        assert chosen_option(normalise(option.value), [option]) == option
        assert chosen_option(normalise(option.title), [option]) == option
