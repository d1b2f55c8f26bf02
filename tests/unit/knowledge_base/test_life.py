"""From a draft to a version and back: who may do what, and what nobody can overwrite."""

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
from sqlalchemy import select

from knowledge_base import EntryInvalid, EntryNotFound
from knowledge_base.answering import Answerer
from knowledge_base.content import Faq, plain
from knowledge_base.drafts import (
    Plan,
    begin_draft,
    discard,
    draft_differences,
    open_draft,
    problems,
    read_draft,
    rebase,
    recall,
    save_draft,
    submit,
)
from knowledge_base.errors import EditConflict, EditRefused, EntryIncomplete, ImpactUnexplained, OwnWorkRefused
from knowledge_base.events import events_of
from knowledge_base.history import compare_versions, entry_as_of, versions_of
from knowledge_base.impact import Impact, record_run
from knowledge_base.models import Entry, EntryVersion
from knowledge_base.publishing import Publisher
from knowledge_base.questions import Question
from knowledge_base.reviews import approve, comment, return_draft, roll_back, withdraw
from knowledge_base.snapshot import Knowledge, PastKnowledge

NOON = datetime(2030, 6, 30, 4, tzinfo=timezone.utc)
PARKING = "faq:parking"
NO_PLAN = Plan()


@pytest.fixture
def publisher():
    return Publisher("none", lambda _: None, lambda: NOON)


@pytest.fixture
def session(database):
    with database.session() as session:
        yield session


def write(session, entry=PARKING, editor="wang", plan=NO_PLAN, **changes):
    draft = open_draft(session, entry, editor, NOON)
    return save_draft(session, entry, draft.revision, {**draft.body, **changes}, plan, editor, NOON)


def replayed(session, draft, worse=0):
    record_run(session, draft, Impact(10, 10, 0.1, {"worse": worse}, ()), 1, NOON)


def hand_in(session, draft, worse=0):
    replayed(session, draft, worse)
    return submit(session, draft.entry, draft.revision, draft.saved_by, "费用变了", NOON)


def test_an_edit_goes_from_draft_to_a_version_by_two_people(session, publisher):
    draft = hand_in(session, write(session, answer="没有了。", plan=Plan(reason="停车场拆了")))
    number = approve(session, PARKING, draft.revision, "li", publisher)
    version = session.get_one(EntryVersion, (PARKING, number))
    assert (version.body["answer"], version.author, version.approver, version.reason) == (
        "没有了。",
        "wang",
        "li",
        "停车场拆了",
    )
    assert read_draft(session, PARKING) is None
    entry = session.get_one(Entry, PARKING)
    assert (entry.draft_state, entry.state, entry.current_version) == ("", "live", number)
    assert [event.act for event in events_of(session, PARKING)] == ["published", "submitted", "started"]


def test_whoever_wrote_in_a_draft_may_not_approve_it(session, publisher):
    write(session, editor="wang", answer="一")
    draft = hand_in(session, write(session, editor="zhao", answer="二"))
    for writer in ("wang", "zhao"):
        with pytest.raises(OwnWorkRefused):
            approve(session, PARKING, draft.revision, writer, publisher)


def test_what_is_not_in_review_is_not_approved(session, publisher):
    draft = write(session, answer="一")
    replayed(session, draft)
    with pytest.raises(EditRefused):
        approve(session, PARKING, draft.revision, "li", publisher)


def test_who_saves_second_gets_both_sides_and_overwrites_nothing(session):
    draft = open_draft(session, PARKING, "wang", NOON)
    first = {**draft.body, "answer": "王写的"}
    save_draft(session, PARKING, draft.revision, first, Plan(), "wang", NOON)
    second = {**draft.body, "answer": "赵写的"}
    with pytest.raises(EditConflict) as conflict:
        save_draft(session, PARKING, draft.revision, second, Plan(), "zhao", NOON)
    error = conflict.value
    assert (error.mine["answer"], error.theirs["answer"], error.who, error.revision) == ("赵写的", "王写的", "wang", 2)
    assert read_draft(session, PARKING).body["answer"] == "王写的"
    assert save_draft(session, PARKING, error.revision, second, Plan(), "zhao", NOON).contributors == ("wang", "zhao")


def test_a_draft_in_review_is_not_changed_under_the_reviewer(session):
    draft = hand_in(session, write(session, answer="一"))
    with pytest.raises(EditRefused, match="正在审核"):
        save_draft(session, PARKING, draft.revision, draft.body, Plan(), "wang", NOON)
    again = recall(session, PARKING, draft.revision, "wang", NOON)
    assert save_draft(session, PARKING, again.revision, draft.body, Plan(), "wang", NOON).state == "draft"


def test_a_reviewer_approves_only_what_they_looked_at(session, publisher):
    draft = hand_in(session, write(session, answer="一"))
    with pytest.raises(EditConflict):
        approve(session, PARKING, draft.revision - 1, "li", publisher)


def test_a_version_published_meanwhile_is_not_overwritten(session, publisher):
    draft = write(session, answer="王写的")
    publisher.publish_faq(session, Faq("parking", "政务大厅有停车场吗", "别人发布的"), author="zhao")
    with pytest.raises(EditConflict) as conflict:
        submit(session, PARKING, draft.revision, "wang", "", NOON)
    assert (conflict.value.theirs["answer"], conflict.value.version) == ("别人发布的", 2)
    merged = rebase(session, PARKING, draft.revision, "wang", NOON)
    hand_in(session, merged)
    assert approve(session, PARKING, merged.revision, "li", publisher) == 3


def test_sending_back_needs_words_and_comments_are_kept(session):
    draft = hand_in(session, write(session, answer="一"))
    with pytest.raises(EntryInvalid):
        return_draft(session, PARKING, draft.revision, "li", " ", NOON)
    comment(session, PARKING, "li", "哪里写的？", NOON)
    assert return_draft(session, PARKING, draft.revision, "li", "请附依据", NOON).state == "draft"
    words = [(event.act, event.actor, event.words) for event in events_of(session, PARKING)]
    assert words[:2] == [("returned", "li", "请附依据"), ("commented", "li", "哪里写的？")]


def test_a_draft_may_lack_anything_but_can_t_be_handed_in_like_that(session):
    draft = write(session, answer="")
    assert problems(draft)[0]
    with pytest.raises(EntryInvalid):
        submit(session, PARKING, draft.revision, "wang", "", NOON)


@pytest.mark.parametrize("body", [{"question": 5}, {"nonsense": "x"}, {"facet": "taste"}])
def test_a_field_that_does_not_fit_is_named(session, body):
    draft = write(session, **body)
    assert "草稿" in problems(draft)[0]


def test_what_names_an_entry_stays(session):
    draft = open_draft(session, PARKING, "wang", NOON)
    with pytest.raises(EntryInvalid, match="不能改"):
        save_draft(session, PARKING, draft.revision, {**draft.body, "id": "other"}, Plan(), "wang", NOON)


def test_a_draft_that_is_far_too_long_is_refused(session):
    draft = open_draft(session, PARKING, "wang", NOON)
    with pytest.raises(EntryInvalid, match="太长"):
        save_draft(session, PARKING, draft.revision, {**draft.body, "answer": "长" * 500_000}, Plan(), "wang", NOON)


def test_a_new_entry_begins_as_a_draft_that_citizens_do_not_see(database, publisher):
    with database.session() as session:
        draft = begin_draft(session, Faq("metro", "", "", "passport"), "wang", NOON)
        body = {**draft.body, "question": "大厅坐几号线", "answer": "二号线。"}
        draft = save_draft(session, "faq:metro", draft.revision, body, Plan(), "wang", NOON)
        entry = session.get_one(Entry, "faq:metro")
        assert (entry.state, entry.draft_state, entry.title, entry.department) == ("draft", "draft", "大厅坐几号线", "公安")
    knowledge = Knowledge(database, "none", lambda: NOON)
    knowledge.refresh()
    assert "faq:metro" not in knowledge.rows
    with database.session() as session:
        hand_in(session, draft)
        assert approve(session, "faq:metro", draft.revision, "li", publisher) == 1
    assert knowledge.refresh() == {"faq:metro"}


def test_a_new_entry_can_be_thrown_away_and_begun_again(session):
    draft = begin_draft(session, Faq("metro", "", ""), "wang", NOON)
    discard(session, "faq:metro", draft.revision, "wang", NOON)
    assert session.get_one(Entry, "faq:metro").state == "discarded"
    with pytest.raises(EntryNotFound):
        open_draft(session, "faq:metro", "wang", NOON)
    assert begin_draft(session, Faq("metro", "", ""), "zhao", NOON).contributors == ("zhao",)


@pytest.mark.parametrize(("content", "words"), [(Faq("a", "", "", region="999999"), "行政区划"), (Faq("", "", ""), "编号")])
def test_a_new_entry_needs_a_place_and_a_name(session, content, words):
    with pytest.raises(EntryInvalid, match=words):
        begin_draft(session, content, "wang", NOON)


def test_publishing_asks_for_a_replay_and_a_reason_for_what_gets_worse(session, publisher):
    draft = write(session, answer="一")
    submit(session, PARKING, draft.revision, "wang", "", NOON)
    with pytest.raises(ImpactUnexplained, match="影响分析"):
        approve(session, PARKING, draft.revision, "li", publisher)
    replayed(session, draft, worse=2)
    with pytest.raises(ImpactUnexplained, match="2 个"):
        approve(session, PARKING, draft.revision, "li", publisher)
    number = approve(session, PARKING, draft.revision, "li", publisher, why_worse="大厅已撤销")
    event = events_of(session, PARKING)[0]
    assert (event.version, "大厅已撤销" in event.words) == (number, True)


def test_a_replay_of_an_older_draft_does_not_count(session, publisher):
    replayed(session, write(session, answer="一"))
    draft = write(session, answer="二")
    submit(session, PARKING, draft.revision, "wang", "", NOON)
    with pytest.raises(ImpactUnexplained):
        approve(session, PARKING, draft.revision, "li", publisher)


def test_a_guide_that_loses_a_needed_field_needs_a_reason(session, publisher, make):
    guide = make.guide("fund", "610000", fee="不收费。", eligibility={"text": "职工。", "conditions": ["缴存满三个月"]})
    publisher.publish_guide(session, guide, author="测试")
    entry = "guide:fund:610000"
    draft = open_draft(session, entry, "wang", NOON)
    body = {**draft.body, "facets": {**draft.body["facets"], "eligibility": {"text": "职工。"}}}
    draft = hand_in(session, save_draft(session, entry, draft.revision, body, Plan(), "wang", NOON))
    with pytest.raises(EntryIncomplete) as refused:
        approve(session, entry, draft.revision, "li", publisher)
    assert refused.value.missing == ("谁能办 · 受理条件",)
    approve(session, entry, draft.revision, "li", publisher, why_incomplete="条件下月公布")


def test_what_a_draft_changes_is_said_field_by_field(session, publisher, make):
    materials = {"text": "带身份证。", "list": [{"name": "户口簿", "copies": 1}, {"name": "居民身份证", "originals": 2}]}
    draft = open_draft(session, "guide:passport:610000", "wang", NOON)
    facets = {**draft.body["facets"], "materials": materials, "fee": {"text": "每本160元。"}}
    draft = save_draft(session, draft.entry, draft.revision, {**draft.body, "facets": facets}, Plan(), "wang", NOON)
    found = {(d.title, d.change): (d.before, d.after) for d in draft_differences(session, draft)}
    assert found["收多少钱 · 正文", "changed"] == ("每本120元。", "每本160元。")
    assert found["带什么材料 · 材料第1项", "added"] == (None, {"name": "户口簿", "copies": 1})
    assert found["带什么材料 · 材料第2项 · 原件份数", "changed"] == (1, 2)
    assert ("带什么材料 · 正文", "changed") not in found


def test_an_older_version_comes_back_as_a_new_one(database, publisher):
    with database.session() as session:
        first = versions_of(session, PARKING)[0]
        publisher.publish_faq(session, Faq("parking", "政务大厅有停车场吗", "没有了。"), author="wang")
        with pytest.raises(EntryInvalid):
            roll_back(session, PARKING, 1, "li", " ", publisher)
        assert roll_back(session, PARKING, 1, "li", "说错了", publisher) == 3
        newest = versions_of(session, PARKING)[0]
    assert (newest.body, newest.restores, newest.reason) == (first.body, 1, "说错了")
    with database.session() as session:
        assert compare_versions(session, PARKING, 1, 3) == []
        assert [d.title for d in compare_versions(session, PARKING, 2, 3)] == ["答案", "相似问第1项"]


def test_taking_back_needs_a_reason_and_is_kept(session, publisher):
    with pytest.raises(EntryInvalid):
        withdraw(session, PARKING, "li", "", publisher)
    number = withdraw(session, PARKING, "li", "停车场拆了", publisher, NOON + timedelta(days=1))
    newest = versions_of(session, PARKING)[0]
    assert (newest.number, newest.withdraws, newest.reason, newest.author) == (number, True, "停车场拆了", "li")
    entry = session.get_one(Entry, PARKING)
    assert (entry.state, entry.next_change_at) == ("live", NOON + timedelta(days=1))


def test_what_was_answered_on_a_day_as_it_was_known_on_a_day(database, make):
    """Recorded in June: 120. In August it is learned that since July it has been 160."""
    clock = [NOON]
    publisher = Publisher("none", lambda _: None, lambda: clock[0])
    august, july = NOON + timedelta(days=45), NOON + timedelta(days=5)
    guide = make.guide("passport", "610000", fee={"text": "每本160元。", "asked": ["护照要多少钱"]})
    clock[0] = august
    with database.session() as session:
        publisher.publish_guide(session, guide, author="测试", valid_from=july)
    mid_july = NOON + timedelta(days=15)

    def ask(valid_at, known_at):
        answerer = Answerer(PastKnowledge(database, "none", valid_at, known_at), None)
        return answerer.answer(Question("护照要多少钱", None, {"ask_fee": 0.95})).replies[0].text

    assert "120元" in ask(mid_july, mid_july)
    assert "160元" in ask(mid_july, august)
    assert "120元" in ask(NOON, august)
    assert ask(mid_july, mid_july) == ask(mid_july, mid_july)
    with database.session() as session:
        told = entry_as_of(session, "guide:passport:610000", mid_july, mid_july)
        right = entry_as_of(session, "guide:passport:610000", mid_july, august)
        assert (told.number, right.number) == (1, 2)
        assert entry_as_of(session, "guide:passport:610000", NOON - timedelta(days=20_000), august) is None


def test_versions_are_never_changed(session, publisher):
    def everything():
        session.flush()
        columns = EntryVersion.__table__.columns
        return {(r.entry_id, r.number): tuple(r) for r in session.execute(select(*columns))}

    before = everything()
    publisher.publish_faq(session, Faq("parking", "能停吗", "能"), author="a")
    withdraw(session, PARKING, "b", "拆了", publisher)
    roll_back(session, PARKING, 1, "b", "没拆", publisher)
    after = everything()
    assert {key: after[key] for key in before} == before
    assert len(after) == len(before) + 3


def test_a_plan_survives_the_database(session):
    plan = Plan(NOON, NOON + timedelta(days=3), "因为", NOON.date())
    assert write(session, plan=plan).plan == plan
    assert replace(plan, reason="x") != plan
    assert plain(Faq("a", "q", "b"))["id"] == "a"
