"""An editor and a reviewer change what citizens are told, in a real browser against the staff port."""

import subprocess
import sys
import time
import urllib.request
from contextlib import suppress

import pytest
from playwright.sync_api import Browser, Page, expect

from knowledge_base import Answerer, Knowledge, Question
from qinwen.database import Database
from tests.e2e.stack import ROOT, free_ports
from tests.staffing import PASSWORD

PASSPORT = "/knowledge/entries/guide:passport:610000"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("knowledge")


@pytest.fixture(scope="module")
def base_url(folder):
    port = free_ports(1)[0]
    url = f"http://127.0.0.1:{port}"
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.e2e.knowledge_app", str(folder), str(port)], cwd=ROOT, stdout=log, stderr=log
        )
    try:
        ready, deadline = False, time.monotonic() + 240
        while not ready and time.monotonic() < deadline and process.poll() is None:
            with suppress(OSError), urllib.request.urlopen(f"{url}/healthz", timeout=3):
                ready = True
            time.sleep(0.2)
        assert ready, (folder / "log").read_text()[-3000:]
        yield url
    finally:
        process.terminate()
        process.wait(timeout=30)


@pytest.fixture
def answered(folder):
    """Answer like the next citizen's question."""
    database = Database(f"sqlite:///{folder}/qinwen.db")
    answerer = Answerer(Knowledge(database, "none"), None)
    yield lambda text: answerer.answer(Question(text, None, {"ask_fee": 0.9})).replies[0]
    database.close()


@pytest.fixture
def sign_in(browser: Browser, base_url: str):
    """Give a page of somebody who is signed in; what the browser complains about fails the test."""
    contexts, complaints = [], []

    def make(login: str, width: int = 1280) -> Page:
        context = browser.new_context(base_url=base_url, locale="zh-CN", viewport={"width": width, "height": 900})
        contexts.append(context)
        expect.set_options(timeout=20_000)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("dialog", lambda dialog: dialog.accept())
        page.goto("/knowledge")
        page.get_by_label("登录名").fill(login)
        page.get_by_label("密码").fill(PASSWORD)
        page.get_by_role("button", name="登录", exact=True).click()
        expect(page.get_by_role("heading", level=1)).to_have_text("知识条目")
        return page

    yield make
    for context in contexts:
        context.close()
    assert complaints == []


def test_a_fee_is_changed_reviewed_published_and_rolled_back(sign_in, answered):
    # given an editor who changes the fee of an item, and a material
    editor, reviewer = sign_in("wang"), sign_in("lili")
    editor.goto(PASSPORT)
    editor.get_by_role("button", name="编辑", exact=True).click()
    editor.locator("summary", has_text="收多少钱").click()
    editor.locator("#facets\\.fee\\.text").fill("每本160元。")
    editor.locator("summary", has_text="带什么材料").click()
    editor.get_by_role("button", name="加一项材料").click()
    added = editor.locator("#facets\\.materials\\.list\\.1\\.name")
    expect(added).to_be_focused()
    added.fill("近期证件照")
    expect(editor.locator("#facets\\.fee\\.text")).to_have_value("每本160元。")
    # when the draft saves itself, the preview is what a citizen will see
    with editor.expect_response(lambda answer: answer.request.headers.get("hx-trigger") == "editor"):
        editor.locator("#reason").fill("收费标准调整")
    with editor.context.expect_page() as opened:
        editor.get_by_role("link", name="预览").click()
    expect(opened.value.locator("article", has_text="每本160元。")).to_be_visible()
    expect(opened.value.locator("article", has_text="近期证件照")).to_be_visible()
    assert "120元" in answered("护照要多少钱").text
    editor.get_by_role("button", name="提交审核").click()
    expect(editor.get_by_text("已提交审核。")).to_be_visible()
    # and the reviewer sees the differences and what changes for citizens, and approves
    reviewer.goto("/knowledge?draft=in_review")
    reviewer.get_by_role("link", name="普通护照签发").click()
    reviewer.get_by_role("link", name="审核页").click()
    expect(reviewer.locator(".differences")).to_contain_text("收多少钱 · 正文")
    reviewer.get_by_role("button", name="开始影响分析").click()
    expect(reviewer.locator("#impact-result")).to_contain_text("答案变了")
    expect(reviewer.locator(".side-by-side").filter(has_text="每本160元").first).to_be_visible()
    reviewer.reload()
    reviewer.get_by_role("button", name="通过并发布").click()
    expect(reviewer.get_by_role("status").filter(has_text="第 2 版")).to_be_visible()
    # then the citizen's next question gets the new fee with the new version named
    reply = answered("护照要多少钱")
    assert "160元" in reply.text
    assert reply.sources[0].version == 2
    # and a roll-back brings the old one back, as a third version
    reviewer.get_by_role("link", name="历史").click()
    reviewer.get_by_label("改回第几版").select_option("1")
    reviewer.get_by_label("原因").fill("文件作废")
    reviewer.get_by_role("button", name="改回", exact=True).click()
    expect(reviewer.get_by_text("现在是第 3 版")).to_be_visible()
    assert "120元" in answered("护照要多少钱").text


def test_two_editors_at_once_get_a_page_with_both_sides(sign_in):
    mine, theirs = sign_in("wang"), sign_in("wang")
    for page, words in ((mine, ""), (theirs, "对方写的答案")):
        page.goto("/knowledge/entries/faq:parking")
        page.get_by_role("button", name="编辑", exact=True).or_(page.get_by_role("link", name="继续写草稿")).click()
        if words:
            page.locator("#answer").fill(words)
            page.get_by_role("button", name="保存", exact=True).click()
            expect(page.get_by_text("草稿已保存。")).to_be_visible()
    mine.locator("#answer").fill("我写的答案")
    mine.get_by_role("button", name="保存", exact=True).click()
    expect(mine.get_by_role("heading", level=1)).to_have_text("有人同时改了这一条")
    expect(mine.locator(".differences")).to_contain_text("对方写的答案")
    mine.get_by_role("button", name="以我的为准，保存").click()
    expect(mine.locator("#answer")).to_have_value("我写的答案")


@pytest.mark.parametrize("width", [1280, 768])
def test_pages_fit_the_window(sign_in, width):
    page = sign_in("wang", width)
    for path in ("/knowledge", PASSPORT, f"{PASSPORT}/history", "/knowledge/lab?q=护照要多少钱", "/knowledge/as-of"):
        page.goto(path)
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, path
