"""The vectors of texts that are needed again: golden and real questions, wordings on import, phrases of ours that every
start needs. Writes `question_vector`.

Encoding is the dearest part of a replay, so two threads encode batches ahead while those before are answered, and what was
encoded once is read from the database the next time. Only a hash of the text is kept.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from knowledge_base import models
from language import Encoder, load_encoder
from language.encode_text import Kind
from qinwen.clock import today
from qinwen.database import Database

Vector = NDArray[np.float32]
_BATCH = 64
_CHUNK = 500
# From so many texts on it is our own phrases or a whole import that are encoded, and not what somebody just asked.
_BULK = 32
# One for each of the two encoders that make a vector: while one batch is in the second, the next is in the first.
_ENCODING = 2


class RememberingEncoder:
    """An encoder that finds in the database what was encoded in bulk before, so that only the first start takes its time."""

    def __init__(self, database: Database, encoder: Encoder) -> None:
        self.name, self.dimension, self.blocks = encoder.name, encoder.dimension, encoder.blocks
        self._database, self._encoder = database, encoder

    def encode(self, texts: Sequence[str], kind: Kind) -> Vector:
        """Return float32 [n, dimension] of unit length (see `language.Encoder`)."""
        if kind == "passage" or len(texts) < _BULK:
            return self._encoder.encode(texts, kind)
        known = read_vectors(self._database, self.name, texts)
        if missing := [text for text in dict.fromkeys(texts) if text not in known]:
            made = self._encoder.encode(missing, kind).astype(np.float16).astype(np.float32)
            known.update(zip(missing, made, strict=True))
            write_vectors(self._database, self.name, {text: known[text] for text in missing})
        return np.stack([known[text] for text in texts])


def remembering_encoder(preferred: Any, database: Database) -> Encoder | None:
    """Load the encoder of the settings (`language.load_encoder`), as one that remembers; None without one."""
    encoder = load_encoder(preferred).encoder
    return RememberingEncoder(database, encoder) if encoder else None


def encoded(database: Database, encoder: Encoder | None, texts: Sequence[str]) -> Iterator[Vector | None]:
    """Give the vector of each text in order, None without an encoder."""
    if encoder is None:
        yield from (None for _ in texts)
        return
    known = read_vectors(database, encoder.name, texts)
    missing = list(dict.fromkeys(text for text in texts if text not in known))
    batches = [missing[start : start + _BATCH] for start in range(0, len(missing), _BATCH)]
    with ThreadPoolExecutor(_ENCODING) as pool:
        coming = iter([pool.submit(encoder.encode, batch, "question") for batch in batches])
        waiting = iter(batches)
        try:
            for text in texts:
                while text not in known:
                    known.update(zip(next(waiting), next(coming).result(), strict=True))
                yield known[text]
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
    write_vectors(database, encoder.name, {text: known[text] for text in missing})


def forget_unused(database: Database, days: int = 90) -> int:
    """Remove the vectors that no replay used for so many days; returns how many."""
    table = models.QuestionVector
    with database.session() as session:
        oldest = np.datetime64(today(), "D") - np.timedelta64(days, "D")
        gone = session.execute(delete(table).where(table.used_on < oldest.astype(object)))
        return int(gone.rowcount)  # type: ignore[attr-defined]


def read_vectors(database: Database, encoder: str, texts: Sequence[str]) -> dict[str, Vector]:
    """Give the vectors of those texts that are known."""
    by_digest = {_digest(text): text for text in texts}
    table, found = models.QuestionVector, {}
    digests = list(by_digest)
    with database.session() as session:
        for start in range(0, len(digests), _CHUNK):
            chunk = digests[start : start + _CHUNK]
            mine = (table.encoder == encoder, table.digest.in_(chunk))
            for row in session.execute(select(table.digest, table.vector).where(*mine)):
                found[by_digest[row.digest]] = np.frombuffer(row.vector, dtype=np.float16).astype(np.float32)
            session.execute(update(table).where(*mine, table.used_on < today()).values(used_on=today()))
    return found


def write_vectors(database: Database, encoder: str, vectors: dict[str, Vector]) -> None:
    """Keep the vectors of texts, also when another process keeps the same just then."""
    rows = [
        {"encoder": encoder, "digest": _digest(text), "vector": vector.astype(np.float16).tobytes(), "used_on": today()}
        for text, vector in vectors.items()
    ]
    with database.session() as session:
        make = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
        if rows:
            session.execute(make(models.QuestionVector.__table__).on_conflict_do_nothing(), rows)  # type: ignore[arg-type]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
