"""The desk's edge: what is posted to the citizen when, sending once, and the sweep. Real time, a desk that is always open."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import update

from conversations import LedgerUnavailable, Response
from desk import (
    AlreadyTaken,
    CloseOutcome,
    Closing,
    Desk,
    DeskRefused,
    HandlingState,
    HandoffReason,
    HandoffRequest,
    NotHolding,
    Presence,
    Router,
    ServiceDesk,
    bring_in,
    hours_from_json,
    list_queue,
    list_work_items,
    read_handling,
    save_desk,
    set_presence,
    staff_desk,
    take_work_item,
)
from desk.models import HandlingRow
from qinwen.clock import now
from qinwen.replies import Reply
from qinwen.vocabulary import Holder, Outcome

ALWAYS = hours_from_json({"week": [["00:00-24:00"]] * 7, "works_on_holidays": True})


class Posts:
    """Stands in for the hub's `within`: keeps what was said where the work was done to its end."""

    def __init__(self, database):
        self.database = database
        self.made = []
        self.error = None

    async def __call__(self, work):
        said = []

        def say(conversation, author, reply):
            if self.error:
                raise self.error
            said.append((author, reply.text))
            return len(self.made) + len(said)

        await asyncio.sleep(0)
        with self.database.session() as session:
            result = work(session, say)
        self.made += said
        return result


@pytest.fixture
def posts(ledger_database):
    return Posts(ledger_database)


@pytest.fixture
def service(ledger_database, do, posts):
    def write(session):
        save_desk(session, Desk("night", "夜间服务台", "610000", ALWAYS, department="人社", parent="day", silent_after=60))
        for name in ("an", "bai"):
            staff_desk(session, "night", name)
            set_presence(session, name, Presence.ONLINE, now())

    do(lambda s: save_desk(s, Desk("day", "总服务台", "610000", ALWAYS, items=("other",))))
    do(write)
    desk = ServiceDesk(ledger_database, Router({"social-card": "人社"}.get))
    desk.connect(posts)
    return desk


@pytest.fixture
async def asked(service, talk):
    """Somebody asked for a person; gives their conversation and handling."""
    citizen, conversation = talk("wang", "社保卡丢了")
    request = HandoffRequest(conversation, citizen, HandoffReason.ASKED, "转人工", item="social-card", region="610000")
    response = await service.hand_over(request)
    assert response.outcome is Outcome.DESK_QUEUED
    assert response.item == "social-card"
    (handling,) = await service.do(lambda s: list_queue(s, ["night"]))
    return citizen, conversation, handling.id


async def test_the_citizen_hears_that_a_person_came_once(service, asked, posts):
    _, _, handling = asked
    await asyncio.gather(service.claim(handling, "an"), service.claim(handling, "an"))
    assert posts.made == [("system", "夜间服务台的坐席来了，下面由人工为您服务。")]
    with pytest.raises(AlreadyTaken):
        await service.claim(handling, "bai")


async def test_a_double_click_sends_once(service, asked, posts):
    _, _, handling = asked
    await service.claim(handling, "an")
    reply = Reply("text", "您好")
    numbers = await asyncio.gather(*(service.send(handling, "an", "c1", reply) for _ in range(4)))
    assert len(set(numbers)) == 1
    assert [text for author, text in posts.made if author == "agent"] == ["您好"]
    await service.send(handling, "an", "c2", reply)
    assert [text for author, text in posts.made if author == "agent"] == ["您好", "您好"]
    assert (await service.do(lambda s: read_handling(s, handling))).first_reply_at is not None


async def test_only_who_has_the_conversation_or_was_brought_in_sends(service, asked):
    _, _, handling = asked
    with pytest.raises(NotHolding):
        await service.send(handling, "an", "c1", Reply("text", "您好"))
    await service.claim(handling, "an")
    with pytest.raises(NotHolding):
        await service.send(handling, "bai", "c1", Reply("text", "您好"))
    await service.do(lambda s: bring_in(s, handling, "an", "bai", now()))
    await service.send(handling, "bai", "c1", Reply("text", "您好"))
    for bad in ("", " ", "长" * 2001):
        with pytest.raises(DeskRefused):
            await service.send(handling, "an", "c9", Reply("text", bad))
    with pytest.raises(DeskRefused):
        await service.send(handling, "an", "", Reply("text", "您好"))


async def test_closing_asks_for_a_rating(service, asked, posts):
    _, _, handling = asked
    await service.claim(handling, "an")
    await service.close(handling, "an", Closing(CloseOutcome.RESOLVED, 10**9))
    assert "打个分" in posts.made[-1][1]


async def test_a_transfer_is_told_to_the_citizen(service, asked, posts, do):
    _, _, handling = asked
    await service.claim(handling, "an")
    moved = await service.transfer(handling, "an", "night", "换人", "bai")
    assert moved.agent == "bai"
    assert "夜间服务台" in posts.made[-1][1]
    back = await service.transfer(handling, "bai", "day", "转上级")
    assert back.state is HandlingState.QUEUED


async def test_the_sweep_gives_a_silent_agents_conversation_back_and_says_sorry(service, asked, posts):
    _, _, handling = asked
    await service.claim(handling, "an")
    assert await service.sweep() == 0
    await service.do(lambda s: s.execute(update(HandlingRow).values(waiting_since=now() - timedelta(minutes=2))))
    assert await service.sweep() == 1
    assert "抱歉" in posts.made[-1][1]
    assert await service.sweep() == 0
    assert (await service.do(lambda s: read_handling(s, handling))).state is HandlingState.QUEUED


@pytest.mark.parametrize("what", ["overflow", "no_message", "desk_closed"])
async def test_the_sweep_tells_everybody_whom_it_moves(service, asked, posts, what):
    _, conversation, _ = asked
    old = now() - timedelta(hours=1)
    if what == "no_message":
        await service.respond(conversation, "", "m", "留言", Holder.QUEUED)
        await service.do(lambda s: s.execute(update(HandlingRow).values(citizen_at=old)))
    elif what == "overflow":
        await service.do(lambda s: s.execute(update(HandlingRow).values(queued_at=old)))
    else:
        never = hours_from_json({"week": [[]] * 7})
        await service.do(lambda s: [save_desk(s, Desk(code, "关门", "610000", never)) for code in ("night", "day")])
    assert await service.sweep() == 1
    words = posts.made[-1][1]
    assert {"overflow": "总服务台", "no_message": "没有等到", "desk_closed": "下班"}[what] in words


async def test_who_waits_is_answered_through_the_hubs_door(service, asked):
    citizen, conversation, handling = asked
    queued = await service.respond(conversation, citizen, "m1", "还要多久", Holder.QUEUED)
    assert queued.outcome is Outcome.DESK_QUEUED
    assert "第一位" in queued.replies[0].text
    await service.claim(handling, "an")
    assert await service.respond(conversation, citizen, "m2", "在吗", Holder.QUEUED) == Response(Outcome.HANDED_OFF, ())


async def test_what_could_not_be_said_was_not_done(service, asked, posts):
    _, _, handling = asked
    posts.error = LedgerUnavailable("数据库用不了。")
    for attempt in (service.claim(handling, "an"), service.send(handling, "an", "c1", Reply("text", "您好"))):
        with pytest.raises((LedgerUnavailable, NotHolding)):
            await attempt
    assert (await service.do(lambda s: read_handling(s, handling))).state is HandlingState.QUEUED
    posts.error = None
    await service.claim(handling, "an")
    posts.error = LedgerUnavailable("数据库用不了。")
    for attempt in (
        service.send(handling, "an", "c1", Reply("text", "您好")),
        service.close(handling, "an", Closing(CloseOutcome.RESOLVED, 10**9)),
        service.transfer(handling, "an", "day", "转上级"),
    ):
        with pytest.raises(LedgerUnavailable):
            await attempt
    held = await service.do(lambda s: read_handling(s, handling))
    assert (held.state, held.agent, held.first_reply_at) == (HandlingState.WITH_AGENT, "an", None)
    assert [author for author, _ in posts.made] == ["system"]


async def test_a_left_message_is_answered_once_and_stays_open_where_posting_failed(service, asked, posts):
    citizen, conversation, _ = asked
    await service.respond(conversation, citizen, "m1", "留言", Holder.QUEUED)
    await service.respond(conversation, citizen, "m2", "社保卡丢了怎么补", Holder.QUEUED)
    (item,) = await service.do(lambda s: list_work_items(s, ["night"], now()))
    await service.do(lambda s: take_work_item(s, item.id, "an"))
    posts.error = LedgerUnavailable("数据库用不了。")
    with pytest.raises(LedgerUnavailable):
        await service.answer_work_item(item.id, "an", Reply("text", "带身份证到网点"))
    posts.error = None
    await service.answer_work_item(item.id, "an", Reply("text", "带身份证到网点"))
    with pytest.raises(AlreadyTaken):
        await service.answer_work_item(item.id, "an", Reply("text", "带身份证到网点"))
    assert posts.made == [("agent", "带身份证到网点")]


async def test_what_changes_rings_the_bell(service, asked):
    heard = service.bell.listen()
    await service.claim(asked[2], "an")
    assert heard.is_set()


async def test_an_emergency_and_a_second_request_have_their_own_words(service, asked, talk):
    citizen, conversation, handling = asked
    request = HandoffRequest(conversation, citizen, HandoffReason.ASKED, "转人工")
    assert (await service.hand_over(request)).outcome is Outcome.DESK_QUEUED
    await service.claim(handling, "an")
    assert await service.hand_over(request) == Response(Outcome.HANDED_OFF, ())
    other, elsewhere = talk("li")
    danger = HandoffRequest(elsewhere, other, HandoffReason.ASKED, "我家着火了快来人")
    assert (await service.hand_over(danger)).outcome is Outcome.EMERGENCY
