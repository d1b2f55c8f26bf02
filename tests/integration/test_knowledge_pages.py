"""The console's pages of knowledge over a real database: from a draft to what the citizen gets, and back."""

import html
import json
import re

import pytest
from sqlalchemy import select

import knowledge_base.models as tables
from knowledge_base import Answerer, Faq, Guide, Item, Knowledge, Publisher, Question
from knowledge_base.content import read_facets
from knowledge_base.history import answer_as_of
from qinwen.clock import now
from staff import Role
from staff.audit import AuditFilter, find_rows
from tests.staffing import Browser, hash_quickly, make_member
from tests.waiting import until
from web.console.knowledge import make_room
from web.console.knowledge.lab import LabPages

XSS = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"
PASSPORT = "/knowledge/entries/guide:passport:610000"
PARKING = "/knowledge/entries/faq:parking"


@pytest.fixture(autouse=True)
def _quick_hashes(monkeypatch):
    hash_quickly(monkeypatch)


@pytest.fixture
def knowledge_database(ledger_database):
    publisher = Publisher("none", lambda _: None)
    fixed = {"department": "公安", "case_lookup": True, "type": "行政许可", "handling": "承诺件", "served": ("自然人",),
             "authority_level": "县级", "topic": "证件", "venue": "police"}  # fmt: skip
    facets = {
        "fee": {"text": "每本120元。", "asked": ["护照要多少钱"]},
        "place": {"text": "任意窗口。", "asked": ["护照去哪儿办"]},
    }
    with ledger_database.session() as session:
        session.add(tables.KnowledgeRevision(id=1, number=0))
        session.flush()
        publisher.publish_item(session, Item("passport", "普通护照签发", "办护照", aliases=("护照",), **fixed))
        publisher.publish_guide(session, Guide("passport", "610000", read_facets(facets, "测试")), author="示例")
        publisher.publish_faq(session, Faq("parking", "政务大厅有停车场吗", "有，在地下一层。"), author="示例")
    return ledger_database


@pytest.fixture
async def enter(staff, knowledge_database, aiohttp_client):
    """Sign a member of some roles in; each gets a browser of their own."""

    async def come(login, *roles, **scope):
        make_member(knowledge_database, login, *roles, **scope)
        browser = Browser(await aiohttp_client(staff.server))
        await browser.sign_in(login)
        return browser

    return come


def fields_of(page):
    """Give what the editor's form would send."""
    form = re.search(r'<form[^>]* id="editor".*?</form>', page, re.DOTALL)[0]
    fields = {}
    for tag in re.findall(r"<input[^>]*>", form):
        name, value = (re.search(rf'{a}="([^"]*)"', tag) for a in ("name", "value"))
        if name and not ('type="checkbox"' in tag and " checked" not in tag):
            fields[name[1]] = html.unescape(value[1]) if value else ""
    for name, value in re.findall(r'<textarea[^>]*name="([^"]*)"[^>]*>(.*?)</textarea>', form, re.DOTALL):
        fields[name] = html.unescape(value)
    for name, options in re.findall(r'<select[^>]*name="([^"]*)"[^>]*>(.*?)</select>', form, re.DOTALL):
        chosen = re.search(r'<option(?: value="([^"]*)")? selected>([^<]*)<', options)
        fields[name] = html.unescape((chosen[1] if chosen[1] is not None else chosen[2]) if chosen else "")
    fields.pop("csrf_token", None)
    return fields


async def write(browser, place, **changes):
    """Open the draft, change the form, save it."""
    assert (await browser.send(f"{place}/draft")).status == 303
    await browser.get(f"{place}/edit")
    fields = {**fields_of(browser.text), **changes}
    assert (await browser.send(f"{place}/edit", **fields)).status == 303
    await browser.get(f"{place}/edit")
    return fields_of(browser.text)


async def replay(browser, place):
    await browser.get(f"{place}/review")
    assert (await browser.send(f"{place}/impact")).status == 303

    async def done():
        await browser.get(f"{place}/impact")
        return "impact-result" in browser.text or "alert-danger" in browser.text

    await until(done)
    shown = browser.text
    await browser.get(f"{place}/review")
    return shown


def revision(page):
    return re.search(r'name="revision" value="(\d+)"', page)[1]


def answered(database, text="护照要多少钱"):
    answerer = Answerer(Knowledge(database, "none"), None)
    return "\n".join(reply.text for reply in answerer.answer(Question(text, None, {"ask_fee": 0.9})).replies)


async def test_a_fee_goes_from_the_editor_over_the_reviewer_to_the_citizen_and_back(enter, knowledge_database):
    editor, reviewer = await enter("wang", Role.EDITOR), await enter("lili", Role.REVIEWER)
    fields = await write(editor, PASSPORT, **{"facets.fee.text": "每本160元。", "reason": "收费标准调整"})
    assert fields["facets.fee.text"] == "每本160元。"
    await editor.get(f"{PASSPORT}/preview")
    replies = json.loads(html.unescape(re.search(r'data-replies="([^"]*)"', editor.text)[1]))
    assert "每本160元。" in "".join(one["reply"]["text"] for one in replies)
    assert "120元" in answered(knowledge_database)
    await editor.get(f"{PASSPORT}/edit")
    assert (await editor.send(f"{PASSPORT}/submit", **fields_of(editor.text))).status == 303
    told = await replay(reviewer, PASSPORT)
    assert "每本120元" in told
    assert "每本160元" in told
    answer = await reviewer.send(f"{PASSPORT}/approve", revision=revision(reviewer.text))
    assert (answer.status, answer.headers["Location"]) == (303, PASSPORT)
    assert "160元" in answered(knowledge_database)
    await reviewer.get(f"{PASSPORT}/history")
    assert "收费标准调整" in reviewer.text
    assert (await reviewer.send(f"{PASSPORT}/roll-back", number="1", reason="文件作废")).status == 303
    assert "120元" in answered(knowledge_database)
    with knowledge_database.session() as session:
        actions = [row.action for row in find_rows(session, AuditFilter(object="entry:guide:passport:610000"))]
        assert actions == ["entry_rolled_back", "entry_published", "draft_submitted", "draft_begun"]
        stored = session.scalars(select(tables.EntryVersion.approver).order_by(tables.EntryVersion.recorded_at)).all()
        assert "lili" in stored


async def test_lists_are_added_to_ordered_and_shortened_without_a_script(enter):
    editor = await enter("wang", Role.EDITOR)
    await write(editor, PASSPORT)
    path = "facets.materials.list"
    for name in ("身份证", "照片", "申请表"):
        await editor.send(f"{PASSPORT}/edit", **fields_of(editor.text), do=f"add|{path}")
        fields = fields_of(editor.text)
        last = max(int(key.split(".")[3]) for key in fields if key.startswith(f"{path}."))
        assert (await editor.send(f"{PASSPORT}/edit", **{**fields, f"{path}.{last}.name": name})).status == 303
        await editor.get(f"{PASSPORT}/edit")
    await editor.send(f"{PASSPORT}/edit", **fields_of(editor.text), do=f"up|{path}|2")
    await editor.send(f"{PASSPORT}/edit", **fields_of(editor.text), do=f"remove|{path}|0")
    fields = fields_of(editor.text)
    assert [fields[f"{path}.{n}.name"] for n in range(2)] == ["申请表", "照片"]
    assert f"{path}.2.name" not in fields
    assert (await editor.send(f"{PASSPORT}/edit", **fields, do=f"remove|{path}|9")).status == 422


async def test_saving_by_itself_gets_only_the_mark_back(enter):
    editor = await enter("wang", Role.EDITOR)
    fields = await write(editor, PARKING, answer="没有了。")
    answer = await editor.send(f"{PARKING}/edit", headers={"HX-Request": "true", "HX-Trigger": "editor"}, **fields)
    assert answer.status == 200
    assert editor.text.startswith('<p id="saved"')
    assert '<div id="completeness" hx-swap-oob="true">' in editor.text
    answer = await editor.send(f"{PARKING}/edit", headers={"HX-Request": "true", "HX-Trigger": "editor"}, **fields)
    assert answer.status == 409
    assert "alert" in editor.text


async def test_two_editors_at_once_see_both_sides_and_lose_nothing(enter):
    wang, zhao = await enter("wang", Role.EDITOR), await enter("zhao", Role.EDITOR)
    early = await write(wang, PARKING)
    await write(zhao, PARKING, answer="赵写的答案")
    answer = await wang.send(f"{PARKING}/edit", **{**early, "answer": "王写的答案"})
    assert answer.status == 409
    assert "赵写的答案" in wang.text
    assert "王写的答案" in wang.text
    assert (await wang.send(f"{PARKING}/edit", **fields_of(wang.text))).status == 303
    await zhao.get(f"{PARKING}/edit")
    assert fields_of(zhao.text)["answer"] == "王写的答案"


async def test_nobody_approves_their_own_work_or_without_a_replay(enter):
    both, reviewer = await enter("wang", Role.EDITOR, Role.REVIEWER), await enter("lili", Role.REVIEWER)
    fields = await write(both, PARKING, answer="没有了。")
    await both.send(f"{PARKING}/submit", **fields)
    await both.get(f"{PARKING}/review")
    assert "要请另一位同事来审" in both.text
    assert (await both.send(f"{PARKING}/approve", revision=fields["revision"])).status == 422
    await reviewer.get(f"{PARKING}/review")
    assert (await reviewer.send(f"{PARKING}/approve", revision=revision(reviewer.text))).status == 422
    assert "影响分析" in reviewer.text
    assert (await reviewer.send(f"{PARKING}/return", revision=revision(reviewer.text), words="请写依据")).status == 303
    await both.get(f"{PARKING}/review")
    assert "请写依据" in both.text


async def test_scope_holds_for_entries(enter):
    elsewhere = await enter("zhou", Role.EDITOR, departments=("税务",))
    assert (await elsewhere.send(f"{PASSPORT}/draft")).status == 403
    agent = await enter("agent", Role.AGENT)
    assert (await agent.get(PASSPORT)).status == 200
    assert (await agent.send(f"{PASSPORT}/draft")).status == 403
    assert (await agent.send(f"{PASSPORT}/impact")).status in {403, 404}


async def test_a_new_faq_is_begun_written_and_found_in_the_list(enter):
    editor = await enter("wang", Role.EDITOR)
    await editor.get("/knowledge/new?kind=faq&question=大厅坐几号线")
    assert "大厅坐几号线" in editor.text
    bad = await editor.send("/knowledge/new", kind="faq", id="坐 车", question="大厅坐几号线", region="610000")
    assert bad.status == 422
    good = await editor.send("/knowledge/new", kind="faq", id="metro", question="大厅坐几号线", region="610000")
    assert good.headers["Location"] == "/knowledge/entries/faq:metro/edit"
    assert (await editor.send("/knowledge/new", kind="faq", id="metro", question="x", region="610000")).status == 422
    assert (await editor.send("/knowledge/new", kind="guide", item="nothing", region="610000")).status == 422
    await editor.get("/knowledge?q=几号线")
    assert "faq:metro" in editor.text
    await editor.get(
        "/knowledge?state=live&kind=guide&region=610000&department=公安&due=soon&order=due&incomplete=yes&draft=draft"
    )
    assert "没有符合条件的条目" in editor.text
    assert (await editor.get("/knowledge?order=due&after=nonsense")).status == 200


async def test_an_entry_is_taken_back_with_a_reason(enter, knowledge_database):
    reviewer = await enter("lili", Role.REVIEWER)
    await reviewer.get(PARKING)
    assert (await reviewer.send(f"{PARKING}/withdraw", reason="")).status == 422
    await reviewer.get(PARKING)
    assert (await reviewer.send(f"{PARKING}/withdraw", reason="拆了")).status == 303
    assert "地下一层" not in answered(knowledge_database, "政务大厅有停车场吗")
    await reviewer.get(PARKING)
    assert "已撤下" in reviewer.text


async def test_the_laboratory_explains_and_puts_a_wording_into_a_draft(enter):
    editor = await enter("wang", Role.EDITOR)
    await editor.get("/knowledge/lab?q=护照要多少钱")
    for words in ("归我们管的概率", "问题里直接有它的名字", "第二名事项"):
        assert words in editor.text
    await editor.get("/knowledge/lab?q=大厅那里汽车往哪儿搁&entry=faq:parking&wording=大厅那里汽车往哪儿搁")
    assert "就由 faq:parking 回答" in editor.text
    answer = await editor.send("/knowledge/lab/wording", entry="faq:parking", wording="大厅那里汽车往哪儿搁", facet="")
    assert answer.headers["Location"] == f"{PARKING}/edit"
    await editor.get(f"{PARKING}/edit")
    assert "大厅那里汽车往哪儿搁" in fields_of(editor.text)["similar"]
    assert (await editor.get("/knowledge/lab?q=护照&entry=faq:nothing")).status == 422
    assert (await editor.get("/knowledge/lab?q=护照&entry=faq:parking&facet=taste")).status == 422


async def test_the_past_is_answered_on_a_page(enter):
    analyst = await enter("fen", Role.ANALYST)
    await analyst.get("/knowledge/as-of?q=护照要多少钱&valid=2999-01-01")
    assert "每本120元" in analyst.text
    await analyst.get("/knowledge/as-of?q=护照要多少钱&valid=2001-01-01")
    assert "每本120元" not in analyst.text
    assert (await analyst.get("/knowledge/as-of?q=护照&valid=三月三")).status == 422
    await analyst.get(f"{PASSPORT}/history?valid=2999-01-01")
    assert "用的是第 1 版" in analyst.text
    assert (await analyst.get(f"{PASSPORT}/history?valid=x")).status == 422
    assert (await analyst.get(f"{PASSPORT}/history?older=7&newer=9")).status == 404


async def test_markup_in_every_field_stays_text(enter):
    editor, reviewer = await enter("wang", Role.EDITOR), await enter("lili", Role.REVIEWER)
    await editor.send(f"{PASSPORT}/draft")
    await editor.get(f"{PASSPORT}/edit")
    fields = {
        name: value if name == "revision" or name.startswith("valid") or name == "review_due_on" else XSS
        for name, value in fields_of(editor.text).items()
    }
    assert (await editor.send(f"{PASSPORT}/edit", **fields)).status == 303
    pages = [f"{PASSPORT}/{page}" for page in ("edit", "review", "differences", "history", "impact")]
    pages += [
        PASSPORT,
        f"/knowledge?q={XSS.replace('&', '')}",
        f"/knowledge/lab?q={XSS}",
        f"/knowledge/as-of?q={XSS}&valid={XSS}",
    ]
    for page in pages:
        for browser in (editor, reviewer):
            await browser.get(page)
            assert "<script>alert" not in browser.text, page
            assert "<img src=x" not in browser.text, page


async def test_an_unknown_entry_and_a_missing_draft_say_so(enter):
    editor = await enter("wang", Role.EDITOR)
    for page in ("", "/history", "/edit", "/review", "/preview", "/impact", "/differences"):
        assert (await editor.get(f"/knowledge/entries/faq:nothing{page}")).status == 404
    for page in ("/edit", "/review", "/preview", "/impact", "/differences"):
        assert (await editor.get(f"{PARKING}{page}")).status == 404
    assert (await editor.send(f"{PARKING}/discard", revision="1")).status == 404


async def test_a_draft_can_be_recalled_and_thrown_away(enter):
    editor = await enter("wang", Role.EDITOR)
    fields = await write(editor, PARKING, answer="没有了。")
    await editor.send(f"{PARKING}/submit", **fields)
    await editor.get(f"{PARKING}/edit")
    assert "先撤回才能改" in editor.text
    assert (await editor.send(f"{PARKING}/recall", revision=revision(editor.text))).status == 303
    await editor.get(f"{PARKING}/edit")
    assert (await editor.send(f"{PARKING}/discard", revision=revision(editor.text))).status == 303
    assert (await editor.get(f"{PARKING}/edit")).status == 404


async def test_a_question_becomes_a_negative_example_in_one_click_and_is_taken_back(enter, knowledge_database):
    editor, reviewer = await enter("wang", Role.EDITOR), await enter("lili", Role.REVIEWER)
    await editor.get("/knowledge/lab?q=政务大厅有停车场吗")
    assert "记为反例" in editor.text
    answer = await editor.send("/knowledge/lab/negative", entry="faq:parking", facet="", text="政务大厅有停车场吗", region="")
    assert answer.status == 303
    assert "地下一层" not in answered(knowledge_database, "政务大厅有停车场吗")
    await editor.get(answer.headers["Location"])
    assert "不许" in editor.text
    await reviewer.get("/knowledge/lab?q=政务大厅有停车场吗")
    assert (await reviewer.send("/knowledge/lab/negative/remove", negative="1", text="x", region="")).status == 403
    assert (await editor.send("/knowledge/lab/negative/remove", negative="1", text="x", region="")).status == 303
    assert "地下一层" in answered(knowledge_database, "政务大厅有停车场吗")
    assert (await editor.send("/knowledge/lab/negative/remove", negative="x", text="x", region="")).status == 404


async def test_the_laboratory_shows_what_the_engine_makes_of_the_question(settings, knowledge_database):
    room = make_room(settings, knowledge_database, reader=lambda text: {"ask_fee": 0.9, "ask_place": 0.1} if text else {})
    told, _ = LabPages(room)._explain("护照要多少钱", "", {})
    assert told.intents == (("ask_fee", 0.9), ("ask_place", 0.1))


def test_what_was_answered_on_a_day_is_the_same_to_the_byte(knowledge_database):
    """The answer of then and the answer as of then: words, cards, sources, choices, after an edit, a withdrawal and a new FAQ."""
    publisher = Publisher("none", lambda _: None)
    questions = ("护照要多少钱", "护照去哪儿办", "政务大厅有停车场吗", "护照怎么办", "今天天气")

    def asked(answerer):
        return [repr(answerer(Question(text, regions=()))) for text in questions]

    live = Answerer(Knowledge(knowledge_database, "none"), None)
    then, before = now(), asked(live.answer)
    with knowledge_database.session() as session:
        facets = read_facets({"fee": {"text": "每本160元。", "asked": ["护照要多少钱"]}}, "测试")
        publisher.publish_guide(session, Guide("passport", "610000", facets), author="王")
        publisher.withdraw(session, "faq:parking", author="王", reason="拆了")
        publisher.publish_faq(session, Faq("photo", "护照要照片吗", "要。", "passport"), author="王")
    assert asked(live.answer) != before
    assert asked(lambda question: answer_as_of(knowledge_database, None, question, then, then)) == before
