"""What was encoded in bulk is read from the database the next time; what somebody just asked is not kept."""

import numpy as np
import pytest

from knowledge_base.models import QuestionVector
from knowledge_base.question_vectors import RememberingEncoder

PHRASES = [f"第{n}句我们自己的话" for n in range(40)]


class CountingEncoder:
    name, dimension, blocks = "counting/1", 4, (4,)

    def __init__(self):
        self.encoded = []

    def encode(self, texts, kind):
        self.encoded += texts
        vectors = np.array([[len(text), sum(map(ord, text)) % 97, 1, 2] for text in texts], dtype=np.float32)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.fixture
def counting():
    return CountingEncoder()


def test_phrases_are_encoded_once_for_all_processes(ledger_database, counting):
    first = RememberingEncoder(ledger_database, counting).encode([*PHRASES, PHRASES[0]], "question")
    assert len(counting.encoded) == 40
    again = RememberingEncoder(ledger_database, counting).encode([*PHRASES, PHRASES[0]], "question")
    assert len(counting.encoded) == 40
    assert np.array_equal(first, again)
    assert np.allclose(first, CountingEncoder().encode([*PHRASES, PHRASES[0]], "question"), atol=1e-3)


def test_a_citizen_s_question_is_encoded_and_not_kept(ledger_database, counting):
    encoder = RememberingEncoder(ledger_database, counting)
    for _ in range(2):
        encoder.encode(["护照多少钱"], "question")
    assert counting.encoded == ["护照多少钱"] * 2
    with ledger_database.session() as session:
        assert session.query(QuestionVector).count() == 0
