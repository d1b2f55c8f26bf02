"""Tells from a text which department it is for: two views of it, each with its own logistic regression, joined evenly.

One view is the characters (pairs and single ones, TF-IDF), the other the sentence vector, where an encoder is there. It
is trained on our own phrases (`data/departments.yml`), once in a process: in half a second by characters, in some seconds
with vectors. Measured by `bench/desk_routing.py`; why two views: docs/adr/0011-desk.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from desk.desks import department_phrases
from language import Encoder, normalise

if TYPE_CHECKING:
    from sklearn.linear_model import LogisticRegression

Matrix = NDArray[np.float64]
_SEEN = 300
_STRENGTH = 20.0
_PASSES = 500


@dataclass(frozen=True)
class Guess:
    """A department with its probability."""

    department: str
    probability: float


class DepartmentClassifier:
    """Tells the department of a text.

    Args:
        encoder: gives sentence vectors; None where there is none, then the characters decide alone.
    """

    def __init__(self, encoder: Encoder | None = None) -> None:
        from sklearn.feature_extraction.text import TfidfVectorizer  # two seconds, which a start should not wait for

        self._encoder = encoder
        self._characters = TfidfVectorizer(analyzer="char", ngram_range=(1, 2), sublinear_tf=True)
        self._by_characters = _regression()
        self._by_meaning = _regression()
        self._centre: Matrix = np.zeros(0)

    @classmethod
    def trained(cls, encoder: Encoder | None = None) -> DepartmentClassifier:
        """Give a classifier trained on our own phrases."""
        phrases = department_phrases()
        return cls(encoder).fit([text for text, _ in phrases], [department for _, department in phrases])

    def fit(
        self, texts: Sequence[str], departments: Sequence[str], weights: Sequence[float] | None = None
    ) -> DepartmentClassifier:
        """Train on texts with their departments; gives itself. The weights say how much each text counts."""
        plain = [normalise(text) for text in texts]
        self._by_characters.fit(self._characters.fit_transform(plain), departments, sample_weight=weights)
        if self._encoder:
            vectors = self._encode(plain)
            self._centre = vectors.mean(axis=0)
            self._by_meaning.fit(vectors - self._centre, departments, sample_weight=weights)
        return self

    def predict(self, texts: Sequence[str]) -> list[list[Guess]]:
        """Give the departments of each text, likeliest first."""
        plain = [normalise(text) for text in texts]
        scores: Matrix = self._by_characters.predict_log_proba(self._characters.transform(plain))
        if self._encoder:
            scores = (scores + self._by_meaning.predict_log_proba(self._encode(plain) - self._centre)) / 2
        shares = np.exp(scores - scores.max(axis=1, keepdims=True))
        shares /= shares.sum(axis=1, keepdims=True)
        names: list[Any] = list(self._by_characters.classes_)
        return [[Guess(str(names[n]), float(row[n])) for n in np.argsort(-row)] for row in shares]

    def _encode(self, texts: Sequence[str]) -> Matrix:
        """Give the vector of each text's beginning beside that of its first line, which is often its title."""
        if self._encoder is None:
            return np.zeros((len(texts), 0))
        whole = self._encoder.encode([text[:_SEEN] for text in texts], "question")
        title = self._encoder.encode([text.strip().split("\n", 1)[0][:_SEEN] for text in texts], "question")
        return np.asarray(np.hstack([whole, title]), dtype=np.float64)


def _regression() -> LogisticRegression:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=_STRENGTH, class_weight="balanced", max_iter=_PASSES)
