"""Owns mistakes of writing that sound right (失液登记, 户照, 社保飞): puts the term that was meant in their place.

Pinyin keyboards and dictation give them all the time, and neither characters nor sentence vectors find the item then.
Careful rather than complete: only a lone character that no word explains is changed, one in a term of up to five
characters, and only to a term that sounds the same. Called by the engine's tokenizer, on a message before anything else.
"""

from __future__ import annotations

import importlib.util
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Final

from language.data_files import read_data
from language.normalise import normalise
from language.segment import Segmenter, words_inside

_SHORTEST: Final = 2
_LONGEST: Final = 6
# From this length on, 身 and 深 or 金 and 经 sound the same too, as they do in much of the country.
_LOOSE_FROM: Final = 3
# A word of the terms that stands in one only may be anything; one in several is of the trade.
_LEAST_COUNT: Final = 2
# Where two terms sound the same, the one that stands in this many times as many terms is meant; else nothing is changed.
_CLEARLY_MORE: Final = 4
# A long message is a story with names of people and places in it, and has the right words somewhere.
_LONGEST_MESSAGE: Final = 80
_MOST_PIECES: Final = 6
_CHINESE: Final = re.compile("[\u4e00-\u9fff]+")

Sounds = tuple[str, ...]


class Homophones:
    """Knows how the given terms, and the words that they are made of, sound.

    Args:
        terms: names of items and papers.
        segmenter: the one that the message is cut by.
    """

    def __init__(self, terms: Iterable[str], segmenter: Segmenter) -> None:
        self._segmenter = segmenter
        plain = [normalise(term) for term in terms]
        self._counts = Counter(word for term in plain for word in words_inside(term) if len(word) >= _SHORTEST)
        words = {word for word, count in self._counts.items() if count >= _LEAST_COUNT} | set(plain)
        self._words = {word for word in words if _SHORTEST <= len(word) <= _LONGEST and _CHINESE.fullmatch(word)}
        self._by_sound: dict[Sounds, set[str]] = {}
        for word in self._words:
            sounds = _sounds_of(word)
            for key in {sounds, _loosely(sounds)} if len(word) >= _LOOSE_FROM else {sounds}:
                self._by_sound.setdefault(key, set()).add(word)
        self._kept = frozenset(read_data("homophones")["kept"].replace(" ", ""))

    def mend(self, text: str) -> str:
        """Return a normalised text with the terms that were meant; as it is where nothing is clear."""
        if len(text) > _LONGEST_MESSAGE:
            return text
        pieces = list(self._segmenter.pieces(text))
        mended, start = [], 0
        while start < len(pieces):
            for end in range(min(len(pieces), start + _MOST_PIECES), start + 1, -1):
                if meant := self._meant(pieces[start:end]):
                    mended.append(meant)
                    start = end
                    break
            else:
                mended.append(pieces[start])
                start += 1
        return "".join(mended)

    def _meant(self, pieces: Sequence[str]) -> str | None:
        """Return the term that stands mistaken in these pieces, None where there is none."""
        written = "".join(pieces)
        lone = [len(piece) == 1 and piece not in self._kept for piece in pieces for _ in piece]
        if not _SHORTEST <= len(written) <= _LONGEST or not any(lone) or written in self._words:
            return None
        sounds = _sounds_of(written)
        alike = self._by_sound.get(sounds, set())
        if len(written) >= _LOOSE_FROM:
            alike = alike | self._by_sound.get(_loosely(sounds), set())
        found = [term for term in alike if self._is_slip(written, term, lone)]
        found.sort(key=lambda term: (-self._counts[term], term))
        if not found or (len(found) > 1 and self._counts[found[0]] < _CLEARLY_MORE * self._counts[found[1]]):
            return None
        return found[0]

    @staticmethod
    def _is_slip(written: str, term: str, lone: Sequence[bool]) -> bool:
        changed = [may_change for a, b, may_change in zip(written, term, lone, strict=True) if a != b]
        return all(changed) and len(changed) <= max(1, len(written) // _LOOSE_FROM)


def _sounds_of(text: str) -> Sounds:
    """Return how each character sounds, without tones; itself where nobody knows."""
    table = _sound_table()
    return tuple(table.get(sign, sign) for sign in text)


def _loosely(sounds: Sounds) -> Sounds:
    return tuple(re.sub("(an|en|in)g$", r"\1", re.sub("^([zcs])h", r"\1", sound)) for sound in sounds)


@cache
def _sound_table() -> dict[str, str]:
    """Read pypinyin's table of characters, the commonest reading of each; its phrases (10 MB) are not wanted."""
    spec = importlib.util.find_spec("pypinyin")
    if spec is None or not spec.submodule_search_locations:
        message = "pypinyin is not installed"
        raise ImportError(message)
    path = Path(spec.submodule_search_locations[0]) / "pinyin_dict.json"
    read: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return {chr(int(code)): _toneless(said) for code, said in read.items() if _CHINESE.fullmatch(chr(int(code)))}


def _toneless(readings: str) -> str:
    decomposed = unicodedata.normalize("NFD", readings.partition(",")[0]).replace("u\u0308", "v")
    return "".join(sign for sign in decomposed if not unicodedata.combining(sign))
