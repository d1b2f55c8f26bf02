"""The page of emergency controls: what is put in force there reaches the citizen's next message and the chat page, and is audited."""

import uuid
from datetime import datetime, timedelta

import pytest

from qinwen.clock import SHAANXI, now
from staff import AuditFilter, Role, find_rows, verify
from tests.staffing import Browser, hash_quickly, make_member


@pytest.fixture(autouse=True)
def _quick_hashes(monkeypatch):
    hash_quickly(monkeypatch)


@pytest.fixture
async def duty(staff, ledger_database):
    """A browser of the supervisor on duty."""
    make_member(ledger_database, "duty", Role.SUPERVISOR)
    browser = Browser(staff)
    await browser.sign_in("duty")
    await browser.get("/controls")
    return browser


def at(hours: float) -> str:
    return (now() + timedelta(hours=hours)).astimezone(SHAANXI).strftime("%Y-%m-%dT%H:%M")


async def ask(public, bearer, text):
    answer = await public.post("/api/chat/messages", headers=bearer, json={"text": text, "message_id": uuid.uuid4().hex})
    return await answer.json()


async def test_a_uniform_answer_reaches_the_next_question_and_ends_when_stopped(duty, public, bearer):
    assert (await ask(public, bearer, "大厅停电了吗"))["replies"][0]["text"] == "答:大厅停电了吗"
    answer = await duty.send(
        "/controls/answer", text="停电，明天恢复。", wordings="大厅 停电\n没电", reason="停电", ends_at=at(2)
    )
    assert answer.status == 303
    given = await ask(public, bearer, "大厅停电了吗")
    assert (given["outcome"], given["replies"][0]["text"][:8]) == ("answered", "停电，明天恢复。")
    await duty.get("/controls?try=大厅怎么停电了")
    assert "碰上 1 号统一答复" in duty.text
    assert (await duty.send("/controls/1/stop")).status == 303
    assert (await ask(public, bearer, "大厅停电了吗"))["replies"][0]["text"] == "答:大厅停电了吗"
    assert (await duty.send("/controls/1/stop")).status == 409


async def test_a_banner_stands_on_the_chat_page_for_its_time(duty, public):
    assert (await (await public.get("/api/chat/banners")).json()) == {"banners": []}
    await duty.send("/controls/banner", text="<b>今天</b>停电", reason="停电", ends_at=at(2))
    await duty.send("/controls/banner", text="以后的", reason="停电", starts_at=at(1), ends_at=at(2))
    [banner] = (await (await public.get("/api/chat/banners")).json())["banners"]
    assert banner["text"] == "<b>今天</b>停电"
    assert datetime.fromisoformat(banner["until"]) > now()


async def test_the_bot_is_switched_off_and_on_and_the_start_page_says_so(duty, public, bearer):
    await duty.send("/controls/bot_off", text="", reason="答案有误，正在核对", ends_at=at(2))
    given = await ask(public, bearer, "护照多少钱")
    assert given["outcome"] == "error"
    assert "暂时停用" in given["replies"][0]["text"]
    await duty.get("/")
    assert "已停用" in duty.text
    await duty.get("/controls")
    assert "答案有误，正在核对" in duty.text
    await duty.send("/controls/1/stop")
    assert (await ask(public, bearer, "护照多少钱"))["replies"][0]["text"] == "答:护照多少钱"


async def test_each_step_is_audited(duty, ledger_database):
    await duty.send("/controls/banner", text="停电", reason="变压器检修", ends_at=at(2))
    await duty.send("/controls/1/stop")
    with ledger_database.session() as session:
        rows = find_rows(session, AuditFilter(object="control:1"))
        assert verify(session).broken is None
    assert [(row.actor, row.action) for row in rows] == [("duty", "control_stopped"), ("duty", "control_started")]
    assert rows[1].detail["reason"] == "变压器检修"


async def test_what_was_typed_stays_when_it_is_refused(duty):
    answer = await duty.send("/controls/answer", text="停电", wordings="电", reason="停电", ends_at=at(2))
    assert answer.status == 422
    assert "太短的词" in duty.text
    assert ">电</textarea>" in duty.text
    answer = await duty.send("/controls/banner", text="停电", reason="停电", ends_at="明天")
    assert answer.status == 422
    assert "请写结束时间" in duty.text


async def test_an_unknown_kind_or_number_is_not_found(duty):
    assert (await duty.send("/controls/everything", text="x", reason="y", ends_at=at(1))).status == 404
    assert (await duty.send("/controls/x/stop")).status == 404
    assert (await duty.send("/controls/99/stop")).status == 409
