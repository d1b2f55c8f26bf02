"""Owns the one written form of a citizen's text: what search, rules and the encoder read.

Called by the hub before a text goes to the engine (`neutralise_command`) and by everything that compares texts
(`normalise`). Both accept any `str`, lone surrogates included, and never raise.
"""

import functools
import re
import unicodedata
from typing import Final

import opencc

# Code points without meaning for a reader that break tokenizers, hide words or reorder text. U+FDFA expands to
# eighteen characters under NFKC, which overruns the sentence encoder's buffer; skin tones and variation selectors
# only make equal emoji differ; private-use code points are what is left of old phones' emoji.
_DROPPED: Final = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2"
    "\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u20e3\u2800\u3164"
    "\ud800-\udfff\ue000-\uf8ff\ufdd0-\ufdef\ufdfa\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff"
    "\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U0001f3fb-\U0001f3ff"
    "\U000e0000-\U000e0fff\U000f0000-\U0010ffff]+"
)
_UNIFIED_PUNCTUATION: Final = str.maketrans(
    {
        **dict.fromkeys("。｡", "."),
        **dict.fromkeys("、﹑､", ","),
        **dict.fromkeys("“”„‟«»「」『』〝〞〟", '"'),
        **dict.fromkeys("‘’‚‛`´", "'"),
        **dict.fromkeys("【〔〖〘〚", "["),
        **dict.fromkeys("】〕〗〙〛", "]"),
        **dict.fromkeys("‐‒–—―−", "-"),
        **dict.fromkeys("〜∼", "~"),
        **dict.fromkeys("•‧・∙⋅", "·"),
        "⋯": ".",
    }
)
# A full stop between two digits ends a sentence ("交了200。3月能领吗"); as a point it would make one number of two.
_STOP_BETWEEN_DIGITS: Final = re.compile(r"(?<=\d)。(?=\d)")
_REPEATED: Final = re.compile(r"(.)\1+", re.DOTALL)
_BLANKS: Final = re.compile(r"\s+")
# OpenCC keeps these in some words and replaces them in others, and they are good simplified characters in names
# (乾县, 毕昇): alone they say nothing about the script of a text.
_IN_BOTH_SCRIPTS: Final = frozenset("乾麽濛吒徵於昇薹苧")
_LONGEST_LETTER_RUN: Final = 2
# Three equal Latin letters are words and marks (www, AAA, VIII); only longer runs are a finger resting on a key.
_LONGEST_LATIN_RUN: Final = 3
_COMMAND_HEAD: Final = re.compile(r"(?:[\s/\u2044\u2215\u2571\u29f8]+|EXTERNAL\s?:\s?)+", re.IGNORECASE)

_to_simplified: Final = opencc.OpenCC("t2s")


def normalise(text: str) -> str:
    """Return the text in the one form in which equal meanings look equal.

    Width is folded (NFKC), traditional characters become simplified, Chinese punctuation becomes Latin, invisible
    characters go, runs of a letter shrink to two and runs of a mark or emoji to one, digits and numerals stay as
    they are, blanks collapse and are trimmed. Letter case is kept. Applying it twice changes nothing.
    """
    text = unicodedata.normalize("NFKC", _DROPPED.sub("", text))
    text = _STOP_BETWEEN_DIGITS.sub(",", text).translate(_UNIFIED_PUNCTUATION)
    if not _traditional_characters().isdisjoint(text):
        text = _simplify(text)
    # Blanks first: a tab beside a space becomes one run only then.
    return _REPEATED.sub(_shorten, _BLANKS.sub(" ", text)).strip()


def neutralise_command(text: str) -> str:
    """Return the text such that Rasa can't read it as a command, now or after `normalise`.

    Rasa executes a text that starts with `/` (after blanks) as intent and slots, and one that starts with
    `EXTERNAL: ` as an event from outside (rasa 3.6 `RegexMessageHandler`).
    A harmless text comes back unchanged; of a command only the normalised words after its head come back.
    """
    plain = normalise(text)
    head = _COMMAND_HEAD.match(plain)
    return text if head is None else plain[head.end() :]


def fold_width(text: str) -> str:
    """Return the text with full-width forms as ASCII, character for character, so that offsets stay valid."""
    return text.translate(_ASCII_OF_FULL_WIDTH)


_ASCII_OF_FULL_WIDTH: Final = {**{0xFEE0 + code: code for code in range(0x21, 0x7F)}, 0x3000: 0x20}


@functools.cache
def _traditional_characters() -> frozenset[str]:
    """Return the characters that occur in traditional text only: without one, conversion is skipped."""
    every = [chr(code) for code in (*range(0x3400, 0x4DC0), *range(0x4E00, 0xA000))]
    simplified = _to_simplified.convert("".join(every))
    return frozenset(old for old, new in zip(every, simplified, strict=True) if old != new) - _IN_BOTH_SCRIPTS


def _simplify(text: str) -> str:
    simplified = str(_to_simplified.convert(text))
    if "乾" in text:
        # OpenCC knows 乾縣 but makes 干县 of a 乾县 in a text of mixed scripts, and loses the county.
        simplified = simplified.replace("干县", "乾县").replace("干陵", "乾陵")
    return simplified


def _shorten(run: re.Match[str]) -> str:
    letter = run[1]
    if letter.isnumeric():
        return run[0]
    if not letter.isalpha():
        return letter
    if not letter.isascii():
        return letter * _LONGEST_LETTER_RUN
    length = run.end() - run.start()
    beside = run.string[max(run.start() - 1, 0) : run.start()] + run.string[run.end() : run.end() + 1]
    if length <= _LONGEST_LATIN_RUN or any(sign.isdecimal() for sign in beside):
        return run[0]  # a word, or a piece of a code such as SXXXXX2026
    return letter * _LONGEST_LETTER_RUN
