import asyncio
import threading

import numpy as np
import pytest

from actions import encoding
from actions.encoding import EncodingAhead
from tests.waiting import PATIENCE


class SlowEncoder:
    """Encodes when the test lets it; remembers what it was asked."""

    def __init__(self):
        self.asked = []
        self.may_go_on = threading.Event()
        self.error = None

    def encode(self, texts, kind):
        self.may_go_on.wait(5)
        self.asked.append((*texts, kind))
        if self.error:
            raise self.error
        return np.zeros((1, 2))


@pytest.fixture
def encoder():
    encoder = SlowEncoder()
    yield encoder
    encoder.may_go_on.set()


async def test_an_action_waits_until_the_vector_is_there(encoder):
    ahead = EncodingAhead(encoder)
    ahead.start("护照多少钱？")
    waiting = asyncio.create_task(ahead.settle("护照多少钱?"))
    await asyncio.sleep(0.02)
    assert not waiting.done()
    encoder.may_go_on.set()
    await waiting
    assert encoder.asked == [("护照多少钱?", "question")]


async def test_the_same_text_is_encoded_once_while_it_is_being_encoded(encoder):
    ahead = EncodingAhead(encoder)
    for text in ("护照多少钱？", "护照多少钱?", " 护照多少钱? "):
        ahead.start(text)
    encoder.may_go_on.set()
    await ahead.settle("护照多少钱?")
    assert len(encoder.asked) == 1


async def test_a_text_that_was_not_begun_is_not_waited_for(encoder):
    await asyncio.wait_for(EncodingAhead(encoder).settle("护照多少钱?"), PATIENCE)


async def test_an_encoder_that_fails_fails_nobody(encoder):
    encoder.error = RuntimeError("broken")
    encoder.may_go_on.set()
    ahead = EncodingAhead(encoder)
    ahead.start("护照多少钱?")
    await ahead.settle("护照多少钱?")


async def test_without_an_encoder_nothing_is_begun():
    ahead = EncodingAhead(None)
    ahead.start("护照多少钱?")
    await asyncio.wait_for(ahead.settle("护照多少钱?"), PATIENCE)


async def test_more_than_can_be_of_use_is_not_begun(encoder, monkeypatch):
    monkeypatch.setattr(encoding, "_MOST", 3)
    ahead = EncodingAhead(encoder)
    for number in range(9):
        ahead.start(f"问题{number}")
    encoder.may_go_on.set()
    await asyncio.gather(*(ahead.settle(f"问题{number}") for number in range(9)))
    assert len(encoder.asked) == 3
