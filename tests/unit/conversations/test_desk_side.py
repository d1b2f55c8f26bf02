"""While a person has a conversation, or somebody waits for one, the bot is silent; the person's words reach the citizen."""

import asyncio

import pytest
from sqlalchemy import select

from conversations import CitizenMessage, Response, change_holder
from conversations.models import Conversation, Delivery, Message
from qinwen.replies import Reply
from qinwen.vocabulary import Holder, Outcome
from tests.unit.conversations.test_delivery import ALLOWED, FakeCarrier, until


class Desk:
    """Takes what is for a person."""

    def __init__(self):
        self.taken = []

    async def respond(self, conversation, citizen, message_id, text, holder):
        self.taken.append((text, holder))
        return Response(Outcome.HANDED_OFF, ())


@pytest.fixture
def desk():
    return Desk()


@pytest.fixture
def hub(make_hub, desk):
    return make_hub(carriers={"wechat": FakeCarrier()}, desk=desk)


@pytest.fixture
async def person(hub):
    return await hub.open_citizen("wechat", "openid")


@pytest.fixture
def say(hub, person):
    async def send(text):
        return await hub.receive(CitizenMessage(person, text, text, None, ALLOWED), "wechat")

    return send


def hand_over(database, holder):
    with database.session() as session:
        conversation = session.scalar(select(Conversation.id))
        assert change_holder(session, conversation, Holder.BOT, holder)
        return conversation


@pytest.mark.parametrize("holder", [Holder.QUEUED, Holder.WITH_AGENT])
async def test_what_a_citizen_says_goes_to_the_desk_and_the_bot_is_silent(hub, say, desk, responder, ledger_database, holder):
    await (await say("护照")).task
    hand_over(ledger_database, holder)
    received = await say("还在吗")
    assert await hub.answer_within(received, 1) is None
    assert responder.asked == ["护照"]
    assert desk.taken == [("还在吗", holder)]


async def test_what_the_bot_was_thinking_when_a_person_came_is_dropped(hub, say, responder, ledger_database):
    responder.hold["慢"] = asyncio.Event()
    received = await say("慢")
    await until(lambda: responder.asked)
    hand_over(ledger_database, Holder.WITH_AGENT)
    responder.hold["慢"].set()
    await received.task
    assert await hub.answer_within(received, 1) is None
    with ledger_database.session() as session:
        assert [m.author for m in session.scalars(select(Message))] == ["citizen"]
        assert session.scalars(select(Delivery)).all() == []


async def test_a_person_s_words_are_pushed_and_heard(hub, say, person, ledger_database):
    await (await say("护照")).task
    conversation = hand_over(ledger_database, Holder.WITH_AGENT)
    heard = hub.listen(person)
    await hub.post(conversation, "agent", Reply("text", "您好，我是坐席。"))
    assert heard.is_set()
    with ledger_database.session() as session:
        assert [(d.state, d.part["text"]) for d in session.scalars(select(Delivery))][-1] == ("due", "您好，我是坐席。")


async def test_a_conversation_changes_hands_once(hub, say, ledger_database):
    await (await say("护照")).task
    conversation = hand_over(ledger_database, Holder.WITH_AGENT)
    with ledger_database.session() as session:
        assert not change_holder(session, conversation, Holder.BOT, Holder.WITH_AGENT)
