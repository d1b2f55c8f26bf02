"""Owns what makes a number an identity number, credit code, bank card or phone: pure checks, no look-ups.

`masking` hides these in logs, `entities.numbers` finds them in questions.
"""

import re
from datetime import date
from typing import Final

_ID_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ID_CHECK_SIGNS: Final = "10X98765432"
# First two digits of GB/T 2260: province-level divisions, with Taiwan, Hong Kong, Macau and their permits.
_PROVINCES: Final = re.compile(r"1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3]")
_FIRST_BIRTH_YEAR: Final = 1850
_CREDIT_SIGNS: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CREDIT_WEIGHTS: Final = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
_CREDIT_CODE: Final = re.compile(r"[0-9A-HJ-NPQRTUWXY]{2}\d{6}[0-9A-HJ-NPQRTUWXY]{10}", re.ASCII)
_BANK_CARD: Final = re.compile(r"[1-9]\d{15,18}", re.ASCII)
_MOBILE: Final = re.compile(r"1[3-9]\d{9}", re.ASCII)
_LANDLINE: Final = re.compile(r"0(?:10|2\d|[3-9]\d{2})[2-8]\d{6,7}|[48]00\d{7}", re.ASCII)
_ID_NUMBER: Final = re.compile(r"\d{17}[\dX]", re.ASCII)
_DOUBLED_DIGIT_LIMIT: Final = 9


def id_check_sign(first_seventeen: str) -> str:
    """Return the check sign for the first 17 digits of an identity number (GB 11643-1999, ISO 7064 MOD 11-2)."""
    return _ID_CHECK_SIGNS[sum(int(digit) * weight for digit, weight in zip(first_seventeen, _ID_WEIGHTS, strict=True)) % 11]


def is_id_number(text: str) -> bool:
    """Tell whether the text is an 18-digit resident identity number: province, date of birth, check sign."""
    text = text.upper()
    return (
        _ID_NUMBER.fullmatch(text) is not None
        and _PROVINCES.match(text) is not None
        and _is_birth_date(text[6:14])
        and id_check_sign(text[:17]) == text[17]
    )


def is_credit_code(text: str) -> bool:
    """Tell whether the text is a unified social credit code (GB 32100-2015, check sign MOD 31)."""
    text = text.upper()
    if _CREDIT_CODE.fullmatch(text) is None:
        return False
    total = sum(_CREDIT_SIGNS.index(sign) * weight for sign, weight in zip(text, _CREDIT_WEIGHTS, strict=False))
    return _CREDIT_SIGNS[-total % 31] == text[17]


def is_bank_card(text: str) -> bool:
    """Tell whether the text is a bank card number: 16 to 19 digits with a valid Luhn digit (ISO/IEC 7812)."""
    return _BANK_CARD.fullmatch(text) is not None and _passes_luhn(text)


def is_mobile(text: str) -> bool:
    """Tell whether the text is a mobile number of the mainland: 11 digits from 13 to 19."""
    return _MOBILE.fullmatch(text) is not None


def is_phone(text: str) -> bool:
    """Tell whether the text is a mobile, a landline with its area code, or a 400/800 number; digits only."""
    return is_mobile(text) or _LANDLINE.fullmatch(text) is not None


def _passes_luhn(digits: str) -> bool:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - _DOUBLED_DIGIT_LIMIT if value > _DOUBLED_DIGIT_LIMIT else value
    return total % 10 == 0


def _is_birth_date(digits: str) -> bool:
    try:
        born = date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return False
    return born.year >= _FIRST_BIRTH_YEAR
