import asyncio
from types import SimpleNamespace

import aiohttp
import pytest

from conversations import EngineClient, ResponderUnavailable
from conversations.engine import read_response
from qinwen.replies import Choice, Reply
from qinwen.vocabulary import Outcome

CARD = Reply("card", "办护照 · 收多少钱\n120 元")
CUSTOM = {"outcome": "answered", "item": "passport", "facet": "fee", "region": "610100", "replies": [CARD.to_json()]}


def test_an_action_s_answer_is_read_whole():
    response = read_response({"intent": "ask_fee", "confidence": 0.97, "messages": [{"custom": CUSTOM}]})
    assert response.outcome is Outcome.ANSWERED
    assert (response.item, response.facet, response.region) == ("passport", "fee", "610100")
    assert response.replies == (CARD,)
    assert (response.intent, response.confidence) == ("ask_fee", 0.97)


def test_a_response_of_the_domain_brings_its_outcome_in_the_metadata():
    response = read_response({"messages": [{"text": "不客气。", "metadata": {"outcome": "acknowledged"}}]})
    assert response.outcome is Outcome.ACKNOWLEDGED
    assert response.replies == (Reply("text", "不客气。"),)


@pytest.mark.parametrize("metadata", [{}, {"metadata": None}, {"metadata": {}}])
def test_a_response_without_outcome_is_small_talk(metadata):
    assert read_response({"messages": [{"text": "您好", **metadata}]}).outcome is Outcome.SMALLTALK


@pytest.mark.parametrize("key", ["buttons", "quick_replies"])
def test_buttons_become_choices(key):
    shape = {"messages": [{"text": "哪个?", key: [{"title": "护照", "payload": "护照怎么办"}]}]}
    assert read_response(shape).replies == (Reply("choices", "哪个?", (Choice("护照", "护照怎么办"),)),)


def test_the_action_s_outcome_counts_where_both_speak():
    messages = [{"text": "稍等", "metadata": {"outcome": "smalltalk"}}, {"custom": CUSTOM}]
    response = read_response({"messages": messages})
    assert response.outcome is Outcome.ANSWERED
    assert [reply.text for reply in response.replies] == ["稍等", CARD.text]


def test_a_text_after_the_action_does_not_change_its_outcome():
    messages = [{"custom": CUSTOM}, {"text": "还有吗", "metadata": {"outcome": "smalltalk"}}]
    assert read_response({"messages": messages}).outcome is Outcome.ANSWERED


@pytest.mark.parametrize(
    "shape", [{}, {"messages": []}, {"messages": [{}]}, {"messages": [{"custom": {**CUSTOM, "replies": []}}]}]
)
def test_silence_is_not_an_answer(shape):
    with pytest.raises(ResponderUnavailable):
        read_response(shape)


@pytest.mark.parametrize(
    "shape",
    [
        {"messages": [{"custom": {**CUSTOM, "outcome": "triumph"}}]},
        {"messages": [{"custom": {"replies": [CARD.to_json()]}}]},
        {"messages": [{"custom": {"outcome": "answered"}}]},
        {"messages": [{"custom": {**CUSTOM, "replies": [{"type": "video", "text": "x"}]}}]},
        {"messages": [{"text": "哪个?", "buttons": [{"title": "没有值"}]}]},
        {"messages": ["hello"]},
        {"messages": None},
        ["hello"],
        None,
    ],
)
def test_a_wrong_shape_is_named_as_such(shape):
    with pytest.raises(ValueError, match=r"."):
        read_response(shape)


class FakeAnswer:
    def __init__(self, status, shape):
        self.status = status
        self._shape = shape

    async def json(self):
        if isinstance(self._shape, Exception):
            raise self._shape
        return self._shape

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        pass


class FakeSession:
    """Stands in for aiohttp's client session."""

    def __init__(self, status=200, shape=None, error=None):
        self.status, self.shape, self.error = status, shape, error
        self.sent = []

    def post(self, url, **options):
        self.sent.append((url, options))
        if self.error:
            raise self.error
        return FakeAnswer(self.status, self.shape)


def ask(session, preparer=None):
    engine = EngineClient(session, "http://engine:5005", "geheim", 8, preparer=preparer)
    return engine.respond("c1", "护照多少钱", "m1", {"region": None})


async def test_the_hub_s_request_carries_the_secret_and_the_turn():
    session = FakeSession(shape={"messages": [{"custom": CUSTOM}]})
    assert (await ask(session)).outcome is Outcome.ANSWERED
    [(url, options)] = session.sent
    assert url == "http://engine:5005/webhooks/gateway/turn"
    assert options["headers"] == {"Authorization": "Bearer geheim"}
    assert options["json"] == {
        "conversation": "c1", "text": "护照多少钱", "message_id": "m1", "metadata": {"region": None}
    }  # fmt: skip
    assert options["timeout"].total == 8


@pytest.mark.parametrize(
    "session",
    [
        FakeSession(status=500),
        FakeSession(status=403, shape={"error": {}}),
        FakeSession(error=aiohttp.ClientConnectionError()),
        FakeSession(error=asyncio.TimeoutError()),
        FakeSession(shape=ValueError("not JSON")),
        FakeSession(shape={"messages": [{"custom": {}}]}),
        FakeSession(shape=["hello"]),
    ],
)
async def test_an_engine_that_does_not_answer_properly_is_unavailable(session):
    with pytest.raises(ResponderUnavailable) as caught:
        await ask(session)
    assert not caught.value.permanent


async def test_the_text_is_told_ahead_before_the_engine_is_asked():
    session, told = FakeSession(shape={"messages": [{"custom": CUSTOM}]}), []
    preparer = SimpleNamespace(prepare=lambda text: told.append((text, len(session.sent))))
    await ask(session, preparer)
    assert told == [("护照多少钱", 0)]
