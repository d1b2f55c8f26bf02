"""An answer is changed from scratch on the whole running stack: the first administrator makes an editor and a reviewer, the
editor changes a fee, the reviewer approves, and the citizen's next question gets it. Rolled back at the end."""

import re
import subprocess
import sys
import time
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from qinwen.clock import SHAANXI, now
from tests.e2e.console_page import Console
from tests.e2e.stack import ROOT, Stack
from tests.e2e.test_chat_page import ChatPage

ADMINISTRATOR, EDITOR, REVIEWER = "plum-rain-on-2-roofs", "three-cranes-over-water", "nine-carp-under-ice"
PERMIT = "/knowledge/entries/guide:hk-macau-permit:610000"
QUESTION = "港澳通行证多少钱"
OLD, NEW = "通行证60元", "通行证75元"


@pytest.fixture
def open_console(browser: Browser, stack: Stack):
    """Open the staff port in a browser of somebody's own; what the browser complains about fails the test."""
    opened = []

    def make() -> Console:
        context = browser.new_context(base_url=stack.staff_url, locale="zh-CN", viewport={"width": 1280, "height": 900})
        opened.append((context, Console(context.new_page())))
        return opened[-1][1]

    yield make
    for context, _ in opened:
        context.close()
    assert [words for _, console in opened for words in console.complaints] == []


def first_password(stack: Stack) -> str:
    """Give the password that `qinwen up` printed; the health check answers a little before it does."""
    for _ in range(100):
        if found := re.search(r"账号 admin，首次密码 (\S+?)（", stack.log.read_text(encoding="utf-8")):
            return found[1]
        time.sleep(0.3)
    raise AssertionError(stack.log.read_text(encoding="utf-8")[-2000:])


def begin(open_console, login: str, first: str, own: str) -> Page:
    """Sign in for the first time and change the password."""
    console = open_console()
    console.sign_in(login, first)
    console.change_password(first, own)
    expect(console.heading).to_contain_text("您好")
    return console.page


def moment() -> str:
    """Give a second in which nothing is done: the next one, and let it pass."""
    time.sleep(1.1)
    passing = now().astimezone(SHAANXI).strftime("%Y-%m-%d %H:%M:%S")
    time.sleep(1.1)
    return passing


def answered_then(page: Page, when: str):
    page.goto("/knowledge/as-of")
    page.get_by_label("问题").fill(QUESTION)
    page.get_by_label("哪一天").fill(when)
    page.get_by_role("button", name="查", exact=True).click()
    return page.locator(".answer").first


def test_a_fee_goes_from_an_editor_to_the_citizen_and_back(page: Page, open_console, stack: Stack):
    # given a citizen who asks on the chat page what a permit costs
    chat = ChatPage(page).open()
    assert OLD in chat.ask(QUESTION).inner_text()
    # and the first administrator, who makes an editor and a reviewer
    admin = begin(open_console, "admin", first_password(stack), ADMINISTRATOR)
    passwords = {}
    for login, name, role in (("wang.fang", "王芳", "编辑"), ("li.qiang", "李强", "审核")):
        admin.goto("/staff/new")
        admin.get_by_label("登录名").fill(login)
        admin.get_by_label("姓名").fill(name)
        admin.get_by_label(role, exact=True).check()
        admin.get_by_role("button", name="建账号").click()
        passwords[login] = admin.locator("#first-password").inner_text()
    editor = begin(open_console, "wang.fang", passwords["wang.fang"], EDITOR)
    reviewer = begin(open_console, "li.qiang", passwords["li.qiang"], REVIEWER)
    # when the editor finds the item and changes its fee
    editor.goto("/knowledge")
    editor.get_by_label("标题或编号").fill("guide:hk-macau-permit:610000")
    editor.get_by_role("button", name="查找").click()
    editor.locator("#entries a").first.click()
    editor.get_by_role("button", name="编辑", exact=True).click()
    editor.locator("summary", has_text="收多少钱").click()
    fee = editor.locator("#facets\\.fee\\.text")
    words = fee.input_value()
    assert OLD in words
    fee.fill(words.replace(OLD, NEW))
    with editor.expect_response(lambda answer: answer.request.headers.get("hx-trigger") == "editor"):
        editor.get_by_label("为什么改").fill("收费标准调整")
    # then the preview is drawn exactly like the citizen's answer, with the new fee
    with editor.context.expect_page() as opened:
        editor.get_by_role("link", name="预览").click()
    shown = opened.value.locator("article", has_text=NEW).first
    expect(shown).to_be_visible()
    previewed = shown.locator(".bubble").inner_text()
    expect(opened.value.locator(".from-bot").first).to_have_css("font-family", chat.answers.first.evaluate(
        "element => getComputedStyle(element).fontFamily"))  # fmt: skip
    opened.value.close()
    # and the impact names the question whose answer changes
    editor.get_by_role("button", name="提交审核").click()
    expect(editor.get_by_text("已提交审核。")).to_be_visible()
    editor.get_by_role("button", name="开始影响分析").click()
    expect(editor.locator("#impact-result")).to_contain_text("答案变了", timeout=120_000)
    expect(editor.locator(".change", has_text=NEW).first).to_be_visible()
    expect(editor.get_by_role("button", name="通过并发布")).to_have_count(0)
    # and nothing has changed for the citizen yet
    assert OLD in chat.ask(QUESTION).inner_text()
    before = moment()
    # when the reviewer approves
    reviewer.goto("/knowledge?draft=in_review")
    reviewer.locator("#entries a").first.click()
    reviewer.get_by_role("link", name="审核页").click()
    expect(reviewer.locator(".differences")).to_contain_text(NEW)
    reviewer.get_by_role("button", name="通过并发布").click()
    expect(reviewer.get_by_role("status").filter(has_text="第 2 版")).to_be_visible()
    # then the citizen's next question in the same conversation gets the new fee, with the new version named
    answer = chat.ask(QUESTION)
    assert NEW in answer.inner_text()
    assert "第2版" in answer.locator(".sources").inner_text().replace(" ", "")
    card = chat.card.locator(".bubble").inner_text()
    assert card.split("来源")[0].split() == previewed.split("来源")[0].split()
    between = moment()
    # when it is rolled back, the citizen has the old fee again, as a third version
    reviewer.get_by_role("link", name="历史").click()
    reviewer.get_by_label("改回第几版").select_option("1")
    reviewer.get_by_label("原因").fill("文件作废")
    reviewer.get_by_role("button", name="改回", exact=True).click()
    expect(reviewer.get_by_text("现在是第 3 版")).to_be_visible()
    answer = chat.ask(QUESTION)
    assert OLD in answer.inner_text()
    assert "第3版" in answer.locator(".sources").inner_text().replace(" ", "")
    # and what was answered when can still be asked, on the page and by command
    expect(answered_then(reviewer, between)).to_contain_text(NEW)
    expect(answered_then(reviewer, before)).to_contain_text(OLD)
    told = subprocess.run(
        [sys.executable, "-m", "manage", "kb", "ask", QUESTION, "--as-of", between],
        cwd=ROOT, env=stack.environment, capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    assert NEW in told.stdout
    # and the audit log has every step, unbroken
    admin.goto("/audit")
    expect(admin.locator("table.audit")).to_contain_text("条目改回旧版")
    admin.get_by_role("button", name="核对全部记录").click()
    expect(admin.locator("#verification")).to_contain_text("条条接得上")


def test_a_sudden_topic_is_answered_uniformly_and_the_bot_rests_on_the_running_stack(page: Page, open_console, stack: Stack):
    # given a citizen with the chat page open, and the administrator
    chat = ChatPage(page).open()
    chat.ask(QUESTION)
    duty = open_console()
    duty.sign_in("admin", ADMINISTRATOR, "/controls")
    ends = (now() + timedelta(hours=1)).astimezone(SHAANXI).strftime("%Y-%m-%dT%H:%M")

    def put(kind: str, button: str, **fields: str) -> None:
        form = duty.page.locator(f"#new-{kind}")
        form.locator("summary").click()
        for name, words in {"reason": "演练", "ends_at": ends, **fields}.items():
            form.locator(f"[name={name}]").fill(words)
        form.get_by_role("button", name=button).click()
        expect(duty.page.locator("#notice")).to_be_visible()

    # when an outage is announced, answered uniformly, and the bot switched off
    put("banner", "登公告", text="今天下午系统维护")
    put("answer", "启用统一答复", text="出入境系统在维护，六点恢复。", wordings="出入境 打不开")
    assert "六点恢复" in chat.ask("出入境的网站怎么打不开").inner_text()
    put("bot_off", "停用机器人", text="")
    # then the next message of the same conversation hears so
    answer = chat.ask(QUESTION)
    assert "暂时停用" in answer.inner_text()
    assert "12345" in answer.inner_text()
    assert "六点恢复" in chat.ask("出入境打不开了").inner_text()
    chat.reload()
    expect(page.locator("#notices")).to_contain_text("今天下午系统维护")
    # and after all was ended everything is as before
    for _ in range(3):
        duty.page.goto("/controls")
        duty.page.locator("form[action$='/stop'] button").first.click()
        expect(duty.page.locator("#notice")).to_be_visible()
    assert OLD in chat.ask(QUESTION).inner_text()
    chat.reload()
    expect(page.locator("#notices")).to_be_hidden()
