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

from knowledge_base.search.grams import codes_of, count_grams
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
        counted = count_grams(texts)
        self._codes, self._starts, self._rows = counted.codes, counted.starts, counted.texts
        widths = np.diff(self._starts)
        frequency = widths.astype(np.float64)
        for text in background:
            places = self.places_of(codes_of([gram for gram, _ in _grams(text)]))
            frequency[places[places >= 0]] += 1
        total = len(texts) + len(background)
        length = np.bincount(self._rows, weights=counted.counts, minlength=len(texts))
        usual = max(float(length.mean()), 1.0) if len(texts) else 1.0
        if like is not None:
            total, usual = like.total, like.usual
        rarity = np.log1p((total - frequency + 0.5) / (frequency + 0.5)).astype(np.float32)
        if like is not None:
            known = like.places_of(self._codes)
            rarity[known >= 0] = like.rarities()[known[known >= 0]]
        self._rarity: Scores = rarity
        self._unseen = float(np.log1p(2 * total + 1))
        self.total: int = total
        self.usual: float = usual
        norm = (_SATURATION * (1 - _LENGTH_WEIGHT + _LENGTH_WEIGHT * length / usual)).astype(np.float32)
        of_column = np.repeat(rarity, widths)
        self._weighed: Scores = counted.counts * 2 / (counted.counts + norm[self._rows]) * of_column
        row_weight = np.bincount(self._rows, weights=of_column, minlength=len(texts))
        self._row_weight = np.maximum(row_weight, 1e-6).astype(np.float32)

    def score(self, text: str, whole: float | None = None) -> LexicalScores:
        """Score all rows against a question's letters; `whole` is its weight where another index knows better."""
        return LexicalScores(self.reach(text, whole), self._add_up(text, shares=True) / self._row_weight)

    def reach(self, text: str, whole: float | None = None) -> Scores:
        """Return `LexicalScores.of_question` alone."""
        return self._add_up(text) / np.float32(max(self.weigh(text) if whole is None else whole, 1e-6))

    def weigh(self, text: str) -> float:
        """Return the summed rarity of a text's characters and known pairs.

        An unknown pair counts nothing, for any two characters may meet; an unknown character is as rare as can be.
        """
        grams = [gram for gram, _ in _grams(text)]
        rarity, known = self._look_up(codes_of(grams))
        unknown = sum(1 for gram, there in zip(grams, known.tolist(), strict=True) if len(gram) == 1 and not there)
        return float(rarity.sum(dtype=np.float64)) + self._unseen * unknown

    def unknown_share(self, text: str) -> float:
        """Return how much of a text's characters, by rarity, no row has: 0 to 1."""
        rarities = [self.rarity_of(sign) for sign in set(text)]
        known = sum(rarity for rarity in rarities if rarity is not None)
        unknown = self._unseen * sum(rarity is None for rarity in rarities)
        return unknown / max(known + unknown, 1e-6)

    def rarity_of(self, gram: str) -> float | None:
        """Return how rare a character or pair is; None for one that no row has."""
        rarity, known = self._look_up(codes_of([gram]))
        return float(rarity[0]) if known[0] else None

    def rarities(self) -> Scores:
        """Return how rare each of its grams is."""
        return self._rarity

    def places_of(self, codes: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return where grams stand among its own, -1 for those it has not."""
        if not len(self._codes):
            return np.full(len(codes), -1, dtype=np.int64)
        places = np.minimum(np.searchsorted(self._codes, codes), len(self._codes) - 1)
        return np.where(self._codes[places] == codes, places, -1)

    def _look_up(self, codes: NDArray[np.int64]) -> tuple[Scores, NDArray[np.bool_]]:
        """Return the rarity of grams, 0 for those that neither it nor the index it stands beside has, and which are known."""
        rarity, places = np.zeros(len(codes), dtype=np.float32), self.places_of(codes)
        rarity[places >= 0] = self._rarity[places[places >= 0]]
        known = places >= 0
        if self._like is not None and not known.all():
            rarity[~known], known[~known] = self._like._look_up(codes[~known])  # noqa: SLF001  (one of its own kind)
        return rarity, known

    def _add_up(self, text: str, *, shares: bool = False) -> Scores:
        """Return for each row the sum over the question's grams: of what they count in it, or of how rare they are."""
        places = self.places_of(codes_of([gram for gram, _ in _grams(text)]))
        known = places[places >= 0]
        spans = [slice(int(self._starts[place]), int(self._starts[place + 1])) for place in known.tolist()]
        if not spans:
            return np.zeros(len(self._row_weight), dtype=np.float32)
        rows = np.concatenate([self._rows[span] for span in spans])
        if shares:
            weights = np.repeat(self._rarity[known], [span.stop - span.start for span in spans])
        else:
            weights = np.concatenate([self._weighed[span] for span in spans])
        return np.bincount(rows, weights=weights, minlength=len(self._row_weight)).astype(np.float32)
