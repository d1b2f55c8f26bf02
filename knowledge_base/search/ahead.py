"""Scores of questions that will be asked one by one, made together: one product of matrices takes a tenth of many small ones.

A replay asks thousands of questions of an index that stands still; it looks some dozens ahead. Kept by the question's vector.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Generic, TypeVar

from language.encode import Vectors

S = TypeVar("S")


class Ahead(Generic[S]):
    """What was made for the questions that come next."""

    def __init__(self) -> None:
        self._made: dict[bytes, S] = {}

    def put(self, vectors: Vectors, made: Iterable[S]) -> None:
        """Keep what was made for some vectors, float32 [n, d], and forget what was kept before."""
        self._made = {vector.tobytes(): one for vector, one in zip(vectors, made, strict=True)}

    def get(self, vector: Vectors) -> S | None:
        """Give what was made for a vector [d], or None."""
        return self._made.get(vector.tobytes()) if self._made else None
