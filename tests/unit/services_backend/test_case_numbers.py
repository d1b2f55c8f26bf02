from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from language import mask_personal
from language.entities.numbers import find_case_numbers
from services_backend import is_case_number, print_case_number, read_case_number
from services_backend.case_numbers import make_case_number

DAYS = st.dates(date(2000, 1, 1), date(2099, 12, 31))
SERIALS = st.integers(1, 99_999)


@pytest.mark.parametrize(
    ("digits", "check"),
    # Worked by hand after ISO/IEC 7064 (MOD 11,10); the standard's own example is 0794 with check digit 5.
    [("0794", "5")],
)
def test_the_check_digit_is_the_standard_s(digits, check):
    from services_backend.case_numbers import _check_digit

    assert _check_digit(digits) == check


@given(DAYS, SERIALS)
def test_a_number_is_one_and_survives_being_printed_and_typed(day, serial):
    number = make_case_number(day, serial)
    assert is_case_number(number)
    printed = print_case_number(number)
    for typed in (printed, printed.lower(), number.replace("SN", "ＳＮ"), f" {number[:6]}-{number[6:]} "):
        assert read_case_number(typed) == number


@given(DAYS, SERIALS, st.integers(2, 15), st.integers(1, 9))
def test_a_single_wrong_digit_is_noticed(day, serial, place, change):
    number = make_case_number(day, serial)
    wrong = f"{number[:place]}{(int(number[place]) + change) % 10}{number[place + 1 :]}"
    assert not is_case_number(wrong)


@pytest.mark.parametrize(
    "text", ["", "SN", "SN2026031500172", "SN202603150017222", "XA20260315001726", "SN２０２６０３１５００１７２６"]
)
def test_other_shapes_are_no_numbers(text):
    assert not is_case_number(text)


@given(DAYS, SERIALS)
def test_masking_leaves_a_number_alone_and_the_language_finds_it(day, serial):
    number = make_case_number(day, serial)
    for words in (f"编号{number}到哪了", f"编号 {print_case_number(number)} 到哪了"):
        assert mask_personal(words) == words
        assert number in [entity.value for entity in find_case_numbers(words)]
