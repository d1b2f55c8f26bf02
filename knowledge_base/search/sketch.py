"""Likeness by sentence vectors among hundreds of thousands of rows: a small sketch of each row says which are worth a look.

A row's sketch is its centred vector along the directions in which rows differ most, a tenth of the whole. All rows are
compared by their sketches, and the nearest thousands exactly, from where their vectors lie: a file that processes share. What
a sketch says is scaled to what the whole vector would say on average, so that near and far rows can be compared.

Small knowledge bases don't use it (`search.growing.SMALL`): there all is exact. `bench/scale.py` measures what it changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from knowledge_base.search.row_vectors import RowVectors
from language.encode import Vectors, unit

_DIRECTIONS: Final = 64
_LOOKED_AT: Final = 2_000
_LOOKED_AT_OF_FEW: Final = 500
_SAMPLE: Final = 20_000
_ASKED: Final = 128
_SEED: Final = 5


class Sketch:
    """Rows, their sketches, and the means that are taken from them.

    Args:
        rows: the rows' vectors as they are stored.
        blocks: the widths of the encoder's parts.
        shares: how much each part counts where rows are compared to choose which are looked at.
        means: the mean of each part of unit length.
        few: rows that are also compared among themselves: the nearest of them are looked at too.
    """

    def __init__(
        self,
        rows: RowVectors,
        blocks: Sequence[int],
        shares: Sequence[float],
        means: Sequence[Vectors],
        few: NDArray[np.int64] | None = None,
    ) -> None:
        self._rows, self._shares, self._few = rows, shares, few
        self._cuts = np.cumsum(blocks)[:-1]
        self._means = list(means)
        sample = self._centre(self._sample())
        self._directions = [_directions(part) for part in sample]
        self._sketches = [np.empty((len(rows), part.shape[1]), dtype=np.float32) for part in self._directions]
        for start, chunk in rows.chunks():
            for sketch, part, directions in zip(self._sketches, self._centre(chunk), self._directions, strict=True):
                sketch[start : start + len(part)] = part @ directions
        self._slopes = [_slope(part, directions) for part, directions in zip(sample, self._directions, strict=True)]

    def score(self, parts: Sequence[Vectors]) -> list[Vectors]:
        """Give for each part of the encoder the cosine of each row with a question.

        Args:
            parts: of the question, centred and of unit length, each [d].
        """
        scores = [
            sketch @ (part @ directions) * np.float32(slope)
            for sketch, part, directions, slope in zip(self._sketches, parts, self._directions, self._slopes, strict=True)
        ]
        whole = sum((score * np.float32(share) for score, share in zip(scores, self._shares, strict=True)), np.float32(0))
        near = _nearest(np.asarray(whole), _LOOKED_AT)
        if self._few is not None:
            near = np.union1d(near, self._few[_nearest(np.asarray(whole)[self._few], _LOOKED_AT_OF_FEW)])
        for score, rows, part in zip(scores, self._centre(self._rows.take(near)), parts, strict=True):
            score[near] = rows @ part
        return scores

    def _centre(self, vectors: Vectors) -> list[Vectors]:
        parts = np.split(vectors, self._cuts, axis=1)
        return [unit(unit(part) - mean) for part, mean in zip(parts, self._means, strict=True)]

    def _sample(self) -> Vectors:
        count = len(self._rows)
        chosen = np.random.default_rng(_SEED).choice(count, min(count, _SAMPLE), replace=False)
        return self._rows.take(np.sort(chosen))


def _nearest(scores: Vectors, count: int) -> NDArray[np.int64]:
    return np.argpartition(scores, -count)[-count:] if len(scores) > count else np.arange(len(scores))


def means_of(rows: RowVectors, blocks: Sequence[int]) -> list[Vectors]:
    """Give the sum of the rows' parts, each part of unit length, divided by their number."""
    cuts = np.cumsum(blocks)[:-1]
    sums = [np.zeros(width, dtype=np.float64) for width in blocks]
    for _, chunk in rows.chunks():
        for number, part in enumerate(np.split(chunk, cuts, axis=1)):
            sums[number] += unit(part).sum(axis=0)
    return [(total / max(len(rows), 1)).astype(np.float32) for total in sums]


def _directions(part: Vectors) -> Vectors:
    """Give the directions in which vectors differ most, float32 [d, directions]."""
    _, vectors = np.linalg.eigh(part.T @ part)
    return np.ascontiguousarray(vectors[:, ::-1][:, :_DIRECTIONS], dtype=np.float32)


def _slope(part: Vectors, directions: Vectors) -> float:
    """Give by how much sketches understate likeness."""
    asked = part[:_ASKED]
    exact, sketched = asked @ part[_ASKED:].T, (asked @ directions) @ (part[_ASKED:] @ directions).T
    return float((exact * sketched).sum() / max(float(np.square(sketched).sum()), 1e-9))
