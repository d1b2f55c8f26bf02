import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from language.data_files import read_data
from language.entities.numbers import find_case_numbers, find_id_numbers, find_phones

FORMS = read_data("case_numbers")["forms"]


def values(find, text):
    return [entity.value for entity in find(text)]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("身份证号是11010519491231002x,", "11010519491231002X"),
        ("１１０１０５１９４９１２３１００２Ｘ", "11010519491231002X"),
        ("110105 19491231 002X", "11010519491231002X"),
        ("110105-1949-1231-002X", "11010519491231002X"),
        ("后四位1234", "1234"),
        ("身份证末四位是 123x", "123X"),
        ("身份证尾号:5678", "5678"),
        ("最后4位数字是5678", "5678"),
    ],
)
def test_identity_numbers_and_their_ends_are_found(text, value):
    assert values(find_id_numbers, text) == [value]


@pytest.mark.parametrize(
    "text",
    ["110105194912310021", "手机后四位1234", "卡号后四位1234", "后四位12345", "办件编号11010519491231002X", "1234", ""],
)
def test_wrong_numbers_and_ends_of_other_numbers_are_not(text):
    assert values(find_id_numbers, text) == []


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("电话13812345678,", "13812345678"),
        ("138 1234 5678", "13812345678"),
        ("138-1234-5678", "13812345678"),
        ("+86 13812345678", "13812345678"),
        ("８６１３８１２３４５６７８", "13812345678"),
        ("029-88886666", "02988886666"),
        ("(029)88886666", "02988886666"),
        ("400-123-4567", "4001234567"),
    ],
)
def test_phones_are_found_without_separators(text, value):
    assert values(find_phones, text) == [value]


@pytest.mark.parametrize("text", ["12345", "138123456789", "12812345678", "SX13812345678", "020-1", ""])
def test_other_numbers_are_no_phones(text):
    assert values(find_phones, text) == []


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form["name"])
def test_every_form_of_case_number_has_a_pattern_that_fits_its_example(form):
    assert set(form) == {"name", "pattern", "example"}
    assert re.fullmatch(form["pattern"], form["example"], re.ASCII)
    compact = re.sub("[^0-9A-Z]", "", form["example"])
    assert compact in values(find_case_numbers, f"我的编号{form['example']},办到哪了")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("SX202603150001到哪了", "SX202603150001"),
        ("sx202603150001", "SX202603150001"),
        ("ＳＸ２０２６０３１５０００１", "SX202603150001"),
        ("办件编号:610113202603150012", "610113202603150012"),
        ("受理号 11010519491231002X", "11010519491231002X"),
        ("XA-2026-0315-00123", "XA2026031500123"),
        ("SX 2026 0315 0001", "SX202603150001"),
    ],
)
def test_case_numbers_are_found_in_upper_case_without_separators(text, value):
    assert value in values(find_case_numbers, text)


@pytest.mark.parametrize(
    "text",
    [
        "12345678901", "SX1234", "身份证11010519491231002X", "11010519491231002X", "卡号6222021234567890123",
        "6222020200112230", "91350100M000100Y43", "身份证610104199001011230", "abcdefghijklmnop", "1" * 25,
        "a202603150001@example.com", "hello-world-again", "",
    ],
)  # fmt: skip
def test_other_numbers_are_no_case_numbers(text):
    assert values(find_case_numbers, text) == []


@given(st.text(st.sampled_from("0123456789XxAaß -后四位编号:身份证１Ａ\u3000"), max_size=50))
def test_finding_never_raises_and_tells_the_place(text):
    for find in (find_id_numbers, find_phones, find_case_numbers):
        for entity in find(text):
            assert text[entity.start : entity.end] == entity.text
