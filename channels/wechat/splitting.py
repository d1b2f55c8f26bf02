"""Cuts a text into pieces of so many bytes: where a line or a sentence ends, never inside a link or a written sign.

The platform counts UTF-8 bytes: 2048 in one text (wechat.md §2.3); a text cut in the middle of a character it refuses.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

MAX_BYTES = 2000
# A sign with all that joins it: skin tones, variation selectors, accents, emoji joined by a zero-width joiner, flags.
_JOINED = "\u0300-\u036f\u20d0-\u20f0\ufe00-\ufe0f\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f"
_SIGN = re.compile(
    f"[\U0001f1e6-\U0001f1ff]{{2}}|[\\s\\S][{_JOINED}]*(?:\u200d[\\s\\S][{_JOINED}]*)*",
)
_LINK = re.compile(r"<a\s[^>]*>.*?</a>|(?:https?|weixin)://[!-~]+", re.IGNORECASE | re.DOTALL)
# How good it is to cut behind a sign; where none is near, between any two.
_LINE, _SENTENCE, _CLAUSE, _ANYWHERE = 3, 2, 1, 0
_BORDERS = {
    "\n": _LINE,
    **dict.fromkeys("。！？；!?;…", _SENTENCE),
    **dict.fromkeys("，、：,: ）)》”", _CLAUSE),
}


def size(text: str) -> int:
    """Give how many bytes the platform counts."""
    return len(text.encode("utf-8", "surrogatepass"))


def split_text(text: str, limit: int = MAX_BYTES) -> list[str]:
    """Split a text into pieces of at most `limit` bytes, without blanks at their ends; no piece is empty.

    Args:
        text: any text; a link longer than `limit` is the one thing that is cut inside.
        limit: bytes, at least 64.
    """
    pieces: list[str] = []
    units = list(_units(text, limit))
    start = 0
    while start < len(units):
        end = _fit(units, start, limit)
        piece = "".join(units[start:end]).strip()
        if piece:
            pieces.append(piece)
        start = end
    return pieces


def _fit(units: list[str], start: int, limit: int) -> int:
    """Give where the piece that begins at `start` ends: at the best border in its second half."""
    used, end = 0, start
    best, best_end = -1, start
    while end < len(units) and used + size(units[end]) <= limit:
        used += size(units[end])
        end += 1
        worth = _BORDERS.get(units[end - 1][-1], _ANYWHERE)
        if used * 2 > limit and worth >= best:
            best, best_end = worth, end
    if end == len(units):
        return end
    return best_end if best_end > start else max(end, start + 1)


def _units(text: str, limit: int) -> Iterator[str]:
    place = 0
    for link in _LINK.finditer(text):
        yield from _SIGN.findall(text[place : link.start()])
        if size(link[0]) <= limit:
            yield link[0]
        else:
            yield from _SIGN.findall(link[0])
        place = link.end()
    yield from _SIGN.findall(text[place:])
