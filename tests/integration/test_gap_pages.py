"""The console's pages of gaps over a real database: from the ledger to a draft in two clicks, by role and scope."""

import dataclasses
import json
import re

import pytest

from conversations.models import Citizen, Conversation, Message, Turn
from qinwen.clock import now
from staff import Role
from staff.audit import AuditFilter, find_rows
from tests.integration.test_knowledge_pages import (  # noqa: F401
    _quick_hashes,
    enter,
    fields_of,
    knowledge_database,
)
from web.console.gap_commands import show_gaps
from web.console.knowledge import make_room
from web.gap_job import GapKeeper
from web.gap_side import LedgerQuestions

WIFI = ("大厅的无线网密码是多少", "大厅无线网密码多少", "请问大厅无线网的密码")


@pytest.fixture
def ask(knowledge_database):  # noqa: F811
    """Write what some citizens asked, each in a conversation of their own, and how it ended."""

    def write(texts, outcome="not_found"):
        with knowledge_database.session() as session:
            for number, text in enumerate(texts):
                name = f"{abs(hash(text)) % 10**9}-{number}"
                session.add(Citizen(id=f"c{name}", channel="webchat", address=name, created_at=now()))
                session.flush()
                talk = Conversation(id=f"k{name}", citizen_id=f"c{name}", holder="bot", opened_at=now(), last_at=now())
                session.add(talk)
                session.flush()
                ids = {"conversation_id": talk.id, "citizen_id": talk.citizen_id}
                session.add(Turn(id=f"t{name}", message_id=name, state="done", outcome=outcome, started_at=now(), **ids))
                session.flush()
                session.add(Message(turn_id=f"t{name}", direction="in", author="citizen", text=text, created_at=now(), **ids))

    return write


@pytest.fixture
def keeper(settings, knowledge_database):  # noqa: F811
    return GapKeeper(make_room(settings, knowledge_database), LedgerQuestions(knowledge_database))


@pytest.fixture
def collected(ask, keeper):
    ask(WIFI)
    assert keeper.collect(now(), nightly=False)


def first_gap(page):
    return re.search(r'href="(/gaps/\d+)"', page)[1]


async def test_from_what_citizens_asked_to_a_draft_in_two_clicks(enter, collected, knowledge_database):  # noqa: F811
    editor = await enter("wang", Role.EDITOR)
    await editor.get("/gaps")
    assert "3 种问法" in editor.text
    gap = first_gap(editor.text)
    await editor.get(gap)
    for words in WIFI:
        assert words in editor.text
    answer = await editor.send(f"{gap}/faq")
    assert answer.status == 303
    await editor.get(answer.headers["Location"])
    fields = fields_of(editor.text)
    assert fields["question"] in WIFI
    assert sum(words in fields["similar"] for words in WIFI) == 2
    await editor.get("/gaps?state=drafted")
    assert gap in editor.text
    with knowledge_database.session() as session:
        assert [row.action for row in find_rows(session, AuditFilter(object="gap:1"))] == ["gap_drafted"]


async def test_wordings_are_added_to_an_entry(enter, collected):  # noqa: F811
    editor = await enter("wang", Role.EDITOR)
    await editor.get("/gaps/1")
    nothing = await editor.send("/gaps/1/wordings", entry="faq:parking", facet="")
    assert nothing.status == 422
    assert "请至少选一句" in editor.text
    answer = await editor.send("/gaps/1/wordings", entry="faq:parking", facet="", wording=list(WIFI[:2]))
    assert answer.headers["Location"] == "/knowledge/entries/faq:parking/edit"
    await editor.get(answer.headers["Location"])
    assert WIFI[0] in fields_of(editor.text)["similar"]
    assert (await editor.send("/gaps/1/wordings", entry="faq:none", facet="", wording=WIFI[0])).status == 404


async def test_a_gap_is_put_aside_taken_up_and_asked_again(enter, collected, keeper):  # noqa: F811
    editor = await enter("wang", Role.EDITOR)
    await editor.get("/gaps/1")
    assert (await editor.send("/gaps/1/ignore")).status == 303
    await editor.get("/gaps")
    assert "没有等着处理的问题" in editor.text
    await editor.get("/gaps?state=ignored&q=无线网&reason=unanswered&department=公安")
    assert editor.text.count("没有符合条件的") + editor.text.count('id="gaps"') == 1
    assert (await editor.send("/gaps/1/reopen")).status == 303
    assert (await editor.send("/gaps/1/recheck")).status == 303
    await editor.get("/gaps/1")
    assert "再问 3 句" in editor.text


async def test_who_may_only_read_gets_no_buttons_and_is_refused(enter, collected):  # noqa: F811
    analyst, agent = await enter("fen", Role.ANALYST), await enter("zuo", Role.AGENT)
    await analyst.get("/gaps/1")
    assert "用这些问法新建问答" not in analyst.text
    assert (await analyst.send("/gaps/1/ignore")).status == 403
    assert (await agent.get("/gaps")).status == 403
    assert (await analyst.get("/gaps/99")).status == 404
    assert (await analyst.get("/gaps/abc")).status == 404


async def test_another_department_s_gap_is_neither_listed_nor_opened(enter, ask, keeper):  # noqa: F811
    ask(["护照几天能拿到手"])
    keeper.collect(now(), nightly=False)
    elsewhere = await enter("zhou", Role.EDITOR, departments=("税务",))
    await elsewhere.get("/gaps")
    assert "没有等着处理的问题" in elsewhere.text
    assert (await elsewhere.get("/gaps/1")).status == 403
    assert (await elsewhere.send("/gaps/1/ignore")).status == 403


async def test_the_night_is_collected_once_and_two_processes_do_not_do_it_twice(settings, knowledge_database, ask):  # noqa: F811
    ask(WIFI)
    one, two = (GapKeeper(make_room(settings, knowledge_database), LedgerQuestions(knowledge_database)) for _ in range(2))
    at = now()
    assert [keeper.collect(at, nightly=True) for keeper in (one, two, one)] == [True, False, False]


async def test_collecting_on_demand_is_for_those_who_handle_gaps(enter):  # noqa: F811
    editor, analyst = await enter("wang", Role.EDITOR), await enter("fen", Role.ANALYST)
    await editor.get("/gaps")
    assert "还没有整理过" in editor.text
    assert (await editor.send("/gaps/collect")).status == 303
    await analyst.get("/gaps")
    assert (await analyst.send("/gaps/collect")).status == 403


async def test_markup_in_what_citizens_wrote_stays_text(enter, ask, keeper):  # noqa: F811
    ask(["<script>alert(1)</script>无线网密码是多少"])
    keeper.collect(now(), nightly=False)
    editor = await enter("wang", Role.EDITOR)
    for page in ("/gaps", "/gaps/1"):
        await editor.get(page)
        assert "<script>alert" not in editor.text
        assert "&lt;script&gt;alert" in editor.text


def test_the_command_shows_and_collects_gaps(settings, knowledge_database, ask, capsys):  # noqa: F811
    ask(WIFI)
    here = dataclasses.replace(settings, database_url=str(knowledge_database.engine.url))
    assert show_gaps(here, "open", 1, collect=True, as_json=False) == 0
    printed = capsys.readouterr().out
    assert "共 1 个" in printed
    assert "3 人 3 次" in printed
    assert show_gaps(here, "all", 1, collect=False, as_json=True) == 0
    assert json.loads(capsys.readouterr().out)["people"] == 3
