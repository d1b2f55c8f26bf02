"""Sums and times that a text names: what two texts can contradict each other in."""

from __future__ import annotations

import re
from collections.abc import Mapping

Amounts = Mapping[str, set[str]]
_CHINESE = {"一": 1, "两": 2, "二": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9, "十": 10}
_NUMBER = r"(\d+(?:,\d{3})*(?:\.\d+)?|[一二两三四五六七八九十]{1,3})"
_MONEY = re.compile(_NUMBER + r"\s*(万)?元")
_TIME = re.compile(_NUMBER + r"\s*个?(工作日|自然日|天|日(?!期|常|历))")
# What somebody must pay for being late or for breaking a rule is no fee.
_PENALTY = re.compile(r"[^。；！？\n]*(?:罚|滞纳|违约)[^。；！？\n]*")
_UNITS = {"工作日": "个工作日", "自然日": "天", "天": "天", "日": "天"}


def amounts_in(text: str) -> dict[str, set[str]]:
    """Give the sums (元) and the times (天, 个工作日) that a text names, as plain numbers by unit."""
    found: dict[str, set[str]] = {"元": set(), "天": set(), "个工作日": set()}
    for number, many in _MONEY.findall(text):
        value = _value(number) * (10_000 if many else 1)
        found["元"].add(f"{value:g}")
    for number, unit in _TIME.findall(text):
        found[_UNITS[unit]].add(f"{_value(number):g}")
    return found


def without_penalties(text: str) -> str:
    """Give a text without the sentences on fines and surcharges, whose sums contradict no fee."""
    return _PENALTY.sub("", text)


def conflict(said: Amounts, field: Amounts, whole: Amounts) -> dict[str, list[str]]:
    """Give what one text says and another contradicts: a unit in which both name numbers and share none.

    Args:
        said: of the text that may be wrong.
        field: of the field that is right.
        whole: of everything around the field: what stands there is no contradiction either.
    """
    found = {}
    for unit, values in said.items():
        if values and field[unit] and values.isdisjoint(field[unit]) and values.isdisjoint(whole[unit]):
            found[unit] = sorted(values, key=float)
    return found


def _value(number: str) -> float:
    if number[0].isdigit():
        return float(number.replace(",", ""))
    if "十" in number:
        tens, _, ones = number.partition("十")
        return _CHINESE.get(tens, 1) * 10 + (_CHINESE.get(ones, 0) if ones else 0)
    return float(_CHINESE.get(number[-1], 0))
