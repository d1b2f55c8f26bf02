"""Owns likeness by shared characters: BM25 over single characters and pairs of them.

The scores are shares of the most a text could reach, so that they can be compared from question to question.
"""

from __future__ import annotations

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
        like: a big index that these rows stand beside: how rare something is and how long a row usually is are its.
    """

    def __init__(self, texts: Sequence[str], background: Sequence[str] = (), like: LexicalIndex | None = None) -> None:
        self._like = like
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
        length = np.asarray(counted.sum(axis=1)).ravel()
        usual = max(float(length.mean()), 1.0) if len(texts) else 1.0
        if like is not None:
            total, usual = like.total, like.usual
        rarity = np.log1p((total - frequency + 0.5) / (frequency + 0.5)).astype(np.float32)
        if like is not None:
            for gram, place in self._places.items():
                if (known := like.rarity_of(gram)) is not None:
                    rarity[place] = known
        self._rarity: Scores = rarity
        self._unseen = float(np.log1p(2 * total + 1))
        self.total: int = total
        self.usual: float = usual
        norm = _SATURATION * (1 - _LENGTH_WEIGHT + _LENGTH_WEIGHT * length / usual)
        of_column = np.repeat(rarity, np.diff(counted.indptr))
        weighed = counted.data * 2 / (counted.data + norm[counted.indices]) * of_column
        self._weighed = sparse.csc_matrix((weighed, counted.indices, counted.indptr), shape=shape, dtype=np.float32)
        self._presence = sparse.csc_matrix((of_column, counted.indices, counted.indptr), shape=shape, dtype=np.float32)
        self._row_weight = np.maximum(np.asarray(self._presence.sum(axis=1)).ravel(), 1e-6)

    def score(self, text: str, whole: float | None = None) -> LexicalScores:
        """Score all rows against a question's letters; `whole` is its weight where another index knows better."""
        known = [place for gram, _ in _grams(text) if (place := self._places.get(gram)) is not None]
        of_question = _sum_columns(self._weighed, known) / max(self.weigh(text) if whole is None else whole, 1e-6)
        return LexicalScores(of_question, _sum_columns(self._presence, known) / self._row_weight)

    def weigh(self, text: str) -> float:
        """Return the summed rarity of a text's characters and known pairs.

        An unknown pair counts nothing, for any two characters may meet; an unknown character is as rare as can be.
        """
        weight = 0.0
        for gram, _ in _grams(text):
            rarity = self.rarity_of(gram)
            weight += rarity if rarity is not None else self._unseen * (len(gram) == 1)
        return weight

    def unknown_share(self, text: str) -> float:
        """Return how much of a text's characters, by rarity, no row has: 0 to 1."""
        rarities = [self.rarity_of(sign) for sign in set(text)]
        known = sum(rarity for rarity in rarities if rarity is not None)
        unknown = self._unseen * sum(rarity is None for rarity in rarities)
        return unknown / max(known + unknown, 1e-6)

    def rarity_of(self, gram: str) -> float | None:
        """Return how rare a character or pair is; None for one that no row has."""
        place = self._places.get(gram)
        if place is not None:
            return float(self._rarity[place])
        return self._like.rarity_of(gram) if self._like is not None else None


def _sum_columns(matrix: sparse.csc_matrix, columns: Sequence[int]) -> Scores:
    """Add up a few columns: slicing a scipy matrix costs more than the sum."""
    result = np.zeros(matrix.shape[0], dtype=np.float32)
    for column in columns:
        start, end = matrix.indptr[column], matrix.indptr[column + 1]
        result[matrix.indices[start:end]] += matrix.data[start:end]
    return result
