"""The radar finds what was planted, is silent on the sample content, and remembers what it found."""

from datetime import date, datetime, timedelta, timezone

import numpy as np
import pytest

from knowledge_base import EditRefused, EntryInvalid, EntryNotFound, Faq, Knowledge, Review
from knowledge_base.content import Guide, read_facets
from knowledge_base.publishing import Publisher
from knowledge_base.radar import (
    FindingFilter,
    assign,
    begin_run,
    close_finding,
    count_findings,
    events_of_finding,
    latest_runs,
    list_findings,
    look,
    nightly_name,
    read_finding,
    reopen,
    run_radar,
)
from knowledge_base.radar.amounts import amounts_in
from qinwen.clock import now
from qinwen.vocabulary import Facet


def found(database, encoder="none", at=None):
    knowledge = Knowledge(database, encoder, (lambda: at) if at else now)
    knowledge.refresh()
    return look(knowledge, at or now())


def kinds(database, **how):
    return sorted((one.kind, one.entry) for one in found(database, **how))


def publish(database, *contents, **how):
    with database.session() as session:
        for content in contents:
            publisher = Publisher("none", lambda _: None)
            (publisher.publish_faq if isinstance(content, Faq) else publisher.publish_guide)(
                session, content, author="wang", **how
            )


def guide(item, region, **facets):
    return Guide(item, region, read_facets(facets, "测试"))


FEE = {"text": "每本120元。", "charged": True, "items": [{"name": "工本费", "amount": "120", "unit": "元/本"}]}


def test_good_content_has_no_findings(database):
    assert kinds(database) == []


@pytest.mark.parametrize(
    ("facets", "kind"),
    [
        ({"duration": {"text": "快。", "statutory": {"days": 15}, "promised": {"days": 20}}}, "promised_longer"),
        ({"duration": {"text": "快。", "statutory": {"days": 20, "unit": "自然日"}, "promised": {"days": 30}}}, "promised_longer"),
        ({"contact": {"text": "打电话。", "consult": "029-1234"}}, "phone"),
        ({"contact": {"text": "咨询电话：138123456。", "consult": "12345"}}, "phone"),
        ({"fee": {**FEE, "charged": False}}, "fee_unclear"),
    ],
)  # fmt: skip
def test_a_fault_in_a_guide_is_found(database, facets, kind):
    publish(database, guide("idcard", "610000", **facets))
    assert kinds(database) == [(kind, "guide:idcard:610000")]


@pytest.mark.parametrize(
    "facets",
    [
        {"duration": {"text": "快。", "statutory": {"days": 15}, "promised": {"days": 15}}},
        {"duration": {"text": "快。", "statutory": {"days": 15}, "promised": {"days": 20, "unit": "自然日"}}},
        {"duration": {"text": "快。", "statutory": {"days": 1, "unit": "个月"}, "promised": {"days": 20}}},
        {"contact": {"text": "咨询电话：029-88888888，或拨打12345。", "consult": "12345、0917-3260000", "complain": "96166或13800000000"}},
        {"fee": FEE},
        {"fee": {"text": "不收费。", "charged": False, "items": [{"name": "工本费", "amount": "0"}]}},
    ],
)  # fmt: skip
def test_what_is_right_is_left_alone(database, facets):
    publish(database, guide("idcard", "610000", **facets))
    assert kinds(database) == []


def test_an_faq_that_contradicts_its_guide_is_found(database):
    publish(database, guide("passport", "610000", fee=FEE))
    publish(database, Faq("how-much", "办本子贵不贵", "每本160元。", "passport", Facet.FEE))
    publish(database, Faq("late", "逾期罚多少", "逾期罚款500元。", "passport", Facet.FEE))
    publish(database, Faq("right", "工本费多少", "每本一百二，就是120元。", "passport", Facet.FEE))
    (one,) = found(database)
    assert (one.kind, one.entry, one.other) == ("faq_contradicts", "faq:how-much", "guide:passport:610000")
    assert "160元" in one.words
    assert "120元" in one.words


def test_a_regional_fee_without_a_basis_is_found(database):
    publish(database, guide("passport", "610000", fee=FEE))
    other = {**FEE, "text": "每本200元。", "items": [{"name": "工本费", "amount": "200", "unit": "元/本"}]}
    publish(database, guide("passport", "610300", fee=other))
    assert kinds(database) == [("fee_differs", "guide:passport:610300")]
    publish(database, guide("passport", "610300", fee={**other, "basis": "宝鸡市发改委文件"}))
    assert kinds(database) == []


def test_reviews_and_ends_are_found_in_time(database):
    today = now().date()
    publish(database, Faq("a", "问甲", "答"), review=Review(None, today - timedelta(days=3)))
    publish(database, Faq("b", "问乙", "答"), review=Review(None, today + timedelta(days=9)))
    publish(database, Faq("c", "问丙", "答"), review=Review(None, today + timedelta(days=99)))
    publish(database, Faq("d", "问丁", "答"), valid_to=now() + timedelta(days=5))
    assert kinds(database) == [("ending_soon", "faq:d"), ("review_over", "faq:a"), ("review_soon", "faq:b")]


def test_two_answers_to_one_question_are_found(database):
    publish(database, Faq("x", "补办多少钱", "收40元。", "idcard", Facet.FEE, similar=("补证要几个钱",)))
    publish(database, Faq("y", "补证收费吗", "收20元。", "idcard", Facet.FEE, similar=("补证要几个钱？",)))
    publish(database, Faq("z", "补证要几个钱呀", "收40元，以窗口为准。", "idcard", Facet.FEE))
    assert ("answers_differ", "faq:x") in kinds(database)
    publish(database, Faq("parking-two", "政务大厅有停车场吗？", "没有。"))
    assert ("asked_twice", "faq:parking-two") in kinds(database)


def test_meanings_that_tie_are_found_by_their_vectors(database):
    def vectors(texts):
        return np.array([[1.0, 0.0] for _ in texts], dtype=np.float32)

    with database.session() as session:
        publisher = Publisher("v", vectors)
        publisher.publish_faq(session, Faq("x", "多少钱能办下来", "收40元。", "idcard"), author="wang")
        publisher.publish_faq(session, Faq("y", "办一个几个钱", "收20元。", "idcard"), author="wang")
    assert [(o.entry, o.other) for o in found(database, encoder="v") if o.kind == "answers_differ"] == [("faq:x", "faq:y")]


def test_an_item_that_is_gone_is_found(database, publisher):
    with database.session() as session:
        publisher.withdraw(session, "item:fund")
    assert kinds(database) == [("item_missing", "faq:fund-rent"), ("item_missing", "guide:fund:610000")]


def test_sums_and_times_are_read_from_chinese_text():
    assert amounts_in("交1,200元，二十个工作日，3万元，十五天，2026年10月1日起") == {
        "元": {"1200", "30000"}, "个工作日": {"20"}, "天": {"15", "1"} - {"1"} | {"1"}
    }  # fmt: skip


def run(database, at=None):
    moment = at or now()
    name = f"hand {moment.isoformat()}"
    with database.session() as session:
        assert begin_run(session, name, "wang", moment)
    return run_radar(database, name, lambda: moment)


def test_a_finding_is_opened_closed_reopened_and_resolved(database):
    publish(database, Faq("how-much", "办本子贵不贵", "每本160元。", "passport", Facet.FEE))
    publish(database, guide("passport", "610000", fee=FEE))
    assert run(database) == {"opened": 1, "reopened": 0, "resolved": 0, "open": 1}
    with database.session() as session:
        (one,) = list_findings(session, FindingFilter())
        assert (one.owner, one.state, one.times) == ("wang", "open", 1)
        assert one.due_on > now().date()
        with pytest.raises(EntryInvalid, match="原因"):
            close_finding(session, one.key, "wang", " ", now())
        close_finding(session, one.key, "wang", "加急另算", now())
        assign(session, one.key, "wang", "zhao", now())
    assert run(database, now() + timedelta(seconds=1))["open"] == 0
    publish(database, Faq("how-much", "办本子贵不贵", "每本170元。", "passport", Facet.FEE))
    assert run(database, now() + timedelta(seconds=2))["reopened"] == 1
    publish(database, Faq("how-much", "办本子贵不贵", "每本120元。", "passport", Facet.FEE))
    assert run(database, now() + timedelta(seconds=3)) == {"opened": 0, "reopened": 0, "resolved": 1, "open": 0}
    publish(database, Faq("how-much", "办本子贵不贵", "每本170元。", "passport", Facet.FEE))
    assert run(database, now() + timedelta(seconds=4))["reopened"] == 1
    with database.session() as session:
        acts = [event.act for event in events_of_finding(session, one.key)]
        assert acts == ["reopened", "resolved", "reopened", "assigned", "closed", "opened"]
        assert read_finding(session, one.key).times == 3
        assert count_findings(session, FindingFilter(owner="zhao", kind="faq_contradicts", words="贵不贵")) == 1
        assert count_findings(session, FindingFilter(departments=("民政",))) == 0
        assert count_findings(session, FindingFilter(regions=("610100",))) == 0
        close_finding(session, one.key, "wang", "加急另算", now())
        reopen(session, one.key, "wang", now())
        with pytest.raises(EntryInvalid):
            reopen(session, one.key, "wang", now())
        with pytest.raises(EntryNotFound):
            read_finding(session, "nothing")


def test_of_several_processes_one_does_the_nightly_run(database):
    moment = datetime(2030, 6, 1, tzinfo=timezone.utc)
    name = nightly_name(date(2030, 6, 1))
    with database.session() as session:
        assert begin_run(session, name, "radar", moment)
    with database.session() as session:
        assert not begin_run(session, name, "radar", moment)
    with pytest.raises(EditRefused, match="正在检查"), database.session() as session:
        begin_run(session, "hand 1", "wang", moment)
    with database.session() as session:
        assert begin_run(session, "hand 2", "wang", moment + timedelta(minutes=16)), "the process of the first one died"
        assert [one.name for one in latest_runs(session)] == ["hand 2", name]
