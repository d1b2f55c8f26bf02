"""Owns how sure search is: evidence about a ranking, the probabilities made of it, and what to do with a question."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np

from knowledge_base.search.state import CHARACTER_SIGNALS, Signals
from knowledge_base.search.weights import Logistic, Profile
from language.encode import Vectors

MOST_CHOICES = 3
# A lead of this many logits is as clear as any larger one.
_CLEAR_LEAD = 6.0


class Verdict(Enum):
    """What to do with a question."""

    ANSWERED = "answered"
    CLARIFY = "clarify"
    REFUSED = "refused"


@dataclass(frozen=True)
class BackgroundLevel:
    """Mean and spread of the best score and the best cosine that background questions reach in an index."""

    score: tuple[float, float]
    cosine: tuple[float, float]

    @classmethod
    def of(cls, scores: Sequence[float], cosines: Sequence[float]) -> "BackgroundLevel":
        """Measure; a spread is never taken as less than a small one, an index of one row has hardly any."""
        return cls(*((float(np.mean(v)), max(float(np.std(v)), 0.02)) for v in (scores, cosines)))


def fuse(signals: Signals, profile: Profile) -> Vectors:
    """Return each entry's score: the weighted sum of its signals, in logits."""
    total = np.zeros_like(next(iter(signals.values.values())))
    for name, weight in profile.signals.items():
        if weight and name in signals.values:
            total += weight * signals.values[name]
    return total


def top_cosine(signals: Signals) -> Vectors:
    """Return each entry's best centred cosine of the encoder's first part; the character score without an encoder."""
    dense = [name for name in signals.values if name not in CHARACTER_SIGNALS]
    if not dense:
        return np.maximum(signals.values["asked_bm25"], signals.values["answer_bm25"])
    first = dense[0].partition("_")[2]
    return np.maximum(signals.values[f"asked_{first}"], signals.values[f"answer_{first}"])


def measure(signals: Signals, scores: Vectors, background: BackgroundLevel, length: int) -> dict[str, float]:
    """Return the evidence (`weights.EVIDENCE`) on a question's ranking.

    Args:
        signals: of the question.
        scores: [entries], from `fuse`; at least one.
        background: of the index asked.
        length: number of the question's letters.
    """
    first = int(scores.argmax())
    ordered = np.sort(scores)[::-1]
    second = float(ordered[1]) if len(ordered) > 1 else background.score[0]
    chances = np.exp(scores - scores.max())
    cosine = top_cosine(signals)
    shared = np.maximum(signals.values["asked_bm25"], signals.values["answer_bm25"])
    return {
        "above_background": (float(ordered[0]) - background.score[0]) / background.score[1],
        "cosine_above_background": (float(cosine[first]) - background.cosine[0]) / background.cosine[1],
        "lead": min(float(ordered[0]) - second, _CLEAR_LEAD),
        # Logit of the softmax: the odds that the ranking itself gives its first.
        "chance": max(-_CLEAR_LEAD, min(_CLEAR_LEAD, -math.log(max(float(chances.sum()) - 1, 1e-9)))),
        "shared": float(shared[first]),
        "unknown": signals.unknown,
        "length": math.log(max(length, 1)),
        "agree": float(cosine.argmax() == first) + float(shared.argmax() == first),
    }


def probability(model: Logistic, evidence: dict[str, float]) -> float:
    """Return the probability that a model gives."""
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, model.logit(evidence)))))
