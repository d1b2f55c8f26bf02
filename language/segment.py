"""Owns how Chinese text is cut into words: jieba with its own dictionary object and our terms in it.

Called by search (index and query words), by the spaCy tokenizer in `pipeline` and by the engine's components.
"""

import importlib.resources
import logging
import warnings
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Final

from language.normalise import normalise

with warnings.catch_warnings():
    # jieba 0.42.1 is from 2020: its regular expressions and its use of pkg_resources warn on every newer Python.
    warnings.simplefilter("ignore")
    import jieba

# jieba attaches a handler of its own and logs every start at DEBUG on standard error.
logging.getLogger("jieba").setLevel(logging.WARNING)

_SHORTEST_TERM: Final = 2
# A floor below which a term of three or more characters may still lose to its parts plus a neighbour.
_FLOOR_OF_LONG_TERMS: Final = 2000


class Segmenter:
    """Cuts text into words; the given terms stay whole.

    It keeps a dictionary of its own (about 60 MB with jieba's 350,000 words), built in the process in under a
    second. jieba's usual cache file in the shared temporary directory is neither read nor written: whoever may
    write there could choose our words. Unknown words are not guessed (no HMM), so equal text gives equal words.
    """

    def __init__(self, terms: Iterable[str] = ()) -> None:
        """Build the dictionary; terms are normalised, and single characters ignored."""
        self.terms: Final = tuple(sorted({term for term in map(normalise, terms) if len(term) >= _SHORTEST_TERM}))
        self._tokenizer = jieba.Tokenizer()
        frequencies, total = _jieba_dictionary()
        self._tokenizer.FREQ = dict(frequencies)
        self._tokenizer.total = total
        self._tokenizer.initialized = True
        for term in self.terms:
            # The frequency jieba suggests is the lowest with which the term beats its own parts.
            suggested = self._tokenizer.suggest_freq(term)
            floor = _FLOOR_OF_LONG_TERMS if len(term) > _SHORTEST_TERM else 0
            self._tokenizer.add_word(term, max(suggested, floor))

    def cut(self, text: str) -> list[str]:
        """Return the words and marks of the text in order, without blanks."""
        return [piece for piece in self.pieces(text) if not piece.isspace()]

    def cut_for_search(self, text: str) -> list[str]:
        """Return the words and, before each long word, the shorter words in it: 不动产登记 → 动产 不动产 登记 …."""
        return [word for word in self._tokenizer.cut_for_search(text, HMM=False) if not word.isspace()]

    def pieces(self, text: str) -> Iterator[str]:
        """Yield words, marks and blanks such that joining them gives the text back."""
        yield from self._tokenizer.cut(text, HMM=False)


def words_inside(term: str) -> list[str]:
    """Return the words of a term by jieba's own dictionary, without terms of ours: 房子过户 → 房子 过户."""
    return list(_plain_tokenizer().cut(term, HMM=False))


@cache
def _plain_tokenizer() -> jieba.Tokenizer:
    tokenizer = jieba.Tokenizer()
    # Not a copy, as nothing is added to it.
    tokenizer.FREQ, tokenizer.total = _jieba_dictionary()
    tokenizer.initialized = True
    return tokenizer


@cache
def _jieba_dictionary() -> tuple[dict[str, int], int]:
    """Return jieba's shipped dictionary (word or prefix → frequency, 0 for a mere prefix) and its total."""
    with (importlib.resources.files("jieba") / "dict.txt").open("rb") as lines:
        frequencies, total = jieba.Tokenizer.gen_pfdict(lines)
    return frequencies, total
