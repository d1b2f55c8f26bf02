"""Owns likeness by shared characters: BM25 over single characters and pairs of them.

The scores are shares of the most a text could reach, so that they can be compared from question to question.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from language.encode_text import prepare

Scores = NDArray[np.float32]

_SATURATION: Final = 1.2
_LENGTH_WEIGHT: Final = 0.75
_LONGEST_ANSWER: Final = 600


def letters(text: str) -> str:
    """Return a question's letters and digits, prepared as for the encoder, in lower case: what is compared."""
    return "".join(sign for sign in prepare(text, "question").lower() if sign.isalnum())


def long_letters(text: str) -> str:
    """Return an answer's letters and digits, of its beginning."""
    return "".join(sign for sign in text[:_LONGEST_ANSWER].lower() if sign.isalnum())


@lru_cache(maxsize=32768)
def _grams(text: str) -> tuple[tuple[str, int], ...]:
    return tuple(Counter((*text, *(text[i : i + 2] for i in range(len(text) - 1)))).items())


@dataclass(frozen=True)
class LexicalScores:
    """For each row: BM25 as a share of what the question could reach; how much of the row the question has."""

    of_question: Scores
    of_row: Scores


class LexicalIndex:
    """BM25 over the characters and character pairs of rows that stay as they are.

    Args:
        texts: the rows' letters.
        background: letters of sentences that only lend their document frequencies: in a small knowledge base
            怎么 or 多少 would look rare otherwise.
    """

    def __init__(self, texts: Sequence[str], background: Sequence[str] = ()) -> None:
        self._places: dict[str, int] = {}
        rows: list[int] = []
        columns: list[int] = []
        counts: list[int] = []
        for number, text in enumerate(texts):
            grams = _grams(text)
            rows.extend([number] * len(grams))
            columns.extend(self._places.setdefault(gram, len(self._places)) for gram, _ in grams)
            counts.extend(count for _, count in grams)
        shape = (len(texts), len(self._places))
        counted = sparse.csc_matrix((np.array(counts, dtype=np.float32), (rows, columns)), shape=shape)
        frequency = np.diff(counted.indptr).astype(np.float64)
        for text in background:
            for gram, _ in _grams(text):
                if (place := self._places.get(gram)) is not None:
                    frequency[place] += 1
        total = len(texts) + len(background)
        rarity = np.log1p((total - frequency + 0.5) / (frequency + 0.5)).astype(np.float32)
        self._rarity = rarity
        self._unseen = float(np.log1p(2 * total + 1))
        length = np.asarray(counted.sum(axis=1)).ravel()
        usual = max(float(length.mean()), 1.0) if len(texts) else 1.0
        norm = _SATURATION * (1 - _LENGTH_WEIGHT + _LENGTH_WEIGHT * length / usual)
        of_column = np.repeat(rarity, np.diff(counted.indptr))
        weighed = counted.data * 2 / (counted.data + norm[counted.indices]) * of_column
        self._weighed = sparse.csc_matrix((weighed, counted.indices, counted.indptr), shape=shape, dtype=np.float32)
        self._presence = sparse.csc_matrix((of_column, counted.indices, counted.indptr), shape=shape, dtype=np.float32)
        self._row_weight = np.maximum(np.asarray(self._presence.sum(axis=1)).ravel(), 1e-6)

    def score(self, text: str) -> LexicalScores:
        """Score all rows against a question's letters."""
        known = [place for gram, _ in _grams(text) if (place := self._places.get(gram)) is not None]
        of_question = _sum_columns(self._weighed, known) / max(self.weigh(text), 1e-6)
        return LexicalScores(of_question, _sum_columns(self._presence, known) / self._row_weight)

    def weigh(self, text: str) -> float:
        """Return the summed rarity of a text's characters and known pairs.

        An unknown pair counts nothing, for any two characters may meet; an unknown character is as rare as can be.
        """
        weight = 0.0
        for gram, _ in _grams(text):
            place = self._places.get(gram)
            weight += float(self._rarity[place]) if place is not None else self._unseen * (len(gram) == 1)
        return weight

    def unknown_share(self, text: str) -> float:
        """Return how much of a text's characters, by rarity, no row has: 0 to 1."""
        known = sum(float(self._rarity[self._places[sign]]) for sign in set(text) if sign in self._places)
        unknown = self._unseen * sum(sign not in self._places for sign in set(text))
        return unknown / max(known + unknown, 1e-6)


def _sum_columns(matrix: sparse.csc_matrix, columns: Sequence[int]) -> Scores:
    """Add up a few columns: slicing a scipy matrix costs more than the sum."""
    result = np.zeros(matrix.shape[0], dtype=np.float32)
    for column in columns:
        start, end = matrix.indptr[column], matrix.indptr[column + 1]
        result[matrix.indices[start:end]] += matrix.data[start:end]
    return result
