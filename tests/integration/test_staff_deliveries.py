"""Staff see what became of each pushed message and why, and may send a stuck one again or give it up."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from channels.wechat.server_api import CircuitState, explain
from conversations.deliveries import add_parts
from conversations.ledger import open_citizen
from conversations.models import Delivery
from qinwen.clock import now
from staff import AuditFilter, Role, find_rows
from tests.staffing import Browser, hash_quickly, make_member
from web.console import deliveries
from web.staff import make_staff_app


@pytest.fixture(autouse=True)
def _quick_hashes(monkeypatch):
    hash_quickly(monkeypatch)


@pytest.fixture
def parked(ledger_database):
    """Park messages of a citizen, each with a reason; gives the citizen's number."""

    def make(*reasons, text="身份证带户口簿就能办"):
        with ledger_database.session() as session:
            citizen = open_citizen(session, "wechat", "oSecretOpenId")
            add_parts(session, citizen, None, [{"kind": "text", "text": text} for _ in reasons])
            rows = session.scalars(select(Delivery).order_by(Delivery.id.desc()).limit(len(reasons))).all()
            for row, reason in zip(reversed(rows), reasons, strict=True):
                row.state, row.reason = "parked", reason
            return citizen

    return make


@pytest.fixture
async def administrator(staff, ledger_database):
    make_member(ledger_database, "boss", Role.ADMINISTRATOR)
    browser = Browser(staff)
    await browser.sign_in("boss")
    return browser


@pytest.fixture
def administrator_with(aiohttp_client, settings, ledger_database):
    """Give an administrator at a console where the platform is in some state."""

    async def make(troubles, skew=lambda: None):
        app = make_staff_app(settings, ledger_database, (deliveries.make_module(troubles, skew),))
        make_member(ledger_database, "boss", Role.ADMINISTRATOR)
        browser = Browser(await aiohttp_client(app))
        await browser.sign_in("boss")
        await browser.get("/deliveries")
        return browser

    return make


def states(database):
    with database.session() as session:
        return list(session.scalars(select(Delivery.state).order_by(Delivery.id)))


async def test_without_deliveries_the_page_says_so(administrator):
    assert (await administrator.get("/deliveries")).status == 200
    assert "还没有推送过消息" in administrator.text


async def test_each_message_has_its_state_and_reason_and_nobody_s_address(administrator, parked):
    citizen = parked("allowance", "unknown", "45015")
    await administrator.get("/deliveries")
    for words in ("暂存", "条数或时间用完了", "不知道市民收到没有", "45015", citizen[:8], "身份证带户口簿"):
        assert words in administrator.text
    assert "oSecretOpenId" not in administrator.text


async def test_a_filter_that_fits_nothing_says_so_and_a_wrong_one_shows_all(administrator, parked):
    parked("unknown")
    await administrator.get("/deliveries?state=sent")
    assert "没有符合条件的消息" in administrator.text
    await administrator.get("/deliveries?citizen=nobody")
    assert "没有符合条件的消息" in administrator.text
    await administrator.get("/deliveries?state=made-up&below=x")
    assert "不知道市民收到没有" in administrator.text


async def test_a_stuck_message_is_sent_again_or_given_up_and_the_audit_knows(administrator, parked, ledger_database):
    parked("unknown", "allowance")
    await administrator.get("/deliveries")
    assert (await administrator.send("/deliveries/1/requeue")).status == 303
    assert (await administrator.send("/deliveries/2/give-up")).status == 303
    assert states(ledger_database) == ["due", "given_up"]
    with ledger_database.session() as session:
        actions = [(row.action, row.object) for row in find_rows(session, AuditFilter(object="delivery:"), limit=9)]
    assert ("delivery_requeued", "delivery:1") in actions
    assert ("delivery_given_up", "delivery:2") in actions


async def test_what_cannot_be_moved_is_refused_in_words(administrator, parked):
    parked("unknown")
    await administrator.get("/deliveries")
    await administrator.send("/deliveries/1/requeue")
    answer = await administrator.send("/deliveries/1/requeue")
    assert answer.status == 409
    assert "已经处理过" in administrator.text
    assert (await administrator.send("/deliveries/x/requeue")).status == 404


async def test_a_long_list_is_paged(administrator, parked):
    parked(*["unknown"] * 60)
    await administrator.get("/deliveries?state=parked")
    assert administrator.text.count("<tr>") == 51
    assert "更早的" in administrator.text
    await administrator.get("/deliveries?state=parked&below=11")
    assert administrator.text.count("<tr>") == 11
    assert "回到最新" in administrator.text


async def test_a_supervisor_sees_but_does_not_touch(staff, ledger_database, parked):
    parked("unknown")
    make_member(ledger_database, "watcher", Role.SUPERVISOR)
    browser = Browser(staff)
    await browser.sign_in("watcher")
    await browser.get("/deliveries")
    assert "/requeue" not in browser.text
    assert (await browser.send("/deliveries/1/requeue")).status == 403


async def test_markup_of_a_citizen_or_an_editor_is_shown_as_text(administrator, parked):
    parked("unknown", text="<script>alert(1)</script>")
    await administrator.get("/deliveries")
    assert "<script>alert" not in administrator.text
    assert "&lt;script&gt;alert" in administrator.text


@pytest.mark.parametrize(
    ("reason", "words"), [("not_pushable", "没有文字"), ("erased", "删除了记录"), ("99999", "不在我们的表里")]
)
async def test_every_reason_has_its_words(administrator, parked, reason, words):
    parked(reason)
    await administrator.get("/deliveries")
    assert words in administrator.text


async def test_what_was_erased_can_not_be_sent_again(administrator, parked, ledger_database):
    parked("erased")
    with ledger_database.session() as session:
        session.get(Delivery, 1).state = "given_up"
    await administrator.get("/deliveries")
    assert "/requeue" not in administrator.text
    assert (await administrator.send("/deliveries/1/requeue")).status == 409
    assert states(ledger_database) == ["given_up"]


async def test_what_stands_still_at_the_platform_is_shown_with_what_to_do(administrator_with):
    fault = explain("40164")
    state = CircuitState("account", "40164", fault.staff, fault.operator, now(), now() + timedelta(minutes=1))
    browser = await administrator_with(lambda: (state,))
    assert fault.staff in browser.text
    assert fault.operator in browser.text
    assert "40164" in browser.text
    assert "微信的接口能用" not in browser.text


async def test_without_trouble_the_page_says_that_all_is_well(administrator_with):
    browser = await administrator_with(tuple, lambda: 1.4)
    assert "微信的接口能用" in browser.text
    assert "相差 1 秒" in browser.text


async def test_where_nothing_is_pushed_the_page_says_so(administrator_with):
    browser = await administrator_with(None)
    assert "不会主动推送" in browser.text
    assert "还没有收到微信的推送" in browser.text


@pytest.mark.parametrize("seconds", [660.0, -660.0])
async def test_a_wrong_clock_is_shown(administrator_with, seconds):
    browser = await administrator_with(tuple, lambda: seconds)
    assert f"相差 {seconds:.0f} 秒" in browser.text
    assert "NTP" in browser.text
