import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError

from conversations import (
    LedgerUnavailable,
    ResponderUnavailable,
    Response,
    SessionUnknown,
    TokenBuckets,
    TooManyMessages,
    claims,
)
from conversations.models import Message, Turn
from qinwen.clock import now
from qinwen.replies import Reply
from qinwen.vocabulary import Outcome
from tests.waiting import until


class BrokenDatabase:
    """A database that can't be used while `broken`."""

    def __init__(self, database):
        self._database = database
        self.broken = False

    def session(self):
        if self.broken:
            raise OperationalError("SELECT", {}, Exception("disk full"))
        return self._database.session()


def rows(database, model):
    with database.session() as session:
        return session.scalars(select(model)).all()


async def test_a_message_is_answered_and_both_sides_are_written(hub, say, ledger_database):
    finished = await hub.take(say("护照多少钱"))
    assert finished.response.outcome is Outcome.ANSWERED
    [turn] = rows(ledger_database, Turn)
    assert (turn.id, turn.state, turn.outcome, turn.item, turn.facet) == (
        finished.turn, "done", "answered", "passport", "fee"
    )  # fmt: skip
    assert [(m.direction, m.author, m.text) for m in rows(ledger_database, Message)] == [
        ("in", "citizen", "护照多少钱"),
        ("out", "bot", "答:护照多少钱"),
    ]


async def test_the_same_message_id_gives_the_same_answer_and_does_nothing_twice(hub, say, responder, ledger_database):
    first = await hub.take(say("护照多少钱", "m1"))
    again = await hub.take(say("护照多少钱", "m1"))
    assert again.to_json() == first.to_json()
    assert responder.asked == ["护照多少钱"]
    assert len(rows(ledger_database, Message)) == 2


async def test_the_first_text_counts_where_a_message_id_comes_with_two(hub, say, responder):
    await hub.take(say("护照多少钱", "m1"))
    again = await hub.take(say("身份证多少钱", "m1"))
    assert again.response.replies[0].text == "答:护照多少钱"
    assert responder.asked == ["护照多少钱"]


async def test_the_same_message_id_at_once_is_answered_once(hub, say, responder):
    finished = await asyncio.gather(*(hub.take(say("护照多少钱", "m1")) for _ in range(8)))
    assert len({turn.turn for turn in finished}) == 1
    assert responder.asked == ["护照多少钱"]


async def test_the_same_message_id_in_two_processes_is_answered_once(make_hub, say, responder, ledger_database):
    finished = await asyncio.gather(*(make_hub().take(say("护照多少钱", "m1")) for _ in range(4)))
    assert len({turn.turn for turn in finished}) == 1
    assert responder.asked == ["护照多少钱"]
    assert len(rows(ledger_database, Message)) == 2


async def test_the_same_message_id_of_two_citizens_are_two_messages(hub, say, responder):
    other = await hub.open_citizen("webchat", "somebody else")
    mine = say("护照多少钱", "m1")
    await asyncio.gather(hub.take(mine), hub.take(type(mine)(other, "m1", "护照多少钱")))
    assert len(responder.asked) == 2


async def test_the_messages_of_a_conversation_are_answered_in_the_order_they_came(hub, say, responder):
    texts = [f"第{number}问" for number in range(12)]
    finished = await asyncio.gather(*(hub.take(say(text)) for text in texts))
    assert responder.asked == texts
    assert responder.most_running == 1
    assert len({turn.conversation for turn in finished}) == 1


async def test_conversations_are_answered_side_by_side(hub, say, responder):
    other = await hub.open_citizen("webchat", "somebody else")
    responder.hold["慢"] = asyncio.Event()
    slow = asyncio.create_task(hub.take(say("慢")))
    await until(lambda: "慢" in responder.asked)
    message = say("快")
    quick = await hub.take(type(message)(other, "m2", "快"))
    assert quick.response.outcome is Outcome.ANSWERED
    assert not slow.done()
    responder.hold["慢"].set()
    await slow


@pytest.mark.parametrize("error", [ResponderUnavailable("对话引擎没有回答。"), RuntimeError("boom"), KeyError("x")])
async def test_a_responder_that_fails_gives_words_and_not_silence(hub, say, responder, ledger_database, error):
    responder.error = error
    finished = await hub.take(say("护照多少钱", "m1"))
    assert finished.response.outcome is Outcome.ERROR
    assert "12345" in finished.response.replies[0].text
    assert rows(ledger_database, Turn)[0].outcome == "error"


async def test_an_emergency_gets_its_number_even_when_the_responder_fails(hub, say, responder):
    responder.error = ResponderUnavailable("对话引擎没有回答。")
    finished = await hub.take(say("家里着火了"))
    assert finished.response.outcome is Outcome.EMERGENCY
    assert "119" in finished.response.replies[0].text


async def test_a_turn_goes_on_when_the_citizen_s_connection_breaks(hub, say, responder):
    responder.hold["慢"] = asyncio.Event()
    waiting = asyncio.create_task(hub.take(say("慢", "m1")))
    await until(lambda: responder.asked)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    responder.hold["慢"].set()
    finished = await hub.take(say("慢", "m1"))
    assert finished.response.replies[0].text == "答:慢"
    assert responder.asked == ["慢"]


async def test_shutting_down_waits_for_the_turns_that_run(hub, say, responder, ledger_database):
    responder.hold["慢"] = asyncio.Event()
    waiting = asyncio.create_task(hub.take(say("慢")))
    await until(lambda: responder.asked)
    draining = asyncio.create_task(hub.drain())
    await asyncio.sleep(0.05)
    assert not draining.done()
    responder.hold["慢"].set()
    await draining
    await waiting
    assert rows(ledger_database, Turn)[0].state == "done"


async def test_without_a_ledger_nothing_is_taken_and_the_citizen_is_told(make_hub, say, responder, ledger_database):
    database = BrokenDatabase(ledger_database)
    hub = make_hub(database=database)
    database.broken = True
    with pytest.raises(LedgerUnavailable) as caught:
        await hub.take(say("护照多少钱", "m1"))
    assert not caught.value.permanent
    assert responder.asked == []
    database.broken = False
    assert (await hub.take(say("护照多少钱", "m1"))).response.outcome is Outcome.ANSWERED


@pytest.mark.parametrize(
    "ask", [lambda hub: hub.open_citizen("webchat", "x"), lambda hub: hub.find_citizen("webchat", "x"),
            lambda hub: hub.messages_after("x", None)],
)  # fmt: skip
async def test_every_way_into_the_ledger_says_when_it_is_gone(make_hub, ledger_database, ask):
    database = BrokenDatabase(ledger_database)
    database.broken = True
    with pytest.raises(LedgerUnavailable):
        await ask(make_hub(database=database))


async def test_a_citizen_who_sends_too_fast_is_told_and_nothing_is_written(make_hub, say, responder, ledger_database):
    hub = make_hub(limiter=TokenBuckets(2, lambda: 0.0))
    for number in range(2):
        await hub.take(say("护照多少钱", f"m{number}"))
    with pytest.raises(TooManyMessages):
        await hub.take(say("护照多少钱", "m2"))
    assert len(responder.asked) == 2
    assert len(rows(ledger_database, Turn)) == 2


async def test_an_unknown_citizen_has_no_session(hub, citizen):
    assert await hub.find_citizen("webchat", "somebody") == citizen
    with pytest.raises(SessionUnknown):
        await hub.find_citizen("webchat", "nobody")
    with pytest.raises(SessionUnknown):
        await hub.find_citizen("wechat", "somebody")


async def test_opening_a_citizen_twice_gives_the_same_one(hub, citizen):
    assert await hub.open_citizen("webchat", "somebody") == citizen
    assert await hub.open_citizen("wechat", "somebody") != citizen


async def test_who_listens_hears_of_an_answer_and_only_of_their_own(hub, say, citizen):
    mine, other = hub.listen(citizen), hub.listen("somebody else")
    await hub.take(say("护照多少钱"))
    assert mine.is_set()
    assert not other.is_set()
    hub.wake_listeners()
    assert other.is_set()
    hub.stop_listening(citizen, mine)
    hub.stop_listening("somebody else", other)


async def test_a_turn_whose_runner_died_is_taken_over(hub, say, responder, ledger_database):
    with ledger_database.session() as session:
        died = claims.claim_turn(session, say("护照多少钱", "m1"), "webchat", "another", 3600)
        session.execute(update(Turn).values(lease_until=now() - timedelta(seconds=1)))
    finished = await hub.take(say("护照多少钱", "m1"))
    assert finished.turn == died.turn
    assert responder.asked == ["护照多少钱"]
    assert [m.direction for m in rows(ledger_database, Message)] == ["in", "out"]


async def test_the_responder_learns_the_region_that_the_conversation_remembers(hub, say, responder):
    responder.region = "610100"
    await hub.take(say("西安护照去哪办"))
    await hub.take(say("要带什么"))
    assert responder.regions == [None, "610100"]


@pytest.mark.parametrize(
    ("text", "told"),
    [("护照多少钱", True), ("后四位是1234", False), ("123456", False), ("1 2 3 X", False), ("我叫王建国", False)],
)
async def test_a_text_is_told_ahead_unless_it_holds_what_is_hidden(make_hub, say, text, told):
    ahead = []
    hub = make_hub(ahead=ahead.append)
    await hub.take(say(text))
    assert ahead == ([text] if told else [])


async def test_the_bot_learns_which_item_the_case_side_s_answer_before_was_about(make_hub, say, responder):
    class Cases:
        def expects_secret(self, session, citizen):
            return False

        async def respond(self, asked, ask_bot):
            if asked.text == "我的办件":
                return Response(Outcome.CASE_STATUS, (Reply("text", "审查中"),), "idcard-renew")
            return await ask_bot()

    hub = make_hub(cases=Cases())
    for text in ("我的办件", "还要带什么", "谢谢"):
        await hub.take(say(text))
    assert responder.items == ["idcard-renew", "passport"], "of the case, then of the bot's own answer"
