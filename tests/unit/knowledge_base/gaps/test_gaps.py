"""Questions that were not answered well become gaps, gaps become drafts, and what was published is asked again."""

from datetime import datetime, timedelta, timezone

import pytest
from sqlalchemy import select

import knowledge_base.models as tables
from knowledge_base import Answerer, EntryInvalid, Knowledge, approve, content_of, read_draft, submit
from knowledge_base.content import Faq, plain
from knowledge_base.drafts import save_draft
from knowledge_base.gaps import (
    GapFilter,
    GapNotFound,
    GapState,
    PoorQuestion,
    claim_run,
    cluster_questions,
    collect_gaps,
    count_open_gaps,
    draft_faq,
    draft_wordings,
    finish_run,
    gaps_to_recheck,
    ignore_gap,
    last_run,
    list_gaps,
    read_gap,
    recheck_gap,
    reopen_gap,
)
from knowledge_base.publishing import Publisher
from qinwen.vocabulary import Facet, Outcome

AT = datetime(2026, 9, 1, 4, tzinfo=timezone.utc)
WIFI = ["大厅的无线网密码是多少", "大厅无线网密码多少", "请问大厅无线网的密码", "政务大厅无线网密码是什么"]
PRINT = ["哪里可以复印材料", "复印材料去哪里", "能帮忙复印材料吗"]


def poor(texts, reason="unanswered", citizens=None, at=AT, region=None):
    return [
        PoorQuestion(f"{text}{n}", (citizens or texts)[n], text, reason, at + timedelta(minutes=n), region)
        for n, text in enumerate(texts)
    ]


@pytest.fixture
def answerer(database):
    return Answerer(Knowledge(database, "none"), None)


@pytest.fixture
def collect(database, answerer):
    def run(questions, at=AT):
        return collect_gaps(database, questions, answerer, answerer.knowledge, None, at)

    return run


def all_gaps(database, **wanted):
    with database.session() as session:
        return list_gaps(session, GapFilter(**{"state": None, **wanted})).gaps


def test_the_same_question_in_other_words_is_one_cluster_and_another_question_is_not():
    first, second = cluster_questions(poor(WIFI) + poor(PRINT), None)
    assert set(first.wordings) == set(WIFI)
    assert set(second.wordings) == set(PRINT)
    assert first.title in WIFI


def test_people_are_counted_once_however_often_they_ask():
    [cluster] = cluster_questions(poor([WIFI[0]] * 5, citizens=["甲", "甲", "乙", "甲", "乙"]), None)
    assert (cluster.people, cluster.times) == (2, 5)


def test_clusters_are_ranked_by_people_and_say_what_was_wrong():
    often = poor([PRINT[0]] * 9, citizens=["一个人"] * 9)
    clusters = cluster_questions(often + poor(WIFI, "badly_rated", region="610300"), None)
    assert [cluster.people for cluster in clusters] == [4, 1]
    assert clusters[0].reasons == {"badly_rated": 4}
    assert clusters[0].regions == {"610300": 4}


def test_nothing_and_signs_alone_make_no_cluster():
    assert cluster_questions([], None) == []
    assert cluster_questions(poor(["?", "。。", "嗯"]), None) == []


def test_a_gap_shows_its_nearest_entry_and_why_it_lost(database, collect):
    collect(poor(["护照几天能办下来", "护照几天办好"]))
    [gap] = all_gaps(database)
    assert gap.item == "passport"
    assert gap.nearest in {"item:passport", "guide:passport:610000"}
    assert gap.why
    assert gap.department


def test_a_second_collection_knows_its_gaps_again(database, collect):
    assert collect(poor(WIFI)).new == 1
    found = collect(poor([*WIFI, "大厅无线网密码多少呀"]))
    assert (found.new, found.known) == (0, 1)
    [gap] = all_gaps(database)
    assert gap.times == 5


def publish_draft(database, entry, answer=None):
    with database.session() as session:
        draft = read_draft(session, entry)
        body = {**draft.body, "answer": answer} if answer else draft.body
        draft = save_draft(session, entry, draft.revision, body, draft.plan, "wang", AT)
        submit(session, entry, draft.revision, "wang", "测试", AT)
        session.add(
            tables.ImpactRun(
                entry_id=entry,
                draft_revision=draft.revision,
                knowledge_revision=0,
                at=AT,
                seconds=0,
                golden=0,
                asked=0,
                regressions=0,
                changes=[{"counts": {}}],
            )
        )
        session.flush()
        approve(session, entry, draft.revision, "lili", Publisher("none", lambda _: None), why_incomplete="测试")


def test_a_gap_becomes_an_faq_that_is_published_asked_again_and_resolved(database, collect, answerer):
    collect(poor(WIFI))
    [gap] = all_gaps(database)
    with database.session() as session:
        entry = draft_faq(session, gap.id, "wang", AT)
        assert draft_faq(session, gap.id, "wang", AT) == entry
        content = content_of_draft(session, entry)
        assert content["question"] == gap.title
        assert set(content["similar"]) == set(WIFI) - {gap.title}
        assert gaps_to_recheck(session) == []
    assert all_gaps(database)[0].state is GapState.DRAFTED
    publish_draft(database, entry, "密码在服务台的牌子上。")
    with database.session() as session:
        assert gaps_to_recheck(session) == [gap.id]
        gap = read_gap(session, gap.id)
    found = recheck_gap(database, answerer, gap, AT)
    assert (found.asked, found.answered, found.resolved) == (4, 4, True)
    [gap] = all_gaps(database)
    assert gap.state is GapState.RESOLVED
    assert "4 句答好了" in gap.check_words


def content_of_draft(session, entry):
    return read_draft(session, entry).body


def test_a_gap_whose_publishing_did_not_help_is_open_again(database, collect, answerer):
    collect(poor(WIFI))
    [gap] = all_gaps(database)
    with database.session() as session:
        draft_wordings(session, gap.id, "faq:parking", None, [WIFI[0]], "wang", AT)
        body = read_draft(session, "faq:parking").body
        assert WIFI[0] in body["similar"]
        draft = read_draft(session, "faq:parking")
        without = plain(Faq("parking", "停车场在几层", "地下一层。"))
        save_draft(session, "faq:parking", draft.revision, without, draft.plan, "wang", AT)
    publish_draft(database, "faq:parking")
    with database.session() as session:
        gap = read_gap(session, gap.id)
    assert not recheck_gap(database, answerer, gap, AT).resolved
    [gap] = all_gaps(database)
    assert gap.state is GapState.OPEN
    assert "还没答好的" in gap.check_words


def test_a_resolved_gap_that_fails_again_is_open_again_and_an_ignored_one_stays(database, collect):
    collect(poor(WIFI) + poor(PRINT))
    wifi, copies = all_gaps(database)
    with database.session() as session:
        row = session.get_one(tables.Gap, wifi.id)
        row.state, row.checked_at = "resolved", AT + timedelta(hours=1)
        ignore_gap(session, copies.id, "wang", AT)
    assert collect(poor(WIFI) + poor(PRINT)).reopened == 0
    assert collect(poor(WIFI + PRINT, at=AT + timedelta(hours=2))).reopened == 1
    assert {gap.id: gap.state for gap in all_gaps(database)} == {wifi.id: GapState.OPEN, copies.id: GapState.IGNORED}
    with database.session() as session:
        reopen_gap(session, copies.id, "wang", AT)
        assert count_open_gaps(session) == 2


def test_wordings_go_to_a_facet_of_a_guide_and_only_the_gap_s_own(database, collect):
    collect(poor(["护照几天能办下来", "护照几天办好"]))
    [gap] = all_gaps(database)
    with database.session() as session:
        with pytest.raises(EntryInvalid):
            draft_wordings(session, gap.id, "guide:passport:610000", Facet.FEE, ["别的话"], "wang", AT)
        draft_wordings(session, gap.id, "guide:passport:610000", Facet.FEE, gap.wordings, "wang", AT)
        draft_wordings(session, gap.id, "guide:passport:610000", Facet.FEE, gap.wordings, "wang", AT)
        draft = read_draft(session, "guide:passport:610000")
        asked = content_of(draft).facets[Facet.FEE].asked
        assert set(gap.wordings) <= set(asked)
        assert len(asked) == len(set(asked))
        with pytest.raises(GapNotFound):
            read_gap(session, 99)


def test_the_list_is_filtered_by_state_reason_words_and_scope(database, collect):
    collect(poor(WIFI, "badly_rated", region="610300") + poor(["护照几天能办下来"]))
    assert len(all_gaps(database)) == 2
    assert [gap.reasons for gap in all_gaps(database, reason="badly_rated")] == [{"badly_rated": 4}]
    assert all_gaps(database, reason="asked_again") == ()
    assert len(all_gaps(database, words="护照")) == 1
    assert all_gaps(database, state=GapState.RESOLVED) == ()
    department = all_gaps(database, words="护照")[0].department
    assert len(all_gaps(database, department=department)) >= 1
    assert [gap.region for gap in all_gaps(database, regions=("610100",))] == [""]
    assert len(all_gaps(database, regions=("610000",))) == 2


def test_one_process_collects_and_a_dead_one_loses_its_claim(database):
    with database.session() as session:
        assert claim_run(session, "a", AT, nightly=True)
        assert last_run(session, AT).running
    with database.session() as session:
        assert not claim_run(session, "b", AT, nightly=True)
        assert not claim_run(session, "b", AT + timedelta(minutes=1), nightly=False)
    with database.session() as session:
        assert claim_run(session, "b", AT + timedelta(hours=1), nightly=False)
        finish_run(session, "a", AT, None)
        assert last_run(session, AT + timedelta(hours=1)).running
        finish_run(session, "b", AT, None)
        assert not last_run(session, AT + timedelta(hours=1)).running
        assert not claim_run(session, "b", AT + timedelta(hours=1), nightly=True)
        assert claim_run(session, "b", AT + timedelta(days=1), nightly=True)


def test_publishing_the_top_gaps_lifts_the_share_that_is_answered(database, collect, answerer):
    """Replays a hand-made log: what people asked before and after the drafts of its two largest gaps went live."""
    log = poor(WIFI * 3, citizens=[f"w{n}" for n in range(12)]) + poor(PRINT * 2, citizens=[f"p{n}" for n in range(6)])
    log += poor(["今天股票涨了没有", "给我讲个笑话"])

    def answered():
        from knowledge_base.gaps.losing import as_question

        found = [answerer.answer(as_question(one.text)).outcome is Outcome.ANSWERED for one in log]
        return sum(found) / len(found)

    before = answered()
    collect(log)
    for gap, answer in zip(all_gaps(database)[:2], ("密码在服务台。", "复印在一楼，免费。"), strict=True):
        with database.session() as session:
            entry = draft_faq(session, gap.id, "wang", AT)
        publish_draft(database, entry, answer)
    after = answered()
    assert (before, round(after, 2)) == (0.0, 0.9)


def test_no_citizen_stands_in_a_gap(database, collect):
    collect(poor(WIFI, citizens=["citizen-1", "citizen-2", "citizen-3", "citizen-4"]))
    with database.session() as session:
        row = session.scalars(select(tables.Gap)).one()
        assert "citizen-1" not in str({column.name: getattr(row, column.name) for column in tables.Gap.__table__.columns})
