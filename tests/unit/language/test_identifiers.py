import pytest
from hypothesis import given
from hypothesis import strategies as st

from language.identifiers import id_check_sign, is_bank_card, is_credit_code, is_id_number, is_mobile, is_phone


def made_up_id(first_seventeen="61011319900307283"):
    return first_seventeen + id_check_sign(first_seventeen)


def test_the_example_of_the_standard_is_valid():
    assert is_id_number("11010519491231002X")
    assert is_id_number("11010519491231002x")
    assert is_id_number("440524188001010014")


@pytest.mark.parametrize(
    "number",
    [
        "110105194912310021",
        "1101051949123100",
        "11010519491331002X",
        "990105194912310021",
        "１1010519491231002X",
        "11010519491231002X ",
        "",
        "abc",
        "X" * 18,
        "000000000000000000",
    ],
)
def test_a_wrong_identity_number_is_refused(number):
    assert not is_id_number(number)


def test_a_valid_check_sign_does_not_save_an_impossible_birth_date():
    assert is_id_number(made_up_id())
    assert not is_id_number(made_up_id("61011319900230283"))
    assert not is_id_number(made_up_id("61011317000307283"))


@given(st.integers(0, 16), st.integers(1, 9))
def test_one_wrong_digit_is_always_noticed(place, shift):
    right = made_up_id()
    wrong = right[:place] + str((int(right[place]) + shift) % 10) + right[place + 1 :]
    assert not is_id_number(wrong)


def test_credit_codes_are_checked_by_their_last_sign():
    assert is_credit_code("91350100M000100Y43")
    assert is_credit_code("91350100m000100y43")
    assert not is_credit_code("91350100M000100Y44")
    assert not is_credit_code("91350100I000100Y43")
    assert not is_credit_code("")


def test_bank_cards_are_checked_by_luhn():
    assert is_bank_card("6222020200112230")  # made up: 15 digits with the right last one
    assert not is_bank_card("6222020200112231")
    assert not is_bank_card("79927398713")


@pytest.mark.parametrize("number", ["13812345678", "19912345678"])
def test_mobiles_have_eleven_digits_from_13_to_19(number):
    assert is_mobile(number)
    assert is_phone(number)


@pytest.mark.parametrize("number", ["02988886666", "01062345678", "09133345678", "4001234567"])
def test_landlines_need_an_area_code(number):
    assert is_phone(number)
    assert not is_mobile(number)


@pytest.mark.parametrize("number", ["12812345678", "1381234567", "138123456789", "12345", "88886666", "", "1381234567８"])
def test_other_numbers_are_no_phones(number):
    assert not is_phone(number)


@given(st.text())
def test_checks_never_raise(text):
    for check in (is_id_number, is_credit_code, is_bank_card, is_mobile, is_phone):
        assert check(text) in (True, False)
