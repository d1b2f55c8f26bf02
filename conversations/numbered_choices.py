"""A citizen who answers "2", "第二个" or "选２" to numbered choices means the second one; who taps one sends its title."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from qinwen.replies import Choice

_DIGITS = {"一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9}
_NUMBER = re.compile(r"(?:我?选|第|就|要)?第?\s*([1-9一二两三四五六七八九])\s*(?:个|项|条|号|[.。、吧])*")


def read_choice_number(text: str) -> int | None:
    """Read a bare choice number, 1 to 9; None where the text says anything else."""
    found = _NUMBER.fullmatch(unicodedata.normalize("NFKC", text).strip())
    if not found:
        return None
    return _DIGITS.get(found[1]) or int(found[1])


def read_choice(text: str, offered: Sequence[Choice]) -> str:
    """Give the text that a choice stands for, where a text is its number or its title; otherwise the text."""
    number = read_choice_number(text)
    if number and number <= len(offered):
        return offered[number - 1].value
    return next((choice.value for choice in offered if choice.title == text.strip()), text)
