import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from language.normalise import fold_width, neutralise_command, normalise

ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()), max_size=60)
TRICKY_TEXT = st.text(
    st.sampled_from("//／⁄∕ \u200b\u3000\x00\ufeff\ud800\ufdfaEXTERNAL: ＥＸ：external乾縣县著麼於證徵11aabb啊!!。.…😀👍🏻一"),
    max_size=30,
)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("ＡＢＣ１２３", "ABC123"),
        ("請問身份證丟了怎麼補辦？", "请问身份证丢了怎么补办?"),
        ("乾縣的房產證", "乾县的房产证"),
        ("乾县的房產證", "乾县的房产证"),
        ("乾县怎么走", "乾县怎么走"),
        ("显著", "显著"),
        ("薴證", "苧证"),
        ("啊啊啊啊怎么办！！！！", "啊啊怎么办!"),
        ("谢谢谢", "谢谢"),
        ("😭😭😭😭", "😭"),
        ("👍🏻👍🏿👍", "👍"),
        ("身份证。。。丢了……", "身份证.丢了."),
        ("“户口本”、《民法典》", '"户口本",《民法典》'),
        ("2026年——2027年", "2026年-2027年"),
        ("  身份证 \u3000\t\n 补办  ", "身份证 补办"),
        ("身\u200b份\u2060证\ufeff", "身份证"),
        ("\u202e证份身", "证份身"),
        ("a\x00b\x1bc", "abc"),
        ("a\ud83db", "ab"),
        ("\ufdfa" * 12 + "社保", "社保"),
        ("社保卡❤️", "社保卡❤"),
        ("", ""),
        ("\u200b\u200b", ""),
    ],
)
def test_equal_meanings_get_one_form(written, expected):
    assert normalise(written) == expected


@pytest.mark.parametrize("digits", ["11111", "610000000000", "２０００００", "二〇〇〇年", "一一一", "一万万", "٣٣٣٣", "①①①"])
def test_digits_and_numerals_are_never_collapsed(digits):
    assert len(normalise(digits)) == len(digits)


@pytest.mark.parametrize("code", ["SXXXXX2026", "11aaaaa", "www.shaanxi.gov.cn", "AAA级"])
def test_letters_of_codes_and_marks_are_kept(code):
    assert normalise(code) == code


def test_a_finger_resting_on_a_key_leaves_two_letters():
    assert normalise("hhhhhhh") == "hh"


def test_a_full_stop_between_digits_does_not_become_a_decimal_point():
    assert normalise("交了200。3月能领吗") == "交了200,3月能领吗"


def test_every_code_point_is_accepted_and_no_invisible_one_stays():
    for code in range(sys.maxunicode + 1):
        once = normalise(chr(code))
        assert normalise(once) == once, hex(code)
        assert not any(unicodedata.category(sign) in ("Cc", "Cf", "Cs", "Co") for sign in once), hex(code)


@given(st.one_of(ANY_TEXT, TRICKY_TEXT))
def test_normalising_twice_changes_nothing(text):
    once = normalise(text)
    assert normalise(once) == once
    assert once == once.strip()


@given(st.one_of(ANY_TEXT, TRICKY_TEXT))
def test_no_text_is_a_command_after_neutralising(text):
    safe = neutralise_command(text)
    for form in (safe, safe.strip(), normalise(safe), unicodedata.normalize("NFKC", safe).strip()):
        assert not form.startswith("/")
        assert not form.startswith("EXTERNAL: ")
    assert neutralise_command(safe) == safe


@pytest.mark.parametrize(
    ("typed", "safe"),
    [
        ('/restart{"slot":"v"}', 'restart{"slot":"v"}'),
        ("  /restart", "restart"),
        ("／back", "back"),
        ("\u200b／／ /session_start", "session_start"),
        ("\x00/restart", "restart"),
        ("∕restart", "restart"),
        ("EXTERNAL: reminder", "reminder"),
        ("ＥＸＴＥＲＮＡＬ：/restart", "restart"),
        ("E\u200bXTERNAL: EXTERNAL: x", "x"),
        ("/", ""),
        ("///身份证怎么办", "身份证怎么办"),
    ],
)
def test_commands_become_plain_words(typed, safe):
    assert neutralise_command(typed) == safe


@pytest.mark.parametrize("typed", ["身份证/户口本怎么办", "１／２", "  社保！！ ", "external", "EXTERNAL", ""])
def test_harmless_text_comes_back_unchanged(typed):
    assert neutralise_command(typed) == typed


@given(ANY_TEXT)
def test_folding_width_keeps_every_offset(text):
    assert len(fold_width(text)) == len(text)


def test_folding_width_makes_full_width_digits_ascii():
    assert fold_width("１２　Ａ：证") == "12 A:证"
