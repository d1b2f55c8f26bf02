"""Owns words that stand for several items ("公积金", "落户", "补办"): said alone, they are asked back and not guessed.

Data: `data/umbrella_words.yml`. `Answerer` asks before it trusts its ranking; the engine's classifier of doubtful acts asks
whether a text is such a word, since a bare noun looks like no question.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from language import find_regions, normalise

_LONGEST = 20
_OPENING = r"那|还有|然后|另外|对了|再|问|想|我|要|办理?|申请|下|一|个|请|顺便|换|,|\s"
_MARKS = re.compile(r"[\W_\d]+")


@dataclass(frozen=True)
class Umbrella:
    """A word and the items that it may stand for; `alone` where other words beside it make it clear."""

    word: str
    items: tuple[str, ...]
    alone: bool


def opens_with(text: str, umbrella: Umbrella) -> bool:
    """Tell whether a text begins with the word, and so speaks of it ("那公积金呢"), not of something that has it."""
    return bool(re.match(rf"(?:{_OPENING})*{re.escape(umbrella.word)}", normalise(text)))


def umbrella_of(text: str) -> Umbrella | None:
    """Give the word that a text consists of, apart from words that any question may have; None where it says more."""
    text = normalise(text)
    if len(text) > _LONGEST:
        return None
    for mention in find_regions(text):
        text = text.replace(mention.text, "")
    text = _MARKS.sub("", text)
    words, precise, generic = _read()
    if any(name in text for name in precise):
        return None
    for umbrella in words:
        before, found, after = text.partition(umbrella.word)
        if not found:
            continue
        rest = [generic.sub("", part) for part in (before, after)]
        if not any(rest) and not (umbrella.alone and after):
            return umbrella
    return None


@cache
def _read() -> tuple[list[Umbrella], list[str], re.Pattern[str]]:
    """Read the words, the longest first; what names one item all the same; and what may stand beside them."""
    data = yaml.safe_load((Path(__file__).parent / "data" / "umbrella_words.yml").read_text(encoding="utf-8"))
    words = [Umbrella(word, tuple(row["items"]), row.get("alone", False)) for row in data["umbrellas"] for word in row["words"]]
    generic = sorted(map(re.escape, data["generic"]), key=len, reverse=True)
    return sorted(words, key=lambda umbrella: -len(umbrella.word)), data["precise"], re.compile("|".join(generic))
