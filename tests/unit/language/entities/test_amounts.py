import pytest
from hypothesis import given
from hypothesis import strategies as st

from language.entities.amounts import find_amounts


def amounts(text):
    return [(entity.text, entity.value) for entity in find_amounts(text)]


@pytest.mark.parametrize(
    ("text", "written", "value"),
    [
        ("交200块", "200块", "200"), ("200块钱", "200块钱", "200"), ("三千元", "三千元", "3000"), ("1.5万", "1.5万", "15000"),
        ("1.5万元", "1.5万元", "15000"), ("2,000元", "2,000元", "2000"), ("¥200", "¥200", "200"), ("￥200", "￥200", "200"),
        ("人民币500", "人民币500", "500"), ("12块5", "12块5", "12.5"), ("三块五", "三块五", "3.5"), ("5毛钱", "5毛钱", "0.5"),
        ("20w", "20w", "200000"), ("一万二千块", "一万二千块", "12000"), ("3万多", "3万多", "30000"), ("200多块", "200多块", "200"),
        ("２００元", "２００元", "200"), ("100元一次", "100元", "100"), ("一块钱", "一块钱", "1"), ("0.5元", "0.5元", "0.5"),
    ],
)  # fmt: skip
def test_a_sum_is_found_in_yuan(text, written, value):
    assert amounts(text) == [(written, value)]


@pytest.mark.parametrize(
    "text",
    [
        "一块办吧", "一块去", "三块地", "今年元旦", "3万人", "两毛病", "20岁", "200", "第三元素", "5号", "一元一次方程", "两角形", "几万元", "百元店", "",
        "3万公里", "五万步",
    ],
)  # fmt: skip
def test_other_counts_are_no_sums(text):
    assert amounts(text) == []


@given(st.text(st.sampled_from("0123456789.,一二两十百千万块元毛角¥wW多 ０"), max_size=24))
def test_sums_never_raise_and_tell_their_place(text):
    for entity in find_amounts(text):
        assert text[entity.start : entity.end] == entity.text
