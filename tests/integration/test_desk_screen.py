"""The agent's screen over real HTTP: taking, writing, sending on, ending; and who may do none of it."""

import asyncio
import json
import re
from datetime import timedelta

import pytest

from conversations import CitizenMessage
from conversations.models import Conversation
from desk import Desk, HandoffReason, HandoffRequest, Presence, hours_from_json, save_desk, set_presence, staff_desk
from qinwen.clock import now, today
from staff import Role
from tests.staffing import Browser, hash_quickly, make_member
from tests.waiting import PATIENCE

ALWAYS = hours_from_json({"week": [["00:00-24:00"]] * 7, "works_on_holidays": True})


@pytest.fixture(autouse=True)
def _quick_hashes(monkeypatch):
    hash_quickly(monkeypatch)


@pytest.fixture
def people(ledger_database):
    """Two desks; Wang serves the first, Li the second, Zhao neither."""
    members = {name: make_member(ledger_database, name, Role.AGENT) for name in ("wang", "liang", "zhao")}
    with ledger_database.session() as session:
        save_desk(session, Desk("one", "一号服务台", "610000", ALWAYS))
        save_desk(session, Desk("two", "二号服务台", "610000", ALWAYS))
        staff_desk(session, "one", members["wang"].id)
        staff_desk(session, "two", members["liang"].id)
        for name in ("wang", "liang"):
            set_presence(session, members[name].id, Presence.ONLINE, now())
    return members


@pytest.fixture
async def browser(staff, people):
    browser = Browser(staff)
    await browser.sign_in("wang")
    return browser


@pytest.fixture
async def waiting(hub_with_desk, service_desk, people):
    """Somebody who waits at the first desk."""
    citizen = await hub_with_desk.open_citizen("webchat", "somebody")
    first = await hub_with_desk.take(CitizenMessage(citizen, "m1", "护照多少钱"))
    await service_desk.hand_over(HandoffRequest(first.conversation, citizen, HandoffReason.ASKED, "转人工"))
    [handling] = await service_desk.do(_queue)
    return handling


def _queue(session):
    from desk import list_queue

    return list_queue(session, ["one", "two"])


async def test_the_queue_is_shown_and_a_conversation_taken_written_in_and_ended(
    browser, waiting, hub_with_desk, ledger_database
):
    await browser.get("/desk")
    assert f'/desk/handlings/{waiting.id}/claim"' in browser.text
    assert (await browser.send(f"/desk/handlings/{waiting.id}/claim")).status == 303
    await browser.get(f"/desk/handlings/{waiting.id}")
    assert "护照多少钱" in browser.text
    assert "市民要找人工" in browser.text
    for _ in range(2):
        answer = await browser.send(
            f"/desk/handlings/{waiting.id}/messages",
            text="材料交到三楼",
            client_id="c1",
            headers={"Accept": "application/json"},
        )
        assert answer.status == 200
    said = [m["reply"]["text"] for m in await hub_with_desk.messages_after(waiting.citizen, None)]
    assert said.count("材料交到三楼") == 1
    await browser.get(f"/desk/handlings/{waiting.id}")
    seen = re.search(r'name="seen" value="(\d+)"', browser.text)[1]
    closing = {
        "outcome": "resolved",
        "seen": seen,
        "facet": ["place", "fee"],
        "fact": ["三楼", ""],
        "entry": "",
        "follow_up_on": "",
    }
    assert (await browser.send(f"/desk/handlings/{waiting.id}/close", **closing)).status == 303
    with ledger_database.session() as session:
        assert session.get_one(Conversation, waiting.conversation).holder == "bot"


async def test_a_message_that_came_meanwhile_stops_the_closing(browser, waiting, hub_with_desk):
    await browser.send(f"/desk/handlings/{waiting.id}/claim")
    await browser.get(f"/desk/handlings/{waiting.id}")
    seen = re.search(r'name="seen" value="(\d+)"', browser.text)[1]
    await hub_with_desk.take(CitizenMessage(waiting.citizen, "m2", "还有一件事"))
    answer = await browser.send(f"/desk/handlings/{waiting.id}/close", outcome="resolved", seen=seen)
    assert answer.status == 409
    assert "又发来了消息" in browser.text


async def test_another_desk_s_conversation_is_nobody_else_s_business(staff, people, waiting):
    for name in ("liang", "zhao"):
        other = Browser(staff)
        staff.session.cookie_jar.clear()
        await other.sign_in(name)
        for path in ("", "/lines"):
            assert (await other.get(f"/desk/handlings/{waiting.id}{path}")).status == 403
        assert (await other.send(f"/desk/handlings/{waiting.id}/claim")).status == 403


async def test_who_is_at_no_desk_is_told_whom_to_ask(staff, people):
    browser = Browser(staff)
    await browser.sign_in("zhao")
    await browser.get("/desk")
    assert "请班长" in browser.text


async def test_a_transfer_goes_to_the_other_desk_with_its_note(browser, staff, waiting):
    await browser.send(f"/desk/handlings/{waiting.id}/claim")
    answer = await browser.send(f"/desk/handlings/{waiting.id}/transfer", desk="two", to="", note="材料已核对")
    assert answer.status == 303
    staff.session.cookie_jar.clear()
    other = Browser(staff)
    await other.sign_in("liang")
    await other.send(f"/desk/handlings/{waiting.id}/claim")
    await other.get(f"/desk/handlings/{waiting.id}")
    assert "材料已核对" in other.text


async def test_what_happens_is_streamed_and_a_page_that_reconnects_misses_nothing(staff, browser, waiting, hub_with_desk):
    stream = await staff.get("/desk/events?after=0")

    async def next_event():
        event = {}
        while True:
            line = (await asyncio.wait_for(stream.content.readline(), PATIENCE)).decode().rstrip("\n")
            if not line and "data" in event:
                return int(event.get("id", 0)), event["event"], json.loads(event["data"])
            name, _, value = line.partition(": ")
            if value and name:
                event[name] = value

    seen = [await next_event()]
    while seen[-1][2]["kind"] != "queued":
        seen.append(await next_event())
    assert seen[-1][2] == {"kind": "queued", "handling": waiting.id, "mine": False}
    await browser.send(f"/desk/handlings/{waiting.id}/claim")
    while seen[-1][2]["kind"] != "claimed":
        seen.append(await next_event())
    stream.close()
    await hub_with_desk.take(CitizenMessage(waiting.citizen, "m2", "在吗"))
    stream = await staff.get("/desk/events", headers={"Last-Event-ID": str(seen[-1][0])})
    while (event := await next_event())[2]["kind"] != "message":
        pass
    assert event[2] == {"kind": "message", "handling": waiting.id, "mine": True}
    hub_with_desk.show_typing(waiting.citizen, "citizen")
    while (event := await next_event())[1] != "typing":
        pass
    assert event[2] == {"handling": waiting.id}
    stream.close()


async def test_the_first_question_in_the_queue_is_looked_up_and_a_macro_filled_in(browser, waiting, service_desk):
    from desk import save_macro

    await service_desk.do(lambda s: save_macro(s, "问好", "您好，这里是{服务台}，我是{坐席}。", "boss", now()))
    await browser.send(f"/desk/handlings/{waiting.id}/claim")
    await browser.get(f"/desk/handlings/{waiting.id}/macros")
    assert "您好，这里是一号服务台，我是wang 的姓名。" in browser.text
    assert (await browser.get(f"/desk/handlings/{waiting.id}/knowledge")).status == 200
    assert "没有和市民的话有关的条目" in browser.text
    answer = await browser.send(f"/desk/handlings/{waiting.id}/entries", item="x", facet="nonsense", client_id="c")
    assert answer.status == 422


async def test_a_left_message_is_taken_and_answered(browser, people, hub_with_desk, service_desk):
    citizen = await hub_with_desk.open_citizen("webchat", "leaver")
    first = await hub_with_desk.take(CitizenMessage(citizen, "m1", "护照多少钱"))
    await service_desk.hand_over(HandoffRequest(first.conversation, citizen, HandoffReason.ASKED, "转人工"))
    for number, text in enumerate(("留言", "请告诉我交到几楼"), 2):
        await hub_with_desk.take(CitizenMessage(citizen, f"m{number}", text))
    await browser.get("/desk/messages")
    assert "请告诉我交到几楼" in browser.text
    assert (await browser.send("/desk/messages/1/take")).status == 303
    await browser.get("/desk/messages")
    assert (await browser.send("/desk/messages/1/answer", text="交到三楼")).status == 303
    said = [m["reply"]["text"] for m in await hub_with_desk.messages_after(citizen, None)]
    assert said[-1] == "交到三楼"
    assert (await browser.send("/desk/messages/1/answer", text="再答一次")).status == 404


async def test_a_citizen_who_waits_hears_where_they_stand(waiting, hub_with_desk, service_desk, people):
    first_place = await hub_with_desk.who_answers(waiting.citizen)
    assert first_place["holder"] == "queued"
    assert re.fullmatch(r"正在排队：您排在第一位，大约还要等(?:两分钟以内| \d+ 到 \d+ 分钟| \d+ 分钟以内)", first_place["text"])
    assert await hub_with_desk.who_answers(waiting.citizen) == first_place, "it does not flicker"
    citizen = await hub_with_desk.open_citizen("webchat", "second")
    first = await hub_with_desk.take(CitizenMessage(citizen, "m1", "护照多少钱"))
    await service_desk.hand_over(HandoffRequest(first.conversation, citizen, HandoffReason.ASKED, "转人工"))
    assert (await hub_with_desk.who_answers(citizen))["text"].startswith("正在排队：您前面还有 1 位，大约还要等")
    await service_desk.claim(waiting.id, people["wang"].id)
    assert (await hub_with_desk.who_answers(citizen))["text"].startswith("正在排队：您排在第一位")
    assert await hub_with_desk.who_answers(waiting.citizen) == {"holder": "with_agent", "text": ""}


async def test_a_uniform_answer_in_force_is_at_hand_and_a_macro_is_sent_by_one_click(
    browser, waiting, service_desk, hub_with_desk
):
    from conversations import ControlKind, NewControl, start_control
    from desk import save_macro

    moment = now()
    outage = NewControl(
        ControlKind.ANSWER, "系统正在抢修，今天请到窗口办。", "停电", moment, moment + timedelta(hours=2), ("系统 故障",)
    )
    await service_desk.do(lambda s: start_control(s, outage, "boss", moment))
    await service_desk.do(lambda s: save_macro(s, "问好", "您好，这里是{服务台}。", "boss", now()))
    await service_desk.do(lambda s: save_macro(s, "问地区", "{地区}怎么样？", "boss", now()))
    await browser.send(f"/desk/handlings/{waiting.id}/claim")
    await browser.get(f"/desk/handlings/{waiting.id}/macros")
    assert "系统正在抢修，今天请到窗口办。" in browser.text
    # What is still to be filled in is not sent as it is.
    assert browser.text.count("data-send=") == 2
    for text in ("系统正在抢修，今天请到窗口办。", "您好，这里是一号服务台。"):
        await browser.send(f"/desk/handlings/{waiting.id}/messages", text=text, client_id=text[:4])
    said = [m["reply"]["text"] for m in await hub_with_desk.messages_after(waiting.citizen, None)]
    assert said[-2:] == ["系统正在抢修，今天请到窗口办。", "您好，这里是一号服务台。"]


async def test_who_was_promised_a_follow_up_stands_in_the_list_until_they_got_it(browser, waiting, hub_with_desk):
    await browser.send(f"/desk/handlings/{waiting.id}/claim")
    await browser.get(f"/desk/handlings/{waiting.id}")
    seen = re.search(r'name="seen" value="(\d+)"', browser.text)[1]
    await browser.send(f"/desk/handlings/{waiting.id}/close", outcome="follow_up", seen=seen, follow_up_on=today().isoformat())
    await browser.get("/desk?tab=closed")
    assert "该跟进 1 位" in browser.text
    await browser.get(f"/desk/handlings/{waiting.id}?tab=closed")
    assert f'action="/desk/handlings/{waiting.id}/follow-up"' in browser.text
    assert (await browser.send(f"/desk/handlings/{waiting.id}/follow-up", text="")).status == 422
    assert (await browser.send(f"/desk/handlings/{waiting.id}/follow-up", text="证办好了，可以来取。")).status == 303
    assert (await browser.send(f"/desk/handlings/{waiting.id}/follow-up", text="再说一遍")).status == 409
    said = [(m["author"], m["reply"]["text"]) for m in await hub_with_desk.messages_after(waiting.citizen, None)]
    assert said[-1] == ("agent", "证办好了，可以来取。")
    await browser.get("/desk?tab=closed")
    assert "该跟进" not in browser.text
