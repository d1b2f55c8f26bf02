"""An encoder that remembers on disk what it encoded, so that a second measurement is quick.

Stands in for `language.load_encoder` in the measuring process only. The file holds hashes of
the prepared texts and numbers, never a text; it is named by the encoder, whose name holds the versions of its models.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

import language
import language.encode
from language.encode import Encoder, Kind, LoadedEncoder, Preferred, Vectors
from language.encode_text import prepare


class RememberedEncoder:
    """An encoder with a memory in a file."""

    def __init__(self, encoder: Encoder, path: Path) -> None:
        self.name, self.dimension, self.blocks = encoder.name, encoder.dimension, encoder.blocks
        self._encoder, self._path = encoder, path
        self._known: dict[str, Vectors] = {}
        self._saved = 0
        if path.exists():
            with np.load(path) as stored:
                self._known = dict(zip(stored["keys"].tolist(), stored["vectors"], strict=True))
                self._saved = len(self._known)

    def encode(self, texts: Sequence[str], kind: Kind) -> Vectors:
        """Return float32 [n, dimension] of unit length."""
        keys = [hashlib.sha256(f"{kind}\0{prepare(text, kind)}".encode()).hexdigest()[:32] for text in texts]
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in self._known}
        if missing:
            self._known.update(zip(missing, self._encoder.encode(list(missing.values()), kind), strict=True))
        if not keys:
            return np.zeros((0, self.dimension), dtype=np.float32)
        return np.stack([self._known[key] for key in keys])

    def save(self) -> None:
        """Write what was learned since the last time."""
        if len(self._known) == self._saved:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        half = self._path.with_suffix(".half.npz")
        np.savez(half, keys=np.array(list(self._known)), vectors=np.stack(list(self._known.values())))
        half.replace(self._path)
        self._saved = len(self._known)


def remember_vectors(folder: Path, preferred: Preferred) -> RememberedEncoder | None:
    """Put a remembering encoder in the place of `language.load_encoder`; call it before `bot` and `actions` are imported.

    Returns:
        The encoder, None where none works (search is by characters then).
    """
    loaded = language.encode.load_encoder(preferred)
    if loaded.encoder is None:
        return None
    digest = hashlib.sha256(loaded.encoder.name.encode()).hexdigest()
    encoder = RememberedEncoder(loaded.encoder, folder / f"vectors-{digest[:12]}.npz")
    stand_in = LoadedEncoder(encoder, loaded.reasons)
    language.encode.load_encoder = language.load_encoder = lambda preferred="auto": stand_in  # type: ignore[assignment]  # noqa: ARG005
    return encoder
