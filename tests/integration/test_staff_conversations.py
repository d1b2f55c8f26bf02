"""Staff read what was said, masked; one datum opens at a time, to who may, for a reason, and that is written down."""

import re

import pytest

from conversations import CitizenMessage, make_vault
from staff import AuditFilter, Permission, Role, find_rows
from tests.staffing import Browser, hash_quickly, make_member

SAID = "我叫王小明，电话13812345678，怎么补办身份证"


@pytest.fixture(autouse=True)
def _quick_hashes(monkeypatch):
    hash_quickly(monkeypatch)


@pytest.fixture
def hub(make_hub, settings):
    return make_hub(vault=make_vault(settings))


@pytest.fixture
async def said(hub, responder):
    """What a citizen of Xi'an said; gives the conversation and the citizen."""
    responder.region = "610113"
    citizen = await hub.open_citizen("wechat", "oSecretOpenId")
    done = await hub.take(CitizenMessage(citizen, "m1", SAID))
    return done.conversation, citizen


@pytest.fixture
def browser_of(staff, ledger_database):
    async def make(*roles, login="walker", **more):
        make_member(ledger_database, login, *roles, **more)
        browser = Browser(staff)
        await browser.sign_in(login)
        return browser

    return make


def reveal_paths(page):
    return re.findall(r'action="(/conversations/[^"]+/reveal)"', page)


def audited(database):
    with database.session() as session:
        return find_rows(session, AuditFilter(action="personal_data_revealed"))


async def test_without_conversations_the_page_says_so(browser_of):
    browser = await browser_of(Role.SUPERVISOR)
    assert (await browser.get("/conversations")).status == 200
    assert "还没有会话" in browser.text


async def test_the_transcript_is_masked_and_shows_how_the_turn_ended(browser_of, said):
    conversation, citizen = said
    browser = await browser_of(Role.SUPERVISOR)
    await browser.get("/conversations")
    assert f'href="/conversations/{conversation}"' in browser.text
    assert (await browser.get(f"/conversations/{conversation}")).status == 200
    for words in ("[姓名]", "[手机号]", "怎么补办身份证", "结果：答了", "（passport · 收多少钱）", "雁塔区", citizen):
        assert words in browser.text
    for value in ("王小明", "13812345678", "oSecretOpenId"):
        assert value not in browser.text


async def test_a_datum_opens_once_for_a_reason_which_is_audited_and_the_value_is_not(browser_of, said, ledger_database):
    conversation, citizen = said
    browser = await browser_of(Role.SUPERVISOR)
    await browser.get(f"/conversations/{conversation}")
    paths = reveal_paths(browser.text)
    assert len(paths) == 2
    answer = await browser.send(paths[1], reason="市民来电投诉，回电 13912345678 核对")
    assert answer.status == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert "13812345678" in browser.text
    assert "王小明" not in browser.text
    await browser.get(f"/conversations/{conversation}")
    assert "13812345678" not in browser.text
    (row,) = audited(ledger_database)
    assert (row.actor, row.object) == ("walker", f"conversation:{conversation}")
    assert row.detail["kind"] == "手机号"
    assert row.detail["citizen"] == citizen
    assert row.detail["reason"] == "市民来电投诉，回电 [手机号] 核对"
    assert "13812345678" not in str(row)


@pytest.mark.parametrize("reason", ["", "  ", "看看", "长" * 201])
async def test_without_a_reason_nothing_opens(browser_of, said, ledger_database, reason):
    browser = await browser_of(Role.SUPERVISOR)
    await browser.get(f"/conversations/{said[0]}")
    assert (await browser.send(reveal_paths(browser.text)[0], reason=reason)).status == 422
    assert "请写明为什么要看" in browser.text
    assert audited(ledger_database) == []


async def test_a_datum_opens_only_at_its_own_conversation_and_message(browser_of, said, hub, ledger_database):
    conversation, _ = said
    other = await hub.take(CitizenMessage(await hub.open_citizen("webchat", "x"), "m1", "你好"))
    browser = await browser_of(Role.SUPERVISOR)
    await browser.get(f"/conversations/{conversation}")
    path = reveal_paths(browser.text)[0]
    message, entry = path.split("/")[3:5]
    for wrong in (
        f"/conversations/{other.conversation}/{message}/{entry}/reveal",
        f"/conversations/{conversation}/{int(message) + 1}/{entry}/reveal",
        f"/conversations/{conversation}/{message}/999/reveal",
        f"/conversations/{conversation}/x/{entry}/reveal",
    ):
        assert (await browser.send(wrong, reason="投诉要核对")).status == 404, wrong
    assert audited(ledger_database) == []


async def test_who_may_not_reveal_gets_no_button_and_no_value(staff, browser_of, said, monkeypatch):
    from staff import permissions

    matrix = {**permissions.MATRIX, Role.ANALYST: permissions.MATRIX[Role.ANALYST] | {Permission.CONVERSATIONS_READ}}
    monkeypatch.setattr(permissions, "MATRIX", matrix)
    conversation = said[0]
    supervisor = await browser_of(Role.SUPERVISOR)
    await supervisor.get(f"/conversations/{conversation}")
    path = reveal_paths(supervisor.text)[0]
    staff.session.cookie_jar.clear()
    analyst = await browser_of(Role.ANALYST, login="reader")
    assert (await analyst.get(f"/conversations/{conversation}")).status == 200
    assert reveal_paths(analyst.text) == []
    assert (await analyst.send(path, reason="投诉要核对")).status == 403


async def test_a_member_of_another_region_finds_nothing(browser_of, said):
    browser = await browser_of(Role.SUPERVISOR, regions=("610300",))
    await browser.get("/conversations")
    assert said[0] not in browser.text
    assert (await browser.get(f"/conversations/{said[0]}")).status == 404


async def test_a_member_of_the_city_reads_its_districts(browser_of, said):
    browser = await browser_of(Role.SUPERVISOR, regions=("610100",))
    assert (await browser.get(f"/conversations/{said[0]}")).status == 200


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("outcome=answered", True),
        ("outcome=not_found", False),
        ("item=passport", True),
        ("item=idcard-renew", False),
        ("outcome=answered&item=passport", True),
        ("since=2020-01-01", True),
        ("since=2999-01-01", False),
        ("until=2020-01-01", False),
        ("since=nonsense&before=nothing", False),
    ],
)
async def test_the_search_finds_by_time_outcome_and_item(browser_of, said, query, found):
    browser = await browser_of(Role.SUPERVISOR)
    assert (await browser.get(f"/conversations?{query}")).status == 200
    assert (said[0] in browser.text) is found
    assert found or "没有符合条件的会话" in browser.text


async def test_the_search_finds_by_the_beginning_of_a_citizen_s_id(browser_of, said):
    browser = await browser_of(Role.SUPERVISOR)
    for query, found in ((said[1][:8].upper(), True), ("zzzz", False), ("%25", False)):
        await browser.get(f"/conversations?citizen={query}")
        assert (said[0] in browser.text) is found


async def test_the_pages_of_the_list_hold_each_conversation_once(browser_of, hub):
    for number in range(53):
        await hub.take(CitizenMessage(await hub.open_citizen("webchat", f"c{number}"), "m1", "你好"))
    browser = await browser_of(Role.SUPERVISOR)
    await browser.get("/conversations")
    first = re.findall(r'href="/conversations/([0-9a-f]{24})"', browser.text)
    (older,) = re.findall(r'rel="next" href="([^"]+)"', browser.text)
    await browser.get(older.replace("&amp;", "&"))
    second = re.findall(r'href="/conversations/([0-9a-f]{24})"', browser.text)
    assert (len(first), len(second)) == (50, 3)
    assert len({*first, *second}) == 53


async def test_a_long_conversation_has_pages(browser_of, hub, citizen):
    for number in range(102):
        done = await hub.take(CitizenMessage(citizen, f"m{number}", f"第{number}句"))
    browser = await browser_of(Role.SUPERVISOR)
    await browser.get(f"/conversations/{done.conversation}")
    assert "第99句" in browser.text
    assert "第100句" not in browser.text
    (more,) = re.findall(r'rel="next" href="([^"]+)"', browser.text)
    await browser.get(more)
    assert "第101句" in browser.text
    assert "第99句" not in browser.text


async def test_erased_words_are_said_to_be_erased_and_the_receipt_is_found(browser_of, said, hub, ledger_database):
    from conversations.models import ErasureRow

    await hub.forget(said[1])
    browser = await browser_of(Role.SUPERVISOR)
    await browser.get(f"/conversations/{said[0]}")
    assert "（内容已经清除）" in browser.text
    with ledger_database.session() as session:
        code = session.query(ErasureRow).one().code
    await browser.get(f"/conversations/receipt?code={code.lower()}")
    for words in (code, "市民离开渠道", "2 条聊天消息", "微信"):
        assert words in browser.text
    await browser.get("/conversations/receipt?code=NOTHING")
    assert "没有这个编号的回执" in browser.text
