"""What search works on: the texts under which an entry is found. Made by publishing and by `kb eval`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from language.encode import Encoder, Vectors

RowKind = Literal["question", "similar", "alias", "wording", "asked", "answer", "name"]

# Rows that are names, not questions: found also when a question merely contains them.
NAMING: Final[frozenset[RowKind]] = frozenset({"alias", "name"})


@dataclass(frozen=True, slots=True)
class SearchRow:
    """One text under which `entry` is found."""

    entry: str
    kind: RowKind
    text: str


def encode_rows(rows: Sequence[SearchRow], encoder: Encoder) -> Vectors:
    """Return the rows' vectors, float32 [n, d]: an answer as passage, all else as question."""
    vectors = np.zeros((len(rows), encoder.dimension), dtype=np.float32)
    answers = [place for place, row in enumerate(rows) if row.kind == "answer"]
    asked = [place for place, row in enumerate(rows) if row.kind != "answer"]
    if answers:
        vectors[answers] = encoder.encode([rows[place].text for place in answers], "passage")
    if asked:
        vectors[asked] = encoder.encode([rows[place].text for place in asked], "question")
    return vectors
