"""The vectors of many rows where they lie, in memory or in a file that processes share: nothing is copied to hold them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from language.encode import Vectors

_AT_ONCE: Final = 8_192


def part_of(vectors: NDArray[Any], places: Sequence[int]) -> NDArray[Any]:
    """Give some rows of an array, in order: a view where they stand together."""
    if len(places) and places[-1] - places[0] == len(places) - 1:
        return vectors[places[0] : places[-1] + 1]
    return vectors[list(places)] if len(places) else vectors[:0]


class RowVectors:
    """Rows in the order of their parts; see the module.

    Args:
        parts: arrays [n, d] of any float type.
        width: d, for when there are no parts.
    """

    def __init__(self, parts: Sequence[NDArray[Any]], width: int) -> None:
        self._parts = [part for part in parts if len(part)]
        self._ends = np.cumsum([len(part) for part in self._parts], dtype=np.int64)
        self.width = width

    def __len__(self) -> int:
        """Return the number of rows."""
        return int(self._ends[-1]) if len(self._ends) else 0

    def take(self, rows: NDArray[np.int64]) -> Vectors:
        """Give some rows, float32 [rows, d]."""
        taken = np.empty((len(rows), self.width), dtype=np.float32)
        owners = np.searchsorted(self._ends, rows, side="right")
        for number, (row, owner) in enumerate(zip(rows.tolist(), owners.tolist(), strict=True)):
            part = self._parts[owner]
            taken[number] = part[row - int(self._ends[owner]) + len(part)]
        return taken

    def chunks(self, rows: int = _AT_ONCE) -> Iterator[tuple[int, Vectors]]:
        """Give all rows a few thousand at a time, float32, each time with the number of the first."""
        start, waiting, count = 0, [], 0
        for part in self._parts:
            waiting.append(part)
            count += len(part)
            if count >= rows:
                yield start, np.concatenate(waiting).astype(np.float32)
                start, waiting, count = start + count, [], 0
        if waiting:
            yield start, np.concatenate(waiting).astype(np.float32)
