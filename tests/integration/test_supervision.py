"""The supervisors' pages on the real application: what they show, what they change, what is refused in words, and whose it is."""

import csv
import io
import re
from datetime import timedelta

import pytest

from conversations import CitizenMessage
from desk import (
    CloseOutcome,
    Closing,
    Desk,
    HandoffReason,
    HandoffRequest,
    Presence,
    RatingGiven,
    RatingLevel,
    RatingTarget,
    find_staffing,
    hours_from_json,
    is_guest,
    list_macros,
    list_queue,
    list_reviews,
    rate,
    read_bad_rating,
    read_desk,
    read_handling,
    save_desk,
    set_presence,
    staff_desk,
)
from knowledge_base import faq_id, read_draft
from qinwen.clock import now
from qinwen.replies import Reply
from staff import Role
from staff.audit import AuditFilter, find_rows
from tests.staffing import Browser, hash_quickly, make_member

ALWAYS = hours_from_json({"week": [["00:00-24:00"]] * 7, "works_on_holidays": True})


@pytest.fixture(autouse=True)
def _quick_hashes(monkeypatch):
    hash_quickly(monkeypatch)


@pytest.fixture
def do(ledger_database):
    def run(work, *arguments, **more):
        with ledger_database.session() as session:
            return work(session, *arguments, **more)

    return run


@pytest.fixture
def people(ledger_database, do):
    """Two desks, an agent at the first, a supervisor of everything, and one of the police only."""
    made = {
        "agent": make_member(ledger_database, "an.agent", Role.AGENT),
        "other": make_member(ledger_database, "bai.agent", Role.AGENT),
        "lead": make_member(ledger_database, "lead", Role.SUPERVISOR),
        "police": make_member(ledger_database, "police.lead", Role.SUPERVISOR, departments=("公安",), regions=("610100",)),
    }
    do(save_desk, Desk("one", "一号服务台", "610100", ALWAYS, department="人社", items=("social-card",)))
    do(save_desk, Desk("two", "二号服务台", "610100", ALWAYS, department="公安"))
    for name in ("agent", "other"):
        do(staff_desk, "one", made[name].id)
        do(set_presence, made[name].id, Presence.ONLINE, now())
    return made


@pytest.fixture
async def lead(staff, people):
    browser = Browser(staff)
    await browser.sign_in("lead")
    return browser


@pytest.fixture
def asked(hub, service_desk, people):
    """Let a citizen ask for a person; gives citizen, conversation and handling."""

    async def make(name="wang", text="社保卡丢了咋办"):
        citizen = await hub.open_citizen("webchat", name)
        finished = await hub.take(CitizenMessage(citizen, f"{name}-1", text))
        request = HandoffRequest(
            finished.conversation, citizen, HandoffReason.ASKED, "转人工", item="social-card", region="610100"
        )
        await service_desk.hand_over(request)
        handlings = await service_desk.do(lambda s: list_queue(s, ["one"]))
        handling = next(one for one in handlings if one.citizen == citizen)
        return citizen, finished.conversation, handling.id

    return make


@pytest.fixture
def served(asked, service_desk, people):
    """Let an agent serve a citizen to the end."""

    async def make(name="wang", words="您好，带身份证到网点，当场就能补。", level=None):
        citizen, conversation, handling = await asked(name)
        await service_desk.claim(handling, people["agent"].id)
        await service_desk.send(handling, people["agent"].id, f"c-{name}", Reply("text", words))
        await service_desk.close(handling, people["agent"].id, Closing(CloseOutcome.RESOLVED, 10**9))
        if level:
            given = RatingGiven(citizen, conversation, RatingTarget.AGENT, handling, level, ("slow",) if level.is_bad else ())
            await service_desk.do(lambda s: rate(s, given, now()))
        return handling

    return make


async def become(browser, login):
    await browser.send("/logout")
    await browser.sign_in(login)


def audited(do, action):
    return [row.object for row in do(find_rows, AuditFilter(action=action))]


async def test_the_board_shows_who_waits_and_who_is_there(lead, asked, people):
    await lead.get("/supervise")
    assert "现在没有人排队" in lead.text
    _, _, handling = await asked()
    await lead.get("/supervise/board")
    assert f"/supervise/conversations/{handling}" in lead.text
    assert "an.agent 的姓名" in lead.text
    assert "<html" not in lead.text


async def test_the_board_says_within_a_moment_that_something_changed(lead, asked, staff):
    await lead.get("/supervise")
    answer = await staff.get("/supervise/events")
    assert answer.headers["Content-Type"] == "text/event-stream"
    assert await answer.content.readline() == b"retry: 3000\n"
    await asked()
    while not (line := await answer.content.readline()).startswith(b"event"):
        assert line
    assert line == b"event: changed\n"
    answer.close()


async def test_a_supervisor_sees_only_their_desks(staff, people, asked, do):
    _, _, handling = await asked()
    browser = Browser(staff)
    await browser.sign_in("police.lead")
    await browser.get("/supervise")
    assert "二号服务台" in browser.text
    assert "一号服务台" not in browser.text
    assert (await browser.get(f"/supervise/conversations/{handling}")).status == 403
    assert (await browser.get("/supervise/desks/one")).status == 403
    assert (await browser.get("/supervise/desks/two")).status == 200
    for path in (f"conversations/{handling}/take-over", f"conversations/{handling}/join"):
        assert (await browser.send(f"/supervise/{path}")).status == 403
    assert (await browser.send(f"/supervise/conversations/{handling}/move", to="two")).status == 403
    assert (await browser.send("/supervise/desks/one/agents", agent=people["other"].id)).status == 403
    assert do(read_handling, handling).agent is None


async def test_a_supervisor_joins_takes_over_and_moves(lead, asked, people, service_desk, do):
    _, _, handling = await asked()
    place = f"/supervise/conversations/{handling}"
    await lead.get(place)
    assert "社保卡丢了咋办" in lead.text
    assert audited(do, "desk_conversation_read") == [f"handling:{handling}"]
    assert (await lead.send(f"{place}/join")).status == 409
    await service_desk.claim(handling, people["agent"].id)
    assert (await lead.send(f"{place}/join")).status == 303
    assert do(is_guest, handling, people["lead"].id)
    assert (await lead.send(f"{place}/move", to=f"one/{people['other'].id}", note="请接着办")).status == 303
    assert do(read_handling, handling).agent == people["other"].id
    assert (await lead.send(f"{place}/take-over")).status == 303
    assert do(read_handling, handling).agent == people["lead"].id
    assert (await lead.send(f"{place}/move", to="nowhere")).status == 404
    assert (await lead.send(f"{place}/move", to="two")).status == 303
    assert do(read_handling, handling).desk == "two"
    assert set(audited(do, "desk_taken_over") + audited(do, "desk_moved")) == {f"handling:{handling}"}


async def test_all_that_an_absent_agent_holds_goes_back_or_to_another(lead, asked, people, service_desk, do):
    handlings = [(await asked(name))[2] for name in ("wang", "li")]
    for handling in handlings:
        await service_desk.claim(handling, people["agent"].id)
    do(set_presence, people["agent"].id, Presence.AWAY, now())
    await lead.get("/supervise")
    assert "调走" in lead.text
    await lead.send(f"/supervise/agents/{people['agent'].id}/reassign", to=people["other"].id)
    assert {do(read_handling, handling).agent for handling in handlings} == {people["other"].id}
    await lead.send(f"/supervise/agents/{people['other'].id}/reassign", to="")
    assert {do(read_handling, handling).agent for handling in handlings} == {None}


DESK_FORM = {
    "code": "three", "name": "三号服务台", "department": "医保", "region": "610100", "parent": "one", "active": "yes",
    **{f"day{number}": "9:00-12:00 13:00-17:30" for number in range(5)}, "day5": "", "day6": "", "make_up_like": "4",
    "exceptions": "2026-10-01至2026-10-03 休息\n2026-10-08 10:00-16:00", "items": "", "capacity": "2",
    "first_reply": "3", "overflow_after": "5", "silent_after": "1.5", "answer_days": "2",
}  # fmt: skip


async def test_a_desk_is_made_changed_and_shown_as_it_was_typed(lead, do):
    await lead.get("/supervise/desks/new")
    assert (await lead.send("/supervise/desks/new", **DESK_FORM)).status == 303
    desk = do(read_desk, "three")
    assert (desk.capacity, desk.silent_after, desk.first_reply, desk.parent) == (2, 90, 180, "one")
    assert [f"{span.start:%H:%M}" for span in desk.hours.week[0]] == ["09:00", "13:00"]
    assert desk.hours.make_up_like == 4
    assert [str(day) for day, spans in desk.hours.exceptions.items() if not spans] == ["2026-10-01", "2026-10-02", "2026-10-03"]
    await lead.get("/supervise/desks/three")
    assert "2026-10-08 10:00-16:00" in lead.text
    assert (await lead.send("/supervise/desks/three", **{**DESK_FORM, "active": "", "day0": "休息"})).status == 303
    assert not do(read_desk, "three").active
    assert audited(do, "desk_added") == audited(do, "desk_changed") == ["desk:three"]


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("code", "三号", "小写字母开头"),
        ("code", "one", "已经有服务台用了"),
        ("name", "", "名称"),
        ("region", "999999", "行政区划"),
        ("department", "不存在", "没有「不存在」这个部门"),
        ("parent", "nowhere", "没有这个服务台"),
        ("day0", "九点到十二点", "周一的时段"),
        ("day0", "13:00-17:00 09:00-12:00", "要按先后写"),
        ("day0", "25:00-26:00", "服务时间要写成"),
        ("exceptions", "十月一日 休息", "看不懂"),
        ("exceptions", "2026-10-07至2026-10-01 休息", "结束要在开始之后"),
        ("items", "nothing", "没有这个事项"),
        ("capacity", "99", "1 到 20"),
        ("capacity", "三", "同时接待"),
        ("first_reply", "0", "首次回复"),
        ("answer_days", "1.5", "答复留言"),
    ],
)
async def test_what_cannot_be_is_said_in_words_and_what_was_typed_stays(lead, do, field, value, words):
    await lead.get("/supervise/desks/new")
    answer = await lead.send("/supervise/desks/new", **{**DESK_FORM, field: value})
    assert answer.status == 422
    assert words in lead.text
    assert "2026-10-01至" in lead.text or field == "exceptions"
    assert audited(do, "desk_added") == []


async def test_a_supervisor_of_a_department_makes_desks_of_it_alone(staff, people):
    browser = Browser(staff)
    await browser.sign_in("police.lead")
    await browser.get("/supervise/desks/new")
    for change in ({"department": "人社"}, {"department": ""}, {"department": "公安", "region": "610300"}):
        assert (await browser.send("/supervise/desks/new", **{**DESK_FORM, "parent": "", **change})).status == 422
        assert "管辖范围" in browser.text
    assert (await browser.send("/supervise/desks/new", **{**DESK_FORM, "parent": "", "department": "公安"})).status == 303


async def test_desks_are_found_by_name_code_and_department(lead):
    for words in ("二号", "two", "公安"):
        await lead.get(f"/supervise/desks?q={words}")
        assert 'href="/supervise/desks/two"' in lead.text
        assert 'href="/supervise/desks/one"' not in lead.text
    await lead.get("/supervise/desks?q=没有的&page=9")
    assert "没有符合条件的服务台" in lead.text


async def test_agents_are_put_to_a_desk_and_taken_away(lead, people, do):
    await lead.get("/supervise/desks/two")
    agents = "/supervise/desks/two/agents"
    assert (await lead.send(agents, agent=people["agent"].id, capacity="5")).status == 303
    assert [(one.agent, one.capacity) for one in do(find_staffing, ["two"])] == [(people["agent"].id, 5)]
    for fields in (
        {"agent": "nobody"},
        {"agent": people["other"].id, "capacity": "很多"},
        {"agent": people["other"].id, "capacity": "0"},
    ):
        assert (await lead.send(agents, **fields)).status == 422
    assert (await lead.send(f"{agents}/{people['agent'].id}/remove")).status == 303
    assert do(find_staffing, ["two"]) == []


async def test_macros_are_written_with_variables_and_refused_in_words(lead, do):
    await lead.get("/supervise/macros")
    assert "还没有常用语" in lead.text
    assert (await lead.send("/supervise/macros", title="开场", text="您好，这里是{服务台}。", desk="", id="")).status == 303
    assert (await lead.send("/supervise/macros", title="错的", text="您好{名字}", desk="one", id="")).status == 422
    assert "花括号里只能写" in lead.text
    (macro,) = do(list_macros, ["one"])
    await lead.send("/supervise/macros", title="开场白", text=macro.text, desk="one", id=str(macro.id))
    assert do(list_macros, ["one"])[0].title == "开场白"
    await lead.get("/supervise/macros?q=没有这样的")
    assert "没有符合条件" in lead.text
    assert (await lead.send(f"/supervise/macros/{macro.id}/delete")).status == 303
    assert do(list_macros, ["one"]) == []


@pytest.mark.parametrize("way", ["desk", "agent", "day"])
async def test_a_report_has_the_figures_of_hand_made_services_with_their_definitions(lead, served, way):
    await served("wang", level=RatingLevel.GOOD)
    await served("li", level=RatingLevel.VERY_BAD)
    await lead.get(f"/supervise/reports?by={way}")
    assert "一号服务台" in lead.text
    assert "2.50" in lead.text
    assert "50%" in lead.text
    assert "从市民要求人工，到坐席发出第一条消息" in lead.text


async def test_an_exported_report_has_the_same_rows_and_runs_nothing_in_a_spreadsheet(lead, served, do):
    do(save_desk, Desk("evil", "=HYPERLINK(1)", "610100", ALWAYS))
    await served()
    answer = await lead.get("/supervise/reports.csv?by=desk")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    rows = list(csv.reader(io.StringIO(lead.text.lstrip("\ufeff"))))
    assert rows[0][:2] == ["服务台", "要求人工"]
    assert ["一号服务台", "1", "1"] in [row[:3] for row in rows]
    assert "'=HYPERLINK(1)" in [row[0] for row in rows]
    assert rows[-1][0] == "合计"
    assert audited(do, "desk_report_exported") == ["report:desk"]


async def test_a_bad_rating_is_given_out_followed_up_and_finished(lead, served, people, do):
    await served(level=RatingLevel.BAD)
    await lead.get("/supervise/ratings")
    assert "等太久" in lead.text
    place = "/supervise/ratings/1"
    await lead.get(place)
    assert (await lead.send(f"{place}/owner", owner=people["agent"].id)).status == 422
    assert "不能自己回访" in lead.text
    assert (await lead.send(f"{place}/contact", contact="打了电话")).status == 409
    assert (await lead.send(f"{place}/owner", owner=people["lead"].id)).status == 303
    assert (await lead.send(f"{place}/resolution", resolution="改了")).status == 422
    assert (await lead.send(f"{place}/contact", contact="打 13900001111 问过，说等了半小时")).status == 303
    assert "13900001111" not in do(read_bad_rating, 1).contact
    assert (await lead.send(f"{place}/resolution", resolution="加了一位坐席")).status == 303
    await lead.get("/supervise/ratings?state=done")
    assert place in lead.text
    await lead.get("/supervise/ratings?state=late")
    assert "没有超期的差评" in lead.text


async def test_an_agent_appeals_once_and_a_supervisor_decides(lead, served):
    await served(level=RatingLevel.BAD)
    await become(lead, "an.agent")
    await lead.get("/my-service")
    assert "等太久" in lead.text
    assert (await lead.send("/my-service/1/appeal", text="")).status == 422
    assert (await lead.send("/my-service/1/appeal", text="市民点错了，后来说很满意")).status == 303
    assert (await lead.send("/my-service/1/appeal", text="再来")).status == 409
    await become(lead, "lead")
    await lead.get("/supervise/ratings?state=appeal")
    assert "/supervise/ratings/1" in lead.text
    assert (await lead.send("/supervise/ratings/1/appeal", decision="maybe")).status == 422
    assert (await lead.send("/supervise/ratings/1/appeal", decision="upheld")).status == 303
    await lead.get("/supervise/reports")
    assert "—" in lead.text  # no rating that counts


async def test_somebody_elses_bad_rating_is_not_appealed(staff, served):
    await served(level=RatingLevel.BAD)
    browser = Browser(staff)
    await browser.sign_in("bai.agent")
    assert (await browser.send("/my-service/1/appeal", text="帮他申诉")).status == 403


async def test_quality_is_drawn_by_chance_scored_with_the_form_and_read_by_the_agent(lead, served, people, do):
    day = now().date()
    span = {"from": str(day - timedelta(days=1)), "to": str(day + timedelta(days=1)), "desk": ""}
    await lead.get("/supervise/quality")
    assert (await lead.send("/supervise/quality", count="5", **span)).status == 422
    assert "没有可以抽的会话" in lead.text
    for name in ("wang", "li", "zhao"):
        await served(name)
    assert (await lead.send("/supervise/quality", count="很多", **span)).status == 422
    assert (await lead.send("/supervise/quality", count="2", **span)).status == 303
    reviews, total = do(list_reviews)
    assert total == 2
    place = f"/supervise/quality/{reviews[0].id}"
    await lead.get(place)
    assert "带身份证到网点" in lead.text
    grades = {"accurate": "2", "complete": "2", "kind": "1", "quick": "2", "careful": "0"}
    assert (await lead.send(place, note="", **grades)).status == 422
    assert (await lead.send(place, note="没有问清楚就结束", **{**grades, "kind": ""})).status == 422
    assert (await lead.send(place, note="没有核实身份", **grades)).status == 303
    assert do(list_reviews, done=True)[0][0].score == 80
    assert (await lead.send(place, note="没有核实身份", **grades)).status == 409
    assert (await lead.send(f"/supervise/quality/{reviews[1].id}/drop")).status == 303
    await become(lead, "an.agent")
    await lead.get("/my-service")
    assert "80 分" in lead.text
    assert "没有核实身份" in lead.text
    assert do(list_reviews, done=True)[0][0].seen_at is not None


async def test_answers_that_recur_become_drafts_for_editors_and_single_ones_do_not(lead, served, do):
    for number in range(3):
        await served(f"c{number}", f"社保卡补办要带身份证原件，到任意一个合作银行网点都行，大约{number + 1}个工作日。")
    await served("once", "您的情况比较特殊，需要先到户籍地的派出所开一份证明。")
    await lead.get("/supervise/recurring")
    assert "合作银行网点" in lead.text
    assert "户籍地的派出所" not in lead.text
    (given,) = re.findall(r'action="(/supervise/recurring/[0-9a-f]+)"', lead.text)
    assert (await lead.send(given)).status == 303
    await lead.get("/supervise/recurring")
    assert "已交给编辑" in lead.text
    draft = do(read_draft, faq_id(f"desk-{given.rpartition('/')[2]}"))
    assert (draft.body["question"], draft.saved_by) == ("社保卡丢了咋办", "lead")
    assert "合作银行网点" in draft.body["answer"]
    assert (await lead.send("/supervise/recurring/0000")).status == 404


async def test_the_page_on_waiting_shows_method_plot_and_table(lead):
    await lead.get("/supervise/waiting")
    assert "<svg" in lead.text
    assert "先推演" in lead.text
    assert "十人，过载" in lead.text
    assert "style=" not in lead.text


async def test_the_boards_lists_are_searched_and_come_in_pages(lead, asked, monkeypatch):
    monkeypatch.setattr("web.console.supervision.board._SIZE", 2)
    citizens = [(await asked(name))[0] for name in ("wang", "li", "zhao")]
    await lead.get("/supervise")
    shown = [citizen for citizen in citizens if f"市民 {citizen[:6]}" in lead.text]
    assert (len(shown), "第 1 页，共 2 页" in lead.text) == (2, True)
    await lead.get("/supervise?queue_page=2")
    (rest,) = [citizen for citizen in citizens if f"市民 {citizen[:6]}" in lead.text]
    assert rest not in shown
    await lead.get(f"/supervise?q={rest[:6]}")
    assert [citizen for citizen in citizens if f"市民 {citizen[:6]}" in lead.text] == [rest]
    # the part that is fetched again is the same one
    await lead.get(f"/supervise/board?q={rest[:6]}")
    assert [citizen for citizen in citizens if f"市民 {citizen[:6]}" in lead.text] == [rest]
    await lead.get("/supervise?q=没有这样的")
    assert "没有符合条件的" in lead.text
