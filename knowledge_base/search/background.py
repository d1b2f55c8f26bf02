"""Owns the sentences that no knowledge base of government services answers: `background_out_of_scope.txt` in language.

Every index asks them of itself when it is built: what they reach by accident is what a question has to exceed.
"""

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

import language
from knowledge_base.search.lexical import letters
from language.encode import Encoder, Vectors

_FILE: Final = Path(language.__file__).parent / "data" / "background_out_of_scope.txt"
# Encoding all takes four seconds at start; every second one gives the same mean and spread.
_STEP: Final = 2


@dataclass(frozen=True)
class Background:
    """The sentences' letters, and the vectors of those that are asked (None without an encoder)."""

    letters: tuple[str, ...]
    asked: tuple[str, ...]
    vectors: Vectors | None


@functools.cache
def background_sentences() -> tuple[str, ...]:
    """Return the sentences in the order of the file."""
    lines = _FILE.read_text(encoding="utf-8").splitlines()
    return tuple(line for line in lines if line and not line.startswith("#"))


def make_background(encoder: Encoder | None) -> Background:
    """Encode the background once for an encoder; share the result between indexes."""
    sentences = background_sentences()
    asked = sentences[::_STEP]
    vectors = None if encoder is None else np.asarray(encoder.encode(asked, "question"), dtype=np.float32)
    return Background(tuple(map(letters, sentences)), tuple(map(letters, asked)), vectors)
