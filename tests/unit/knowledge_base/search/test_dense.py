import numpy as np
import pytest

from knowledge_base.search.dense import DenseIndex

BACKGROUND = np.array([[1, 0.1, 1, 0], [1, -0.1, 1, 0]], dtype=np.float32)


def test_what_all_rows_share_is_taken_away():
    rows = np.array([[9, 1, 1, 0], [9, -1, 0, 1]], dtype=np.float32)
    first, second = DenseIndex(rows, (2, 2), BACKGROUND).score(np.array([[9, 1, 1, 0]], dtype=np.float32))
    assert first[0, 0] == pytest.approx(1, abs=1e-3)
    assert first[0, 1] < 0.5  # raw cosine is .98
    assert second.shape == (1, 2)


def test_blocks_do_not_mix():
    rows = np.array([[1, 0, 0, 5], [0, 1, 5, 0]], dtype=np.float32)
    first, second = DenseIndex(rows, (2, 2), BACKGROUND).score(np.array([[1, 0, 5, 0]], dtype=np.float32))
    assert (first[0].argmax(), second[0].argmax()) == (0, 1)


def test_no_rows_and_one_row_are_fine():
    none = DenseIndex(np.zeros((0, 4), dtype=np.float32), (4,), BACKGROUND)
    assert none.score(BACKGROUND)[0].shape == (2, 0)
    one = DenseIndex(np.array([[0, 1, 0, 0]], dtype=np.float32), (4,), BACKGROUND)
    assert np.isfinite(one.score(BACKGROUND)[0]).all()


def test_questions_of_passages_are_centred_as_questions():
    questions = DenseIndex(np.array([[5, 1, 0, 0], [5, -1, 0, 0]], dtype=np.float32), (4,), BACKGROUND)
    passages = DenseIndex(np.array([[0, 1, 0, 5], [0, -1, 0, 5]], dtype=np.float32), (4,), BACKGROUND)
    scores = passages.score(np.array([[5, 1, 0, 0]], dtype=np.float32), questions)[0]
    assert scores[0].argmax() == 0
