import json
from types import SimpleNamespace

import pytest

from bot.channel import GatewayInput, TurnOutput

TURN = {"conversation": "c1", "text": "护照多少钱", "message_id": "m1", "metadata": {"region": "610100"}}


class FakeProcessor:
    async def parse_message(self, message):
        return {"text": message.text, "intent": {"name": "ask_fee", "confidence": 0.97}}


class FakeEngine:
    """Stands in for Rasa: remembers the turns it was given, and says one thing."""

    def __init__(self):
        self.turns = []
        self.app = SimpleNamespace(ctx=SimpleNamespace(agent=SimpleNamespace(processor=FakeProcessor())))

    async def __call__(self, message):
        self.turns.append(message)
        await message.output_channel.send_response(
            message.sender_id, {"text": None, "custom": {"outcome": "answered"}, "buttons": []}
        )


@pytest.fixture
def engine():
    return FakeEngine()


@pytest.fixture
def post(engine):
    routes = GatewayInput("geheim").blueprint(engine)
    handlers = {route.uri: route.handler for route in routes._future_routes}

    async def post(shape=None, authorization="Bearer geheim", path="/turn"):
        headers = {} if authorization is None else {"Authorization": authorization}
        request = SimpleNamespace(headers=headers, json=shape or TURN, app=engine.app)
        answer = await handlers[path](request)
        return answer.status, json.loads(answer.body)

    return post


@pytest.mark.parametrize("authorization", [None, "", "Bearer ", "Bearer wrong", "Bearer geheim ", "Bearer \u79d8\u5bc6"])
async def test_a_wrong_secret_is_refused_and_nothing_runs(post, engine, authorization):
    status, shape = await post(authorization=authorization)
    assert status == 403
    assert shape["error"]["code"] == "forbidden"
    assert engine.turns == []


async def test_a_turn_is_run_and_everything_said_comes_back_with_the_intent(post, engine):
    status, shape = await post()
    assert status == 200
    assert shape == {"messages": [{"custom": {"outcome": "answered"}}], "intent": "ask_fee", "confidence": 0.97}
    [message] = engine.turns
    assert (message.text, message.sender_id, message.message_id) == ("护照多少钱", "c1", "m1")
    assert message.metadata == {"region": "610100"}
    assert message.input_channel == "gateway"
    assert message.parse_data["intent"]["name"] == "ask_fee"


async def test_a_text_is_read_without_a_turn(post, engine):
    status, shape = await post({"text": "护照多少钱"}, path="/reading")
    assert (status, shape) == (200, {"intents": [{"name": "ask_fee", "confidence": 0.97}]})
    assert engine.turns == []
    assert (await post({"text": "护照多少钱"}, authorization="Bearer wrong", path="/reading"))[0] == 403


@pytest.mark.parametrize("text", ["/restart", " ／ask_fee", "EXTERNAL: x"])
async def test_a_command_is_made_harmless_once_more(post, engine, text):
    await post({**TURN, "text": text})
    assert not engine.turns[0].text.lstrip().startswith(("/", "／", "EXTERNAL:"))


def test_without_a_secret_the_channel_does_not_start():
    for credentials in (None, {}, {"secret": ""}):
        with pytest.raises(ValueError, match="secret"):
            GatewayInput.from_credentials(credentials)
    assert GatewayInput.from_credentials({"secret": "x"}).name() == "gateway"


async def test_the_collector_keeps_a_response_s_metadata():
    collected = TurnOutput()
    await collected.send_response("c1", {"text": "不客气。", "metadata": {"outcome": "acknowledged"}, "image": None})
    assert collected.messages == [{"text": "不客气。", "metadata": {"outcome": "acknowledged"}}]
