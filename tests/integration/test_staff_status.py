"""Administrators see what is up, what waits, what was last cleared and saved; what can't be told is said so."""

import asyncio
import sqlite3
from datetime import timedelta

import pytest

from channels.wechat.server_api import CircuitState, explain
from conversations import claim_run, end_run
from qinwen.backup import back_up
from qinwen.clock import now
from services_backend import Breaker
from staff import Role
from tests.staffing import Browser, hash_quickly, make_member
from web.console import status
from web.staff import make_staff_app


@pytest.fixture(autouse=True)
def _quick_hashes(monkeypatch):
    hash_quickly(monkeypatch)


async def well():
    pass


async def broken():
    raise ConnectionRefusedError


async def silent():
    await asyncio.sleep(60)


@pytest.fixture
def page(aiohttp_client, settings, ledger_database):
    """Open the page as an administrator, where things stand so."""

    async def show(checks=None, breaker=None, troubles=None):
        sources = status.Sources(settings, checks or {"数据库": well}, (breaker or Breaker()).state, troubles)
        app = make_staff_app(settings, ledger_database, (status.make_module(sources),))
        make_member(ledger_database, "boss", Role.ADMINISTRATOR)
        browser = Browser(await aiohttp_client(app))
        await browser.sign_in("boss")
        assert (await browser.get("/status")).status == 200
        return browser.text

    return show


def clear_today(database, **counts):
    moment = now()
    with database.session() as session:
        claim_run(session, moment.date(), "r", moment)
        end_run(session, moment.date(), "r", moment, counts)


async def test_when_all_is_well_nothing_is_to_be_done(page, ledger_database, settings, tmp_path):
    clear_today(ledger_database, 聊天内容=12)
    sqlite3.connect(settings.var / "qinwen.db").close()
    back_up(settings.var, tmp_path / "saved.tar.gz")
    text = await page({"数据库": well, "对话引擎": well}, troubles=tuple)
    for words in ("没有要处理的", "对话引擎", "正常，照常调用", "微信的接口都能用", "聊天内容 12", "磁盘还剩"):
        assert words in text
    assert "不正常" not in text


async def test_on_a_fresh_installation_it_says_what_was_never_done(page):
    text = await page()
    for words in ("还没有做过", "没有记录", "没有接微信的接口", "七天内没有用 qinwen backup 备份过"):
        assert words in text


async def test_a_process_that_is_down_or_silent_is_named_and_the_rest_is_shown(page, monkeypatch):
    monkeypatch.setattr(status, "_WITHIN", 0.3)
    text = await page({"数据库": well, "对话引擎": broken, "动作服务": silent})
    assert "对话引擎没有正常回答（连不上）" in text
    assert "动作服务没有正常回答（没有按时回答）" in text


async def test_an_open_breaker_is_shown_with_why_and_until_when(page):
    breaker = Breaker(most_failures=2)
    breaker.failed("timeout")
    breaker.failed("timeout")
    text = await page(breaker=breaker)
    for words in ("断开：连着几次不通", "秒后再试", "2 次", "<code>timeout</code>", "办件系统不通"):
        assert words in text


async def test_what_we_owe_citizens_is_counted(page, ledger_database):
    from services_backend import keeping

    with ledger_database.session() as session:
        keeping.make_promise(session, "c1", "SN1")
        keeping.make_promise(session, "c2", "")
    assert "2 条" in await page()


async def test_a_standing_wechat_api_is_explained(page):
    moment = now()
    trouble = CircuitState("message", "48001", explain("48001").staff, "去后台开通。", moment, moment + timedelta(minutes=5))
    text = await page(troubles=lambda: (trouble,))
    assert "去后台开通。" in text
    assert "48001" in text


async def test_a_run_that_never_ended_is_an_alarm(page, ledger_database):
    moment = now() - timedelta(days=3)
    with ledger_database.session() as session:
        claim_run(session, moment.date(), "r", moment)
    text = await page()
    assert "还没有做完" in text
    assert "到期清除两天多没有做完过了" in text


async def test_what_the_database_can_not_tell_leaves_the_rest(page, monkeypatch):
    monkeypatch.setattr(status, "_read", lambda session: 1 / 0)
    monkeypatch.setattr(status, "measure", lambda settings: 1 / 0)
    text = await page()
    for words in ("查不出来：数据库没有按时回答", "量不出来", "正常，照常调用"):
        assert words in text


async def test_only_administrators_see_it(aiohttp_client, settings, ledger_database):
    module = status.make_module(status.Sources(settings, {}, Breaker().state))
    make_member(ledger_database, "walker", *(set(Role) - {Role.ADMINISTRATOR}))
    browser = Browser(await aiohttp_client(make_staff_app(settings, ledger_database, (module,))))
    await browser.sign_in("walker")
    assert (await browser.get("/status")).status == 403


@pytest.mark.parametrize(
    ("size", "words"), [(0, "0 字节"), (2048, "2 KB"), (5 << 20, "5.0 MB"), (3 << 30, "3.0 GB"), (9 << 50, "9216.0 TB")]
)
def test_sizes_are_told_in_words(size, words):
    assert status.size_words(size) == words
