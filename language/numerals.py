"""Owns reading numbers as citizens write them: 3,000 · 三千 · 一万二 · 1.5万 · 二〇二六."""

import re
from decimal import Decimal
from typing import Final

DIGITS: Final = {sign: value for value, sign in enumerate("零一二三四五六七八九")} | {
    "〇": 0, "两": 2, "俩": 2, "壹": 1, "贰": 2, "叁": 3, "肆": 4, "伍": 5, "陆": 6, "柒": 7, "捌": 8, "玖": 9,
}  # fmt: skip
_UNITS: Final = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000}
_MYRIADS: Final = {"万": 10_000, "亿": 100_000_000}
HAN_NUMBER: Final = "[零〇一二两俩三四五六七八九十百千万亿壹贰叁肆伍陆柒捌玖拾佰仟]"
_ARABIC: Final = re.compile(r"(\d[\d,]*(?:\.\d+)?)\s?([十百千万亿]*)", re.ASCII)
_LONGEST: Final = 24


def parse_number(text: str) -> Decimal | None:
    """Return the number that the text writes in Arabic digits, Chinese numerals or both; `None` if it is none."""
    if not text or len(text) > _LONGEST:
        return None
    arabic = _ARABIC.fullmatch(text)
    if arabic is not None:
        value = Decimal(arabic[1].replace(",", ""))
        for unit in arabic[2]:
            value *= _UNITS.get(unit) or _MYRIADS[unit]
        return value
    if all(sign in DIGITS for sign in text):
        return Decimal("".join(str(DIGITS[sign]) for sign in text))  # read out digit by digit: 二〇二六
    return _parse_places(text)


def _parse_places(text: str) -> Decimal | None:
    total = section = digit = 0
    last_unit, after_zero = 1, False
    for sign in text:
        if sign in DIGITS:
            after_zero, digit = after_zero or not DIGITS[sign], DIGITS[sign]
        elif sign != "十" and not (total or section or digit):
            return None  # 万元 of 几万元
        elif sign in _UNITS:
            section += (digit or 1) * _UNITS[sign]
            digit, last_unit, after_zero = 0, _UNITS[sign], False
        elif sign in _MYRIADS:
            # 万 after 亿 multiplies only what stands between them: 一亿二千万.
            higher = total if total > _MYRIADS[sign] else 0
            total = higher + (total - higher + section + digit) * _MYRIADS[sign]
            section, digit, last_unit, after_zero = 0, 0, _MYRIADS[sign], False
        else:
            return None
    # The last digit takes the next lower unit when none is said: 一万二 is 12,000, but 一万零二 is 10,002.
    tail = digit if after_zero or last_unit <= _UNITS["十"] else digit * last_unit // 10
    return Decimal(total + section + tail)
