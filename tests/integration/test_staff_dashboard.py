"""The dashboard's pages: each figure with its definition, its table beside the chart, and the rows behind it for who may see them."""

import re

import pytest

from desk import RatingLevel
from qinwen.vocabulary import Outcome
from staff import Role
from tests.staffing import Browser, hash_quickly, make_member
from tests.turn_log import Log

WEEK = "since=2026-10-12&until=2026-10-18"


@pytest.fixture(autouse=True)
def _quick_hashes(monkeypatch):
    hash_quickly(monkeypatch)


@pytest.fixture
def log(ledger_database):
    log = Log(ledger_database)
    log.say("a", "a", 0, Outcome.ANSWERED, "passport", "fee", text="护照<b>多少钱</b>")
    log.say("a", "a", 1, Outcome.NOT_FOUND, "passport", "place", region="610100")
    log.say("b", "b", 2, Outcome.CLARIFY, channel="wechat")
    log.rate("a", "a", RatingLevel.BAD)
    return log


@pytest.fixture
async def visit(staff, ledger_database):
    async def make(*roles, regions=()):
        make_member(ledger_database, "visitor", *roles, regions=regions)
        browser = Browser(staff)
        await browser.sign_in("visitor")
        return browser

    return make


def figure(browser, name):
    return re.search(rf'id="figure-{name}">([^<]*)<', browser.text)[1]


async def test_without_a_message_the_page_says_so(visit):
    browser = await visit(Role.ANALYST)
    assert (await browser.get("/dashboard")).status == 200
    assert "这段时间没有人来问" in browser.text


async def test_figures_stand_with_definitions_and_tables(visit, log):
    browser = await visit(Role.SUPERVISOR)
    await browser.get(f"/dashboard?{WEEK}")
    assert (figure(browser, "turns"), figure(browser, "answer_rate"), figure(browser, "unresolved")) == ("3", "33.3%", "2")
    linked = set(re.findall(r'href="#definition-(\w+)"', browser.text))
    assert linked
    assert linked <= set(re.findall(r'id="definition-(\w+)"', browser.text))
    for table in ("daily-table", "outcomes-table", "ratings-table"):
        assert f'id="{table}"' in browser.text
    await browser.get(f"/dashboard?{WEEK}&channel=wechat")
    assert figure(browser, "turns") == "1"


async def test_each_link_to_rows_leads_to_as_many_as_its_figure(visit, log):
    browser = await visit(Role.SUPERVISOR)
    await browser.get(f"/dashboard?{WEEK}")
    page, links = browser.text, set(re.findall(r'href="(/dashboard/rows\?[^"]+)"', browser.text))
    assert len(links) > 12
    for link in links:
        address = link.replace("&amp;", "&")
        assert (await browser.get(address)).status == 200, address
        rows = browser.text.count("<tr><td")
        code = address.rpartition("figure=")[2]
        if shown := re.search(rf'id="figure-{code}">(\d+)<', page):
            assert rows == int(shown[1]), code
        else:
            assert rows >= 1 or code.startswith("level:"), code


async def test_every_figure_leads_to_its_definition_and_to_its_rows_or_gaps(visit, log):
    browser = await visit(Role.SUPERVISOR)
    await browser.get(f"/dashboard?{WEEK}")
    tiles = re.findall(r'<li class="card">(.*?)</li>', browser.text, re.DOTALL)
    assert len(tiles) == 14
    for tile in tiles:
        assert "#definition-" in tile
        assert "/dashboard/rows?" in tile or 'href="/gaps"' in tile, tile
    assert figure(browser, "gaps") == "0"


async def test_citizens_words_stand_in_rows_as_text(visit, log):
    browser = await visit(Role.SUPERVISOR)
    await browser.get(f"/dashboard/rows?{WEEK}&figure=item:passport")
    assert "护照&lt;b&gt;多少钱&lt;/b&gt;" in browser.text
    await browser.get(f"/dashboard/rows?{WEEK}&figure=unresolved")
    assert "评价不满意" in browser.text


async def test_who_may_not_see_conversations_sees_figures_alone(visit, log):
    browser = await visit(Role.ANALYST)
    await browser.get(f"/dashboard?{WEEK}")
    assert figure(browser, "turns") == "3"
    assert "/dashboard/rows" not in browser.text
    assert (await browser.get(f"/dashboard/rows?{WEEK}&figure=turns")).status == 403


async def test_a_member_of_a_region_sees_its_rows_and_those_without_one(visit, log):
    browser = await visit(Role.SUPERVISOR, regions=("610300",))
    await browser.get(f"/dashboard/rows?{WEEK}&figure=turns")
    assert browser.text.count("<tr><td") == 2
    assert "只列您管辖范围内的" in browser.text


async def test_an_address_that_makes_no_sense_does_no_harm(visit, log):
    browser = await visit(Role.SUPERVISOR)
    for query in (
        "since=x&until=y",
        "since=2026-10-18&until=2026-10-12",
        "days=12345",
        "channel=fax",
        "since=1900-01-01&until=2900-01-01",
    ):
        assert (await browser.get(f"/dashboard?{query}")).status == 200, query
    for code in ("nothing", "level:9", "level:x", ""):
        assert (await browser.get(f"/dashboard/rows?{WEEK}&figure={code}")).status == 404, code
    for after in ("x", "2026-10-12|1", "2026-10-12T00:00:00+00:00|x"):
        for code in ("turns", "judged", "rated"):
            assert (await browser.get(f"/dashboard/rows?{WEEK}&figure={code}&after={after}")).status == 200, (code, after)
