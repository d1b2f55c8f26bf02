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
        self.led = {}
        self.left = None

    async def respond(self, conversation, citizen, message_id, text, holder):
        self.taken.append((text, holder))
        return Response(Outcome.HANDED_OFF, ())

    async def after_bot(self, conversation, citizen, text, response):
        return self.led.get(text, response)

    def waiting_words(self, session, citizen):
        return ""

    def left_for_bot(self, session, conversation):
        return self.left


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
    assert (await hub.answer_within(received, 1)).part is None
    assert responder.asked == ["护照"]
    assert desk.taken == [("还在吗", holder)]


async def test_a_message_that_came_while_the_conversation_was_held_sees_what_changed(
    hub, say, person, desk, responder, ledger_database
):
    await (await say("护照")).task
    async with hub.between_turns(person):
        received = await say("还在吗")
        hand_over(ledger_database, Holder.WITH_AGENT)
    await received.task
    assert responder.asked == ["护照"]
    assert desk.taken == [("还在吗", Holder.WITH_AGENT)]


async def test_what_the_bot_was_thinking_when_a_person_came_is_dropped(hub, say, responder, ledger_database):
    responder.hold["慢"] = asyncio.Event()
    received = await say("慢")
    await until(lambda: responder.asked)
    hand_over(ledger_database, Holder.WITH_AGENT)
    responder.hold["慢"].set()
    await received.task
    assert (await hub.answer_within(received, 1)).part is None
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


async def test_what_is_said_to_who_waits_is_dropped_when_a_person_came_meanwhile(hub, say, desk, ledger_database):
    await (await say("护照")).task
    conversation = hand_over(ledger_database, Holder.QUEUED)

    async def answer_late(conversation, citizen, message_id, text, holder):
        with ledger_database.session() as session:
            assert change_holder(session, conversation, Holder.QUEUED, Holder.WITH_AGENT)
        return Response(Outcome.DESK_QUEUED, (Reply("text", "您排在第一位"),))

    desk.respond = answer_late
    received = await say("还要多久")
    assert (await hub.answer_within(received, 1)).part is None
    with ledger_database.session() as session:
        assert session.scalars(select(Message.author).where(Message.conversation_id == conversation)).all()[-1] == "citizen"


@pytest.mark.parametrize("holder", [Holder.QUEUED, Holder.WITH_AGENT])
async def test_a_picture_reaches_the_person_instead_of_the_channel_s_own_word(hub, say, desk, person, ledger_database, holder):
    await (await say("护照")).task
    hand_over(ledger_database, holder)
    excuse = Response(Outcome.CLARIFY, (Reply("text", "我看不了图片。"),))
    received = await hub.receive(CitizenMessage(person, "p1", "［图片］", excuse, ALLOWED), "wechat")
    assert (await received.task).response.replies == ()
    assert desk.taken == [("［图片］", holder)]


async def test_the_desk_looks_at_the_bot_s_answer_and_the_bot_knows_what_a_person_said(hub, say, desk, responder):
    desk.led["护照"] = Response(Outcome.DESK_QUEUED, (Reply("text", "为您转到服务台"),))
    desk.left = {"item": "passport", "facts": {"place": "三楼"}}
    asked = []
    responder.respond = remember(responder.respond, asked)
    received = await say("护照")
    assert (await received.task).response.outcome is Outcome.DESK_QUEUED
    assert asked[0]["from_desk"] == {"item": "passport", "facts": {"place": "三楼"}}


async def test_a_desk_that_fails_leaves_the_bot_s_answer(hub, say, desk):
    async def fail(*_):
        raise RuntimeError

    desk.after_bot = fail
    assert (await (await say("护照")).task).response.outcome is Outcome.ANSWERED


def remember(respond, asked):
    async def ask(conversation, text, message_id, metadata, *, patient=False):
        asked.append(metadata)
        return await respond(conversation, text, message_id, metadata, patient=patient)

    return ask
