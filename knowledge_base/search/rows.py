"""What search works on: the texts under which an entry is found. Made by publishing and by `kb eval`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from language.encode import Encoder, Vectors

RowKind = Literal["question", "similar", "alias", "wording", "asked", "answer", "name"]

# Rows that are names, not questions: found also when a question merely contains them.
NAMING: Final[frozenset[RowKind]] = frozenset({"alias", "name"})


@dataclass(frozen=True)
class SearchRow:
    """One text under which `entry` is found."""

    entry: str
    kind: RowKind
    text: str


def encode_rows(rows: Sequence[SearchRow], encoder: Encoder) -> Vectors:
    """Return the rows' vectors, float32 [n, d]: an answer as passage, all else as question."""
    vectors = np.zeros((len(rows), encoder.dimension), dtype=np.float32)
    for kind in ("passage", "question"):
        places = [i for i, row in enumerate(rows) if (row.kind == "answer") == (kind == "passage")]
        if places:
            vectors[places] = encoder.encode([rows[i].text for i in places], "passage" if kind == "passage" else "question")
    return vectors
