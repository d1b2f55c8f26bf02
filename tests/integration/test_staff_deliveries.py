"""Staff see what became of each pushed message and why, and may send a stuck one again or give it up."""

import pytest
from sqlalchemy import select

from conversations.deliveries import add_parts
from conversations.ledger import open_citizen
from conversations.models import Delivery
from staff import AuditFilter, Role, find_rows
from tests.staffing import Browser, hash_quickly, make_member


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
