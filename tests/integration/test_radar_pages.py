"""The radar's pages and its nightly run in the `web` process."""

import html
import re

import pytest

from knowledge_base import Faq, Publisher
from knowledge_base.radar import latest_runs
from qinwen.vocabulary import Facet
from staff import Role
from staff.audit import AuditFilter, find_rows
from tests.integration.test_knowledge_pages import XSS, enter, knowledge_database  # noqa: F401
from tests.staffing import hash_quickly
from tests.waiting import until
from web.console.knowledge import Background, make_room

RADAR = "/knowledge/radar"


@pytest.fixture(autouse=True)
def _quick_hashes(monkeypatch):
    hash_quickly(monkeypatch)


@pytest.fixture
def faulty(knowledge_database):  # noqa: F811
    with knowledge_database.session() as session:
        wrong = Faq("how-much", f"办本子贵不贵{XSS}", "每本160元。", "passport", Facet.FEE)
        Publisher("none", lambda _: None).publish_faq(session, wrong, author="wang")
    return knowledge_database


async def run(browser):
    await browser.get(RADAR)
    assert (await browser.send(f"{RADAR}/run")).status == 303

    async def done():
        await browser.get(f"{RADAR}/run", headers={"HX-Request": "true"})
        return "上次检查" in browser.text

    await until(done)
    await browser.get(RADAR)


async def test_a_finding_is_seen_assigned_closed_and_opened_again(enter, faulty):  # noqa: F811
    editor, analyst = await enter("wang", Role.EDITOR), await enter("anna", Role.ANALYST)
    await editor.get(RADAR)
    assert "还没有检查过" in editor.text
    await run(editor)
    assert "问答说 160元，指南的“收多少钱”写的是 120元" in editor.text
    place = html.unescape(re.search(r'href="(/knowledge/radar/finding[^"]*)"', editor.text)[1])
    await editor.get(place)
    assert "<script>alert" not in editor.text
    key = html.unescape(re.search(r'name="key" value="([^"]*)"', editor.text)[1])
    assert (await editor.send(f"{RADAR}/assign", key=key, owner="anna")).status == 422
    assert (await editor.send(f"{RADAR}/assign", key=key, owner="wang")).status == 303
    assert (await editor.send(f"{RADAR}/close", key=key, why="")).status == 422
    assert (await editor.send(f"{RADAR}/close", key=key, why="加急另算")).status == 303
    await analyst.get(place)
    assert "加急另算" in analyst.text
    assert "重新打开" not in analyst.text
    assert (await analyst.send(f"{RADAR}/reopen", key=key)).status == 403
    await editor.get(f"{RADAR}?state=closed&kind=faq_contradicts&owner=me&q=贵不贵&page=1")
    assert "共 1 条" in editor.text
    assert (await editor.send(f"{RADAR}/reopen", key=key)).status == 303
    await editor.get("/")
    assert "雷达待处理" in editor.text
    assert (await editor.get(f"{RADAR}/finding?key=nothing")).status == 404
    with faulty.session() as session:
        actions = [row.action for row in find_rows(session, AuditFilter(object="entry:faq:how-much"))]
        assert actions == ["finding_reopened", "finding_closed", "finding_assigned"]
        assert {row.action for row in find_rows(session, AuditFilter(object="radar:"))} == {"radar_started", "radar_finished"}


async def test_a_finding_outside_the_scope_is_not_shown_and_not_touched(enter, faulty):  # noqa: F811
    editor, other = await enter("wang", Role.EDITOR), await enter("zhao", Role.EDITOR, departments=("民政",))
    await run(editor)
    place = html.unescape(re.search(r'href="(/knowledge/radar/finding[^"]*)"', editor.text)[1])
    await other.get(RADAR)
    assert "160元" not in other.text
    await editor.get(place)
    key = html.unescape(re.search(r'name="key" value="([^"]*)"', editor.text)[1])
    assert (await other.send(f"{RADAR}/close", key=key, why="x")).status == 403


def test_every_night_one_process_looks_and_the_others_leave_it(faulty, settings):
    processes = [Background(make_room(settings, faulty), radar_hour=0) for _ in range(3)]
    assert [process.watch_at_night() for process in processes] == [False] * 3, "a start needs the machine for itself"
    for process in processes:
        process._awake_at = 0
    assert [process.watch_at_night() for process in processes] == [True, False, False]
    with faulty.session() as session:
        (one,) = latest_runs(session)
        assert (one.actor, one.counts["opened"], one.name[:6]) == ("radar", 1, "night ")


def test_before_its_hour_nothing_is_looked_at(faulty, settings):
    early = Background(make_room(settings, faulty), radar_hour=24)
    early._awake_at = 0
    assert not early.watch_at_night()
