"""What proves an identity is taken out for good; what else is personal is given for the vault, at its place in the text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from language import hide_secrets

CITIZENS_WORDS = st.lists(
    st.sampled_from(
        ["我叫张三，", "电话13812345678，", "一三八一二三四五六七八", "身份证11010519491231002X", "卡号:6222020200112233", "后四位002X",
         "验证码 482913", "SN20261116001723", "陕A12345", "[手机号]", "发到a.b@example.com ", "怎么补办", "１３９１２３４５６７８", "，"]
    ),
    max_size=8,
).map("".join)  # fmt: skip


def personal(text, **more):
    return [(datum.kind, datum.value) for datum in hide_secrets(text, **more).personal]


def test_each_datum_is_given_with_its_kind_in_the_order_of_the_text():
    hidden = hide_secrets("我叫王小明，电话138-1234-5678，查SN20261116001723，邮箱a.b@example.com")
    assert hidden.text == "我叫[姓名]，电话[手机号]，查SN20261116001723，邮箱[邮箱]"
    assert [(d.kind, d.value) for d in hidden.personal] == [
        ("姓名", "王小明"),
        ("手机号", "138-1234-5678"),
        ("邮箱", "a.b@example.com"),
    ]


@given(CITIZENS_WORDS, st.booleans())
def test_each_datum_stands_where_its_placeholder_stands(text, expected):
    hidden = hide_secrets(text, expected=expected)
    places = [datum.start for datum in hidden.personal]
    assert places == sorted(set(places))
    for datum in hidden.personal:
        assert hidden.text[datum.start :].startswith(f"[{datum.kind}]")


@pytest.mark.parametrize(
    "number", ["11010519491231002X", "１１０１０５１９４９１２３１００２Ｘ", "110105 19491231 002x", "110105491231002"]
)
def test_an_identity_number_is_given_without_its_last_four_signs(number):
    ((kind, value),) = personal(f"身份证{number}丢了")
    assert kind == "身份证号"
    assert value in {"11010519491231****", "11010549123****"}


def test_last_four_codes_and_bank_cards_are_never_given():
    assert personal("后四位 002X，验证码 482913") == []
    assert personal("002X 482913", expected=True) == []
    assert personal("绑定码 A2B3C4D5E6") == []
    assert personal("卡号:6222020200112233") == []


@pytest.mark.parametrize("code", ["A2B3C4D5E6", "DC96733609", "G123456789", "0912345678", "1380013800", "A2B3C-D4567"])
def test_a_binding_code_is_one_also_where_it_looks_like_another_number(code):
    hidden = hide_secrets(f"绑定码是 {code}")
    assert (hidden.text, hidden.said.binding_code) == ("绑定码是 [绑定码]", code.replace("-", ""))
    assert hidden.personal == ()
    if not code.isdecimal():
        assert hide_secrets(code).said.binding_code == code.replace("-", "")


def test_what_was_hidden_is_not_printed():
    hidden = hide_secrets("我叫王小明，后四位002X")
    assert "王小明" not in repr(hidden)
    assert "002X" not in repr(hidden)
