"""Counts the characters and character pairs of many texts at once, in arrays: as Python objects they would not fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

_PAIR: Final = 21  # bits of a code point
_AT_ONCE: Final = 2_000_000


@dataclass(frozen=True)
class Counted:
    """Which gram stands how often in which text, by gram: the columns of a sparse matrix.

    Attributes:
        codes: of each gram, rising.
        starts: where a gram's texts begin; one more than grams.
        texts: the numbers of the texts, int32.
        counts: how often it stands there.
    """

    codes: NDArray[np.int64]
    starts: NDArray[np.int64]
    texts: NDArray[np.int32]
    counts: NDArray[np.float32]


def codes_of(grams: Sequence[str]) -> NDArray[np.int64]:
    """Give the codes of single characters and pairs."""
    codes = [ord(gram) if len(gram) == 1 else (ord(gram[0]) << _PAIR) | ord(gram[1]) for gram in grams]
    return np.array(codes, dtype=np.int64)


def count_grams(texts: Sequence[str]) -> Counted:
    """Count the grams of texts."""
    parts = [_pairs_of(first, chunk) for first, chunk in _chunks(texts)]
    if not parts:
        nothing = np.zeros(0, dtype=np.int64)
        return Counted(nothing, np.zeros(1, dtype=np.int64), nothing.astype(np.int32), nothing.astype(np.float32))
    codes, numbers, counts = (np.concatenate([part[place] for part in parts]) for place in range(3))
    parts.clear()
    order = np.argsort(codes, kind="stable")  # the texts rise already
    codes = codes[order]
    starts = np.flatnonzero(np.diff(codes, prepend=-1))
    return Counted(codes[starts], np.append(starts, len(codes)), numbers[order], counts[order])


def _pairs_of(first: int, texts: Sequence[str]) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Give code, text and count of each gram in each text, by text."""
    joined = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), dtype=np.uint32).astype(np.int64)
    owners = np.repeat(np.arange(len(texts), dtype=np.int64), [len(text) for text in texts])
    same = owners[1:] == owners[:-1]
    codes = np.concatenate([joined, ((joined[:-1] << _PAIR) | joined[1:])[same]])
    owners = np.concatenate([owners, owners[1:][same]])
    distinct, of_code = np.unique(codes, return_inverse=True)
    keys, counts = np.unique(owners * len(distinct) + of_code, return_counts=True)
    numbers, places = np.divmod(keys, max(len(distinct), 1))
    return distinct[places], (numbers + first).astype(np.int32), counts.astype(np.float32)


def _chunks(texts: Sequence[str]) -> list[tuple[int, Sequence[str]]]:
    """Cut texts into runs of some million characters."""
    chunks, start, size = [], 0, 0
    for number, text in enumerate(texts):
        size += len(text)
        if size >= _AT_ONCE:
            chunks.append((start, texts[start : number + 1]))
            start, size = number + 1, 0
    if start < len(texts):
        chunks.append((start, texts[start:]))
    return chunks
