"""Journeys of staff on the console, in a real browser against the staff port alone: no engine is needed."""

import os
import re
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress
from pathlib import Path

import pyotp
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.console_page import Console
from tests.e2e.stack import ROOT, free_ports

ADMINISTRATOR = "plum-rain-on-2-roofs"
EDITOR = "three-cranes-over-water"
MARKUP = "<img src=x onerror=alert(1)>"
PAGES = (
    "/",
    "/staff",
    "/staff/new",
    "/staff/roles",
    "/audit",
    "/account",
    "/account/password",
    "/account/second-factor",
    "/no/such",
)


@pytest.fixture(scope="module")
def staff_port(tmp_path_factory):
    """Start the staff port; gives its address and the first password."""
    folder = tmp_path_factory.mktemp("staff")
    port = free_ports(1)[0]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.e2e.staff_app", str(folder), str(port)], cwd=ROOT, stdout=subprocess.PIPE, stderr=log
        )
    try:
        line = process.stdout.readline().decode().split()
        url = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and process.poll() is None:
            with suppress(OSError), urllib.request.urlopen(f"{url}/healthz", timeout=3):
                break
            time.sleep(0.2)
        assert len(line) == 2, (folder / "log").read_text()[-3000:]
        yield url, line[1]
    finally:
        process.terminate()
        process.wait(timeout=30)
        process.stdout.close()


@pytest.fixture(scope="module")
def base_url(staff_port):
    return staff_port[0]


@pytest.fixture(scope="module")
def accounts(browser: Browser, staff_port) -> None:
    """The administrator has changed the first password, and made an editor who did the same."""
    url, first = staff_port
    context = browser.new_context(base_url=url, locale="zh-CN")
    boss = Console(context.new_page())
    boss.sign_in("admin", first)
    boss.change_password(first, ADMINISTRATOR)
    expect(boss.heading).to_contain_text("您好")
    password = boss.add_member("wang.fang", "王芳", "编辑")
    context.close()
    context = browser.new_context(base_url=url, locale="zh-CN")
    editor = Console(context.new_page())
    editor.sign_in("wang.fang", password)
    editor.change_password(password, EDITOR)
    expect(editor.heading).to_contain_text("王芳")
    context.close()
    assert boss.complaints + editor.complaints == []


@pytest.fixture
def console(page: Page, accounts) -> Console:
    return Console(page)


def test_a_first_password_opens_nothing_but_its_change(console: Console):
    # given an account that was just made
    console.sign_in("admin", ADMINISTRATOR)
    password = console.add_member("li.lei", "李雷", "坐席")
    console.page.get_by_role("button", name="退出").click()
    # when its owner signs in and goes elsewhere
    console.sign_in("li.lei", password)
    console.page.goto("/account")
    # then there is the form to change it, which says what is wrong with a weak one
    expect(console.heading).to_have_text("修改密码")
    console.change_password(password, "li.lei-2026-li.lei")
    expect(console.page.get_by_role("alert").filter(has_text="不能含有登录名")).to_be_visible()
    console.change_password(password, "long-river-setting-sun")
    expect(console.heading).to_contain_text("李雷")
    assert console.complaints == []


def test_a_member_sees_what_the_roles_allow_and_no_more(console: Console):
    console.sign_in("wang.fang", EDITOR)
    expect(console.heading).to_contain_text("王芳")
    assert "工作人员" not in console.menu()
    console.page.goto("/staff")
    expect(console.heading).to_have_text("没有权限")


def test_a_page_that_was_asked_for_comes_after_signing_in(console: Console):
    console.sign_in("admin", ADMINISTRATOR, "/audit?actor=wang.fang")
    expect(console.heading).to_have_text("审计记录")
    expect(console.page.get_by_label("谁（登录名）")).to_have_value("wang.fang")
    expect(console.page.locator("tbody tr").filter(has_text="修改密码")).to_have_count(1)


def test_a_session_that_was_ended_says_so_and_goes_on_after_signing_in(console: Console, browser: Browser, base_url: str):
    # given somebody who is signed in
    console.sign_in("wang.fang", EDITOR)
    expect(console.heading).to_contain_text("王芳")
    # when an administrator ends all of their sessions
    context = browser.new_context(base_url=base_url, locale="zh-CN")
    boss = Console(context.new_page())
    boss.sign_in("admin", ADMINISTRATOR, "/staff?q=wang.fang")
    boss.page.get_by_role("link", name="wang.fang").click()
    boss.page.get_by_role("button", name="结束全部登录").click()
    expect(boss.page.get_by_text("现在没有登录")).to_be_visible()
    context.close()
    # then the next page is the sign-in, and after it the page that was wanted
    console.page.goto("/account")
    expect(console.page.get_by_role("status").filter(has_text="请重新登录")).to_be_visible()
    console.page.get_by_label("登录名").fill("wang.fang")
    console.page.get_by_label("密码").fill(EDITOR)
    console.page.get_by_role("button", name="登录", exact=True).click()
    expect(console.heading).to_have_text("我的账号")


def test_a_question_is_asked_before_a_password_is_reset(console: Console):
    console.sign_in("admin", ADMINISTRATOR)
    console.add_member("zhao.liu", "赵六", "分析")
    console.page.goto("/staff?q=zhao.liu")
    console.page.get_by_role("link", name="zhao.liu").click()
    console.page.get_by_role("button", name="重置密码").click()
    expect(console.heading).to_have_text("密码已重置")
    assert len(console.questions) == 1


def test_the_second_factor_is_set_up_and_asked_for(console: Console):
    # given a member who reads the code from the page's image
    console.sign_in("admin", ADMINISTRATOR)
    password = console.add_member("two.steps", "两步", "审核")
    console.page.get_by_role("button", name="退出").click()
    console.sign_in("two.steps", password)
    console.change_password(password, EDITOR)
    console.page.goto("/account/second-factor")
    image = console.page.get_by_role("img", name=re.compile("二维码"))
    expect(image).to_be_visible()
    assert image.evaluate("image => image.complete && image.naturalWidth > 100")
    secret = console.page.locator("code.secret").inner_text()
    # when it is turned on
    console.page.get_by_label("验证码").fill(pyotp.TOTP(secret).now())
    console.page.get_by_role("button", name="开启").click()
    expect(console.heading).to_have_text("恢复码")
    recovery = console.page.locator(".recovery-codes code").first.inner_text()
    # then the next time asks for a code; a recovery code will do
    console.page.get_by_role("button", name="退出").click()
    console.sign_in("two.steps", EDITOR, "/account")
    expect(console.heading).to_have_text("两步验证")
    console.page.get_by_label("验证码").fill("000000")
    console.page.get_by_role("button", name="继续").click()
    expect(console.page.get_by_role("alert").filter(has_text="验证码不对")).to_be_visible()
    console.page.get_by_label("验证码").fill(recovery)
    console.page.get_by_role("button", name="继续").click()
    expect(console.heading).to_have_text("我的账号")
    assert console.complaints == []


def test_markup_is_shown_as_text(console: Console):
    console.sign_in("admin", ADMINISTRATOR)
    console.add_member("markup", MARKUP, "编辑")
    for path in ("/staff?q=markup", "/audit", f"/staff?q={MARKUP}"):
        console.page.goto(path)
        expect(console.page.locator("main img")).to_have_count(0)
    console.page.goto("/staff?q=markup")
    expect(console.page.get_by_role("cell", name=MARKUP)).to_be_visible()
    assert console.questions == []


@pytest.mark.parametrize("width", [1280, 768])
def test_every_page_fits_and_breaks_no_rule_of_ours(console: Console, width: int):
    console.sign_in("admin", ADMINISTRATOR)
    expect(console.heading).to_contain_text("您好")
    console.page.set_viewport_size({"width": width, "height": 800})
    folder = os.environ.get("QINWEN_SCREENSHOTS")
    for path in PAGES:
        console.page.goto(path)
        expect(console.heading).to_have_count(1)
        assert console.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), path
        nameless = (
            "[...document.querySelectorAll('input:not([type=hidden]), select, textarea')].filter(e => !e.labels.length).length"
        )
        assert console.page.evaluate(nameless) == 0, path
        if folder:
            name = path.strip("/").replace("/", "-") or "start"
            console.page.screenshot(path=Path(folder) / f"staff-{name}-{width}.png", full_page=True)
    assert console.complaints == []


def test_the_menu_of_a_narrow_window_opens_and_closes(console: Console):
    console.sign_in("admin", ADMINISTRATOR)
    console.page.set_viewport_size({"width": 768, "height": 800})
    link = console.page.locator("#navigation").get_by_text("工作人员", exact=True)
    expect(link).to_be_hidden()
    console.page.get_by_role("button", name="菜单", exact=True).press("Enter")
    expect(link).to_be_visible()
    expect(console.page.locator("#navigation")).to_be_focused()
    console.page.keyboard.press("Escape")
    expect(link).to_be_hidden()


def test_everything_can_be_done_by_keyboard(console: Console):
    keyboard = console.page.keyboard
    # given the sign-in, where the first field is ready
    console.page.goto("/staff/new")
    keyboard.insert_text("admin")
    keyboard.press("Tab")
    keyboard.insert_text(ADMINISTRATOR)
    keyboard.press("Enter")
    expect(console.heading).to_have_text("新建账号")
    # when the menu is skipped and the form is filled in without a mouse
    keyboard.press("Tab")
    assert console.page.evaluate("document.activeElement.matches('.skip-link')")
    keyboard.press("Enter")
    expect(console.page.locator("#content")).to_be_focused()
    keyboard.press("Tab")
    expect(console.page.locator("#login")).to_be_focused()
    keyboard.insert_text("key.board")
    keyboard.press("Tab")
    keyboard.insert_text("键盘")
    keyboard.press("Tab")
    keyboard.press("Space")
    keyboard.press("Enter")
    # then the account is there
    expect(console.heading).to_have_text("账号已建好")
    expect(console.page.locator("#new-login")).to_have_text("key.board")
