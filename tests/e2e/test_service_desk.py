"""The bot fails, a person helps, and nobody says it twice: a citizen and two agents in real browsers on the whole stack."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from desk import Desk, hours_from_json, save_desk, staff_desk
from qinwen.database import Database
from staff import Role
from tests.staffing import PASSWORD, make_member

ALWAYS = hours_from_json({"week": [["00:00-24:00"]] * 7, "works_on_holidays": True})
COMPLAINTS = []


@pytest.fixture(scope="module")
def agents(stack):
    """Two desks that are always open; one agent at each. Questions about passports go to the first."""
    database = Database(f"sqlite:///{stack.var}/qinwen.db")
    with database.session() as session:
        save_desk(session, Desk("first", "出入境服务台", "610000", ALWAYS, items=("passport",)))
        save_desk(session, Desk("second", "窗口协调服务台", "610000", ALWAYS, items=("nothing-of-ours",)))
    members = [make_member(database, login, Role.AGENT) for login in ("agent.first", "agent.second")]
    with database.session() as session:
        staff_desk(session, "first", members[0].id)
        staff_desk(session, "second", members[1].id)
    database.close()


@pytest.fixture
def open_page(browser: Browser):
    contexts = []

    def make(address, width=1280) -> Page:
        context = browser.new_context(base_url=address, locale="zh-CN", viewport={"width": width, "height": 800})
        contexts.append(context)
        expect.set_options(timeout=30_000)
        page = context.new_page()
        page.on("pageerror", lambda error: COMPLAINTS.append(str(error)))
        page.on("dialog", lambda dialog: dialog.accept())
        return page

    yield make
    for context in contexts:
        context.close()


@pytest.fixture
def sign_in(open_page, stack, agents):
    def make(login) -> Page:
        page = open_page(stack.staff_url)
        page.goto("/desk")
        page.get_by_label("登录名").fill(login)
        page.get_by_label("密码").fill(PASSWORD)
        page.get_by_role("button", name="登录", exact=True).click()
        expect(page.get_by_role("heading", level=1)).to_have_text("接待")
        page.get_by_label("我的状态").select_option("online")
        expect(page.locator("#link")).to_have_text("已连接")
        return page

    return make


def say(page: Page, text: str) -> None:
    page.locator("#composer-text").fill(text)
    page.locator("#composer-text").press("Enter")


def reply(page: Page, text: str) -> None:
    expect(page.locator("html.scripted")).to_have_count(1)
    page.get_by_label("回复市民").fill(text)
    page.get_by_label("回复市民").press("Enter")
    expect(page.locator(".by-agent", has_text=text)).to_have_count(1)


def open_tab(page: Page, name: str) -> None:
    page.get_by_role("tab", name=name, exact=True).click()


def test_a_person_takes_over_where_the_bot_fails_and_the_bot_remembers_what_they_said(open_page, sign_in, stack):
    # Given an agent at each of two desks, and a citizen whom the bot answered once and then failed.
    first, second = sign_in("agent.first"), sign_in("agent.second")
    citizen = open_page(stack.base_url, width=900)
    citizen.goto("/")
    say(citizen, "护照多少钱")
    expect(citizen.locator(".message[data-author=bot] .bubble").last).to_contain_text("120")
    say(citizen, "护照上照片我嫌丑能不能给我美颜")
    say(citizen, "护照上照片我嫌丑能不能给我美颜")
    expect(citizen.locator(".message[data-author=citizen]")).to_have_count(3)

    # When they ask for a person, they hear where they stand.
    say(citizen, "转人工")
    expect(citizen.get_by_text(re.compile("已为您转到出入境服务台"))).to_be_visible()

    # Then the first agent hears of it at once, takes it, and knows what went before.
    first.get_by_role("button", name="接入").first.click()
    expect(citizen.get_by_text("下面由人工为您服务")).to_be_visible()
    brief = first.locator("#pane-brief")
    expect(brief).to_contain_text("护照")
    expect(brief).to_contain_text("问了几遍没有解决")
    expect(brief.locator(".line-source").first).to_contain_text("来源")

    # Three messages each way.
    for number in (1, 2, 3):
        say(citizen, f"市民第{number}句")
        expect(first.locator(".by-citizen", has_text=f"市民第{number}句")).to_have_count(1)
        reply(first, f"坐席第{number}句")
        expect(citizen.locator(".message[data-author=agent]", has_text=f"坐席第{number}句")).to_have_count(1)

    # An entry goes out with one click.
    open_tab(first, "知识")
    first.locator("#found").get_by_role("button", name="发给市民").first.click()
    expect(first.locator("#found").get_by_role("button", name="已发送")).to_have_count(1)
    # Suggestions that come afresh still show that it went out.
    with first.expect_response(lambda answer: answer.url.endswith("/knowledge")):
        first.evaluate("htmx.trigger('#found', 'suggest')")
    first.wait_for_timeout(500)
    expect(first.locator("#found").get_by_role("button", name="已发送")).to_have_count(1)
    expect(citizen.locator(".message[data-author=agent] .card-title").last).to_be_visible()

    # It is sent on to the second desk, with a note.
    open_tab(first, "转交")
    first.get_by_label(re.compile("^服务台")).select_option(label="窗口协调服务台")
    first.get_by_label("给接手的人说明").fill("材料看过了，问楼层")
    first.locator("#pane-transfer").get_by_role("button", name="转交").click()
    expect(citizen.get_by_text("您的事转到了窗口协调服务台")).to_be_visible()
    second.get_by_role("button", name="接入").first.click()
    expect(second.locator("#pane-brief")).to_contain_text("材料看过了，问楼层")

    # What they are writing stays while they look at something else.
    expect(second.locator("html.scripted")).to_have_count(1)
    second.get_by_label("回复市民").fill("材料交到三楼")
    second.goto("/desk")
    second.go_back()
    second.reload()
    expect(second.get_by_label("回复市民")).to_have_value("材料交到三楼")
    # A message whose answer was lost is there once, also after the page was loaded again.
    second.route("**/messages", lambda route: (route.fetch(), route.abort()))
    second.get_by_label("回复市民").fill("材料交到三楼 B 区 12 号窗口")
    second.get_by_label("回复市民").press("Enter")
    expect(second.locator("#send-problem")).to_contain_text("连不上服务器")
    second.unroute_all()
    second.reload()
    expect(second.locator("html.scripted")).to_have_count(1)
    expect(second.get_by_label("回复市民")).to_have_value("材料交到三楼 B 区 12 号窗口")
    second.get_by_label("回复市民").press("Enter")
    expect(second.get_by_label("回复市民")).to_have_value("")
    expect(second.locator(".by-agent", has_text="材料交到三楼 B 区 12 号窗口")).to_have_count(1)

    # The service ends, the citizen rates it, and asks the bot on.
    open_tab(second, "结束")
    second.get_by_label("已解决", exact=True).check()
    second.get_by_label("第 1 条的要素").select_option("place")
    second.get_by_label("第 1 条的内容").fill("三楼 B 区 12 号窗口")
    second.get_by_role("button", name="结束，交还机器人").click()
    expect(citizen.get_by_role("button", name="非常满意")).to_be_visible()
    citizen.get_by_role("button", name="非常满意").click()
    expect(citizen.locator(".message[data-author=citizen]").last).to_contain_text("满意")
    say(citizen, "那材料交到几楼")
    answer = citizen.locator(".message[data-author=bot]").last
    expect(answer).to_contain_text("三楼 B 区 12 号窗口")
    expect(answer.locator(".source")).to_contain_text("坐席的答复 · 窗口协调服务台")

    # Not one word of the bot between the agent's coming and the end; no complaint of any browser.
    authors = [one.get_attribute("data-author") for one in citizen.locator(".message[data-author]").all()]
    since, until = authors.index("agent"), len(authors) - 1 - authors[::-1].index("agent")
    assert "bot" not in authors[since:until]
    assert COMPLAINTS == []
    assert first.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
