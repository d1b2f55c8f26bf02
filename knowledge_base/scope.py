"""Whether a question is about anything we know: a probability from how near the nearest knowledge is.

Fitted with the ranking (`bench/fit_ranking.py`); the weights stand beside its weights in `data/ranking.json`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qinwen.vocabulary import Facet

SCOPE_SIGNALS = (
    "dense_item",
    "dense_name",
    "dense_facet",
    "row_item",
    "item_text",
    "name_inside",
    "best_pair",
    "item_margin",
    "facet_mass",
    "outside_mass",
    "length",
    "long",
)
_FACET_INTENTS = tuple(f"ask_{facet.value}" for facet in Facet)
_OUTSIDE_INTENTS = ("out_of_scope", "complain", "small_talk", "challenge_bot", "report_wrong_answer", "ask_capability")
_LONG = 60
# What is dictated is long, and asks in its last words; a complaint tells, and wants something done.
_ASKS_LAST = re.compile(r"(?:怎么|咋|如何|多少|哪|几|啥|什么|[能行可要]不[能行可要]|还能).{0,14}$|[吗不么][呢啊呀嘛]?[?.]*$")
_SURE_OF_FACET = 0.5


def scope_signals(text: str, signals: NDArray[Any], intents: Mapping[str, float], weights: NDArray[Any]) -> NDArray[np.float32]:
    """Give what the probability is computed from, float32 [signals of `SCOPE_SIGNALS`].

    Args:
        text: the normalised question.
        signals: of `PairIndex.signals`, [items, facets, signals].
        intents: the classifier's probabilities.
        weights: the ranking's weights, [signals].
    """
    best = signals.max(axis=(0, 1))
    scores = signals @ weights
    by_item = np.sort(scores.max(axis=1))[::-1]
    margin = float(by_item[0] - by_item[1]) if len(by_item) > 1 else 0.0
    # Without a classifier (`qinwen kb search`) a question is taken for a question.
    facet_mass = sum(intents.get(name, 0.0) for name in _FACET_INTENTS) if intents else 1.0
    outside_mass = sum(intents.get(name, 0.0) for name in _OUTSIDE_INTENTS)
    return np.array(
        [
            best[0],
            best[1],
            best[2],
            best[3],
            best[5],
            best[6],
            float(scores.max()) / 10,
            min(margin, 5.0) / 5,
            facet_mass,
            outside_mass,
            math.log1p(len(text)),
            float(len(text) > _LONG and not (facet_mass > _SURE_OF_FACET and _ASKS_LAST.search(text))),
        ],
        dtype=np.float32,
    )


def scope_probability(signals: NDArray[np.float32], weights: Mapping[str, float]) -> float:
    """Give the probability that the question is about something we know."""
    score = weights["bias"] + sum(weights[name] * float(v) for name, v in zip(SCOPE_SIGNALS, signals, strict=True))
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, score))))
