"""Case numbers (办件编号) of the reference backend: `SN` + date (8 digits) + serial of that day (5) + check digit (1).

    SN20261116001723     printed with blanks: SN2026 1116 0017 23

The check digit is ISO 7064 MOD 11,10: it finds every single wrong digit and nearly every exchange of two neighbours. It says
nothing about whether a case exists: anybody can compute it. Fourteen digits are deliberate: an identity number has 18 or 15,
a bank card 16 to 19, so masking never takes a case number for one.
"""

from __future__ import annotations

import re
from datetime import date

from language import normalise

_FORM = re.compile(r"SN\d{14}", re.ASCII)
_SEPARATORS = re.compile(r"[\s\-_.·/]+")


def make_case_number(submitted_on: date, serial: int) -> str:
    """Make the number of the `serial`-th case (1 to 99999) of a day."""
    digits = f"{submitted_on:%Y%m%d}{serial:05d}"
    return f"SN{digits}{_check_digit(digits)}"


def read_case_number(text: str) -> str:
    """Give a number as citizens type it in its one form: half width, upper case, without separators."""
    return _SEPARATORS.sub("", normalise(text)).upper()


def is_case_number(text: str) -> bool:
    """Tell whether a number (in its one form) is shaped as one of ours with a right check digit."""
    return _FORM.fullmatch(text) is not None and _check_digit(text[2:15]) == text[15]


def print_case_number(number: str) -> str:
    """Give a number as it is printed on receipts, in groups."""
    return f"{number[:6]} {number[6:10]} {number[10:14]} {number[14:]}"


def _check_digit(digits: str) -> str:
    """Give the check digit of ISO/IEC 7064 MOD 11,10."""
    product = 10
    for digit in digits:
        total = (int(digit) + product) % 10 or 10
        product = total * 2 % 11
    return str((11 - product) % 10)
