"""Emergency controls act on the next message of every process, and end by themselves; danger to life comes first."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from conversations import (
    ControlKind,
    ControlOver,
    ControlRefused,
    NewControl,
    in_force,
    list_controls,
    start_control,
    stop_control,
)
from conversations.models import Conversation, Message, Turn
from conversations.turns import CitizenMessage, Response
from qinwen.clock import now
from qinwen.replies import Reply
from qinwen.vocabulary import Holder, Outcome
from tests.unit.conversations.test_delivery import FakeCarrier

HOUR = timedelta(hours=1)


@pytest.fixture
def put(ledger_database):
    """Put a control in force."""

    def make(kind, text="内容", starts=None, ends=HOUR, wordings=(), reason="演练"):
        moment = now()
        new = NewControl(kind, text, reason, moment if starts is None else moment + starts, moment + ends, tuple(wordings))
        with ledger_database.session() as session:
            return start_control(session, new, "zhang", moment)

    return make


@pytest.fixture
def answer(hub, say):
    async def ask(text, message_id=None):
        return (await hub.take(say(text, message_id))).response

    return ask


async def test_a_uniform_answer_applies_to_the_next_message_and_to_it_alone(answer, put, responder):
    assert (await answer("公积金系统打不开了")).replies[0].text.startswith("答:")
    put(ControlKind.ANSWER, "公积金系统在维护，明早恢复。", wordings=["公积金 打不开", "公积金登不上"])
    for text in ("公积金系统打不开了", "公积金的网站怎么一直打不开?", "公积金　登不上！"):
        found = await answer(text, f"again {text}")
        assert found.replies[0].text.startswith("公积金系统在维护，明早恢复。\n（统一答复，"), text
        assert (found.outcome, found.intent) == (Outcome.ANSWERED, "uniform_answer")
    assert (await answer("公积金怎么提取")).replies[0].text == "答:公积金怎么提取"
    assert responder.asked == ["公积金系统打不开了", "公积金怎么提取"]


async def test_it_applies_in_every_process_without_being_told(make_hub, say, put):
    put(ControlKind.ANSWER, "停电了。", wordings=["大厅 停电"])
    for number in range(3):
        finished = await make_hub().take(say("大厅停电了吗", f"m{number}"))
        assert finished.response.replies[0].text.startswith("停电了。")


async def test_danger_comes_before_a_uniform_answer(answer, put, responder):
    put(ControlKind.ANSWER, "停气通知。", wordings=["煤气"])
    await answer("煤气漏了要爆炸了救命")
    assert responder.asked == ["煤气漏了要爆炸了救命"]


async def test_what_has_ended_or_not_begun_does_nothing(answer, put, ledger_database, monkeypatch):
    put(ControlKind.ANSWER, "以后的。", starts=HOUR, ends=2 * HOUR, wordings=["停电"])
    assert (await answer("停电了吗")).replies[0].text == "答:停电了吗"
    later = now() + 1.5 * HOUR
    with ledger_database.session() as session:
        assert [one.text for one in in_force(session, later).answers] == ["以后的。"]
        assert not in_force(session, later + HOUR)


async def test_while_the_bot_is_off_everybody_hears_so_and_nothing_is_lost(answer, put, responder, ledger_database):
    put(ControlKind.BOT_OFF, "")
    found = await answer("护照多少钱")
    assert (found.outcome, found.intent) == (Outcome.ERROR, "bot_off")
    assert all(words in found.replies[0].text for words in ("暂时停用", "12345", "已经记下", "恢复"))
    assert [choice.value for choice in found.replies[0].choices] == ["转人工"]
    assert responder.asked == []
    with ledger_database.session() as session:
        assert session.scalars(select(Message.text).where(Message.direction == "in")).all() == ["护照多少钱"]


async def test_while_the_bot_is_off_danger_a_person_and_uniform_answers_still_get_through(answer, put, responder):
    put(ControlKind.BOT_OFF)
    put(ControlKind.ANSWER, "今天放假。", wordings=["上班 今天"])
    assert (await answer("我家着火了")).outcome is Outcome.EMERGENCY
    assert "119" in (await answer("我家着火了", "again")).replies[0].text
    assert (await answer("今天上班吗")).replies[0].text.startswith("今天放假。")
    for text in ("转人工", "我要转人工客服。", "帮我找人工", "人工"):
        await answer(text)
    assert responder.asked == ["转人工", "我要转人工客服。", "帮我找人工", "人工"]


async def test_who_has_a_person_is_not_disturbed(make_hub, say, put, ledger_database):
    class Desk:
        async def respond(self, conversation, citizen, message_id, text, holder):
            return Response(Outcome.HANDED_OFF, ())

        async def after_bot(self, conversation, citizen, text, response):
            return response

        def waiting_words(self, session, citizen):
            return ""

        def left_for_bot(self, session, conversation):
            return None

    hub = make_hub(desk=Desk())
    first = await hub.take(say("你好"))
    with ledger_database.session() as session:
        session.get_one(Conversation, first.conversation).holder = Holder.WITH_AGENT.value
    put(ControlKind.BOT_OFF)
    put(ControlKind.ANSWER, "统一。", wordings=["护照"])
    assert (await hub.take(say("护照"))).response == Response(Outcome.HANDED_OFF, ())


async def test_a_control_that_was_stopped_stops_with_the_next_message(answer, put, ledger_database):
    number = put(ControlKind.BOT_OFF)
    assert (await answer("一")).intent == "bot_off"
    with ledger_database.session() as session:
        assert stop_control(session, number, "wang", now()).stopped_by == "wang"
    assert (await answer("二")).replies[0].text == "答:二"
    with ledger_database.session() as session, pytest.raises(ControlOver):
        stop_control(session, number, "wang", now())
    with ledger_database.session() as session:
        assert list_controls(session, now(), past=False) == []
        [past] = list_controls(session, now(), past=True)
    assert (past.state(now()), past.started_by, past.reason) == ("stopped", "zhang", "演练")


async def test_a_channel_without_a_page_hears_a_banner_once_a_conversation(make_hub, put, ledger_database):
    put(ControlKind.BANNER, "今天下午大厅停电。")
    hub = make_hub(carriers={"wechat": FakeCarrier()})
    citizen = await hub.open_citizen("wechat", "openid")

    async def ask(text):
        return [reply.text for reply in (await hub.take(CitizenMessage(citizen, text, text), "wechat")).response.replies]

    assert await ask("一") == ["【公告】今天下午大厅停电。", "答:一"]
    assert await ask("二") == ["答:二"]
    put(ControlKind.BANNER, "明天恢复。")
    assert await ask("三") == ["【公告】明天恢复。", "答:三"]
    with ledger_database.session() as session:
        conversation = session.scalars(select(Turn.conversation_id)).first()
        session.get_one(Conversation, conversation).holder = Holder.CLOSED.value
    assert await ask("四") == ["【公告】今天下午大厅停电。", "【公告】明天恢复。", "答:四"]


async def test_the_page_asks_for_banners_itself(hub, say, put):
    put(ControlKind.BANNER, "旧的")
    put(ControlKind.BANNER, "新的")
    assert [one["text"] for one in await hub.banners()] == ["新的", "旧的"]
    assert (await hub.take(say("护照"))).response.replies == (Reply("text", "答:护照"),)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"text": ""}, "请写公告的内容"),
        ({"text": "长" * 201}, "最多 200 个字"),
        ({"reason": ""}, "请写原因"),
        ({"ends": -HOUR}, "结束时间要晚于"),
        ({"starts": 2 * HOUR}, "结束时间要晚于"),
        ({"ends": timedelta(days=93)}, "最长 92 天"),
        ({"kind": ControlKind.ANSWER}, "至少一行关键词"),
        ({"kind": ControlKind.ANSWER, "wordings": ["停"]}, "太短的词"),
        ({"kind": ControlKind.ANSWER, "wordings": ["停电 了"]}, "太短的词"),
        ({"kind": ControlKind.ANSWER, "wordings": ["？？？"]}, "太短的词"),
        ({"kind": ControlKind.ANSWER, "wordings": ["停电" * 31]}, "每行最多 60 个字"),
        ({"kind": ControlKind.BOT_OFF, "ends": timedelta(days=8)}, "最长 7 天"),
    ],
)
def test_what_is_incomplete_is_refused_in_words(put, fields, words):
    with pytest.raises(ControlRefused, match=words):
        put(**{"kind": ControlKind.BANNER, **fields})


def test_the_bot_is_off_once(put):
    put(ControlKind.BOT_OFF)
    with pytest.raises(ControlRefused, match="已经停用"):
        put(ControlKind.BOT_OFF)
