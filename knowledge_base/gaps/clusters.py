"""Brings questions of the same meaning together: characters they share and, where there is an encoder, how near they mean.

Agglomerative, by the average distance: one odd question neither joins two groups nor splits one. The title of a group is the
question that is nearest to all others, a real citizen's wording.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knowledge_base.gaps.questions import PoorQuestion, Reason
from knowledge_base.search.lexical import letters
from language import Encoder, normalise

# Distances of questions that were judged to ask the same or not (tests/unit/knowledge_base/gaps/test_gap_clusters.py).
_NEAR_WITH_MEANING = 0.60
_NEAR_BY_CHARACTERS = 0.72
_SHARE_OF_MEANING = 0.6
MOST_TEXTS = 3_000
_SHORTEST = 3


@dataclass(frozen=True)
class Cluster:
    """Questions of the same meaning.

    Attributes:
        title: the wording nearest to all others.
        wordings: the different wordings, the most frequent first.
        people: how many citizens asked.
        times: how often it was asked.
        reasons: what was wrong, and how often.
        regions: where it was asked, and how often.
        first_at: when first.
        last_at: when last.
    """

    title: str
    wordings: tuple[str, ...]
    people: int
    times: int
    reasons: dict[Reason, int]
    regions: dict[str, int]
    first_at: datetime
    last_at: datetime


def cluster_questions(questions: Sequence[PoorQuestion], encoder: Encoder | None) -> list[Cluster]:
    """Bring questions together; the one that most people asked first. Of very many texts the most frequent are taken."""
    by_text: dict[str, list[PoorQuestion]] = defaultdict(list)
    shown: dict[str, str] = {}
    for question in questions:
        key = letters(normalise(question.text))
        if len(key) >= _SHORTEST:
            by_text[key].append(question)
            shown.setdefault(key, question.text)
    texts = sorted(by_text, key=lambda text: (-len(by_text[text]), text))[:MOST_TEXTS]
    groups = _group(texts, [shown[text] for text in texts], encoder)
    clusters = [_cluster([texts[n] for n in members], title, by_text, shown) for members, title in groups]
    return sorted(clusters, key=lambda cluster: (-cluster.people, -cluster.times, cluster.title))


def _cluster(members: Sequence[str], title: int, by_text: dict[str, list[PoorQuestion]], shown: dict[str, str]) -> Cluster:
    asked = [question for text in members for question in by_text[text]]
    return Cluster(
        title=shown[members[title]],
        wordings=tuple(shown[text] for text in members),
        people=len({question.citizen for question in asked}),
        times=len(asked),
        reasons=dict(Counter(question.reason for question in asked).most_common()),
        regions=dict(Counter(question.region for question in asked if question.region).most_common()),
        first_at=min(question.at for question in asked),
        last_at=max(question.at for question in asked),
    )


def _group(texts: Sequence[str], shown: Sequence[str], encoder: Encoder | None) -> list[tuple[list[int], int]]:
    """Give the numbers of the texts of each group, and which of them is its title."""
    from scipy.cluster.hierarchy import fcluster, linkage  # half a second, which a start should not wait for
    from scipy.spatial.distance import squareform

    if len(texts) < 2:  # noqa: PLR2004
        return [([n], 0) for n in range(len(texts))]
    likeness = likeness_of(texts, shown, encoder)
    distance = np.clip(1 - likeness, 0, None)
    np.fill_diagonal(distance, 0)
    tree = linkage(squareform(distance, checks=False), "average")
    labels = fcluster(tree, _NEAR_WITH_MEANING if encoder else _NEAR_BY_CHARACTERS, criterion="distance")
    groups = []
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label).tolist()
        title = int(likeness[np.ix_(members, members)].sum(axis=1).argmax())
        groups.append((members, title))
    return groups


def likeness_of(texts: Sequence[str], shown: Sequence[str], encoder: Encoder | None) -> NDArray[Any]:
    """Give how like each text is to each, from 0 to 1, float32 [texts, texts]."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    counted = TfidfVectorizer(analyzer="char", ngram_range=(1, 3), sublinear_tf=True, dtype=np.float32).fit_transform(texts)
    by_characters = np.asarray((counted @ counted.T).todense(), dtype=np.float32)
    if encoder is None:
        return by_characters
    vectors = encoder.encode([normalise(text) for text in shown], "question")
    centred = vectors - vectors.mean(axis=0)
    centred /= np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-6)
    by_meaning = np.clip(centred @ centred.T, 0, 1)
    return np.asarray(_SHARE_OF_MEANING * by_meaning + (1 - _SHARE_OF_MEANING) * by_characters, dtype=np.float32)
