"""Finds identity numbers (also their last four signs), phones and case numbers; the value has no separators.

The forms of case numbers are data: `data/case_numbers.yml`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from language.data_files import read_data
from language.entities.entity import Entity, EntityKind
from language.identifiers import is_bank_card, is_credit_code, is_id_number, is_phone
from language.normalise import fold_width

_ID_NUMBER: Final = re.compile(
    r"(?<![0-9A-Za-z])(?:\d{17}|\d{6}[ -]\d{8}[ -]\d{3}|\d{6}[ -]\d{4}[ -]\d{4}[ -]\d{3})[\dXx](?![0-9A-Za-z])",
    re.ASCII,
)
_LAST_FOUR: Final = re.compile(
    r"(?<!手机)(?<!电话)(?<!卡号)(?<!卡)(?<!手机号)(?<!电话号)(?<!手机号码)(?<!电话号码)(?<!账号)(?<!车牌)(?<!编号)"
    r"(?:[后末最]后?[4四]位|身份证(?:号码?)?尾号)(?:数字|号码|数)?\s?(?:是|为|:)?\s?(?P<last>\d{3}[\dXx])(?![0-9A-Za-z])",
    re.ASCII,
)
_PHONE: Final = re.compile(
    r"(?<![0-9A-Za-z])(?:(?:\+?86[ -]?)?1[3-9]\d[ -]?\d{4}[ -]?\d{4}"
    r"|\(?0\d{2,3}\)?[ -]?\d{7,8}|[48]00[ -]?\d{3}[ -]?\d{4}|[48]00[ -]?\d{4}[ -]?\d{3})(?![0-9A-Za-z])",
    re.ASCII,
)
_CHINA_PREFIX: Final = re.compile(r"\+?86(?=1)")
_CUE_REACH: Final = 10  # characters before a number that may say what it is
_NO_SIGN: Final = re.compile(r"[^0-9A-Za-z]+")


@dataclass(frozen=True)
class CaseNumberForms:
    """How case numbers look: patterns on upper-case half-width text, limits on signs and digits without separators."""

    patterns: tuple[re.Pattern[str], ...]
    cues: tuple[str, ...]
    other_cues: tuple[str, ...]
    shortest: int
    longest: int
    fewest_digits: int


def find_id_numbers(text: str) -> Iterator[Entity]:
    """Yield identity numbers with a right check sign, and the last four signs where the words say they are that.

    After words such as 办件编号 an 18-digit number is a case number, whatever its check sign: those often start with
    a region's code and a date as well.
    """
    folded = fold_width(text)
    for match in _ID_NUMBER.finditer(folded):
        value = _NO_SIGN.sub("", match[0]).upper()
        if is_id_number(value) and not _is_cued(folded, match.start()):
            yield _entity(EntityKind.ID_NUMBER, text, match.start(), match.end(), value)
    for match in _LAST_FOUR.finditer(folded):
        yield _entity(EntityKind.ID_NUMBER, text, match.start(), match.end(), match["last"].upper())


def find_phones(text: str) -> Iterator[Entity]:
    """Yield mobile, landline and 400/800 numbers; the value is their digits without the country's prefix."""
    folded = fold_width(text)
    for match in _PHONE.finditer(folded):
        value = _NO_SIGN.sub("", _CHINA_PREFIX.sub("", _NO_SIGN.sub("", match[0]), count=1))
        if is_phone(value) and not _is_cued(folded, match.start()):
            yield _entity(EntityKind.PHONE, text, match.start(), match.end(), value)


def find_case_numbers(text: str) -> Iterator[Entity]:
    """Yield case numbers; the value is upper case without separators.

    Without words such as 办件编号 before it, a number that is a valid identity number, bank card or credit code, or
    that follows words such as 卡号, is taken for that.
    """
    forms, folded = _case_number_forms(), fold_width(text).upper()
    if len(folded) != len(text):
        return  # one of the few characters whose capital is two (ß): offsets would be wrong
    for pattern in forms.patterns:
        for match in pattern.finditer(folded):
            value = _NO_SIGN.sub("", match[0])
            if not forms.shortest <= len(value) <= forms.longest:
                continue
            if sum(sign.isdigit() for sign in value) < forms.fewest_digits:
                continue
            if _is_cued(folded, match.start()) or not _is_other_number(value, folded, match.start()):
                yield _entity(EntityKind.CASE_NUMBER, text, match.start(), match.end(), value)


def _entity(kind: EntityKind, text: str, start: int, end: int, value: str) -> Entity:
    return Entity(kind, text[start:end], value, start, end)


def _is_other_number(value: str, folded: str, start: int) -> bool:
    if _words_before(folded, start).endswith(_case_number_forms().other_cues):
        return True
    return is_id_number(value) or is_bank_card(value) or is_credit_code(value)


def _is_cued(folded: str, start: int) -> bool:
    return _words_before(folded, start).endswith(_case_number_forms().cues)


def _words_before(folded: str, start: int) -> str:
    return folded[max(start - _CUE_REACH, 0) : start].rstrip(" :是为号码(-")


@cache
def _case_number_forms() -> CaseNumberForms:
    table: dict[str, Any] = read_data("case_numbers")
    return CaseNumberForms(
        patterns=tuple(re.compile(form["pattern"], re.ASCII) for form in table["forms"]),
        cues=tuple(table["cues"]),
        other_cues=tuple(table["other_cues"]),
        shortest=table["shortest"],
        longest=table["longest"],
        fewest_digits=table["fewest_digits"],
    )
