"""What is planned goes live and what ends stops by the clock alone: no restart, no edit, nobody awake."""

from datetime import datetime, timedelta, timezone

import pytest

from knowledge_base import Answerer, Knowledge, Question
from knowledge_base.content import Faq
from knowledge_base.models import Entry
from knowledge_base.publishing import Publisher
from knowledge_base.states import settle_due
from qinwen.vocabulary import Facet, Outcome

NOON = datetime(2026, 6, 30, 4, tzinfo=timezone.utc)
PROVINCE = "610000"


class Clock:
    def __init__(self, at):
        self.at = at

    def __call__(self):
        return self.at

    def pass_to(self, at):
        self.at = at


@pytest.fixture
def clock():
    return Clock(NOON)


@pytest.fixture
def publisher(clock):
    return Publisher("none", lambda _: None, clock)


@pytest.fixture
def answerer(database, clock):
    return Answerer(Knowledge(database, "none", clock), None)


def fee(answerer):
    return answerer.answer(Question("护照要多少钱", None, {"ask_fee": 0.95})).replies[0]


def test_a_planned_version_goes_live_at_its_moment_with_its_wordings(database, publisher, answerer, clock, make):
    july = NOON + timedelta(hours=12)
    guide = make.guide("passport", PROVINCE, fee={"text": "每本160元。", "asked": ["本本要掏多少钱"]})
    with database.session() as session:
        number = publisher.publish_guide(session, guide, author="测试", valid_from=july)
    before = fee(answerer)
    assert "120元" in before.text
    assert not any(row.text == "本本要掏多少钱" for row in answerer._fresh_index().rows)
    clock.pass_to(july)
    after = fee(answerer)
    assert ("160元" in after.text, after.sources[0].version) == (True, number)
    rows = [row.text for row in answerer._fresh_index().rows if row.owner == "guide:passport:610000"]
    assert rows == ["本本要掏多少钱"]


def test_a_version_that_ends_stops_at_its_moment(database, publisher, answerer, clock):
    ends = NOON + timedelta(days=60)
    with database.session() as session:
        publisher.publish_faq(session, Faq("summer", "大厅夏天几点下班", "六点半。"), author="测试", valid_to=ends)
    question = Question("大厅夏天几点下班", None, {"ask_hours": 0.95})
    assert "六点半" in answerer.answer(question).replies[0].text
    clock.pass_to(ends)
    assert "六点半" not in answerer.answer(question).replies[0].text


def test_a_withdrawal_that_was_planned_takes_effect(database, publisher, answerer, clock):
    ends = NOON + timedelta(days=1)
    with database.session() as session:
        publisher.withdraw(session, "faq:parking", ends)
    question = Question("政务大厅有停车场吗", None, {"ask_place": 0.95})
    assert "地下一层" in answerer.answer(question).replies[0].text
    clock.pass_to(ends)
    assert "地下一层" not in answerer.answer(question).replies[0].text


def test_an_item_that_is_withdrawn_takes_its_guides_with_it_and_brings_them_back(database, publisher, answerer, clock, make):
    with database.session() as session:
        publisher.withdraw(session, "item:passport", NOON + timedelta(days=1))
    assert "120元" in fee(answerer).text
    clock.pass_to(NOON + timedelta(days=2))
    assert "120元" not in fee(answerer).text
    assert "passport" not in answerer._fresh_index().items
    with database.session() as session:
        publisher.publish_item(session, make.item("passport", "普通护照签发", "办护照", aliases=("护照",)))
    assert "120元" in fee(answerer).text


def test_a_clock_set_back_brings_back_what_held_then(database, publisher, answerer, clock, make):
    july = NOON + timedelta(hours=12)
    with database.session() as session:
        guide = make.guide("passport", PROVINCE, fee={"text": "每本160元。", "asked": ["护照要多少钱"]})
        publisher.publish_guide(session, guide, author="测试", valid_from=july)
    clock.pass_to(july)
    assert "160元" in fee(answerer).text
    clock.pass_to(NOON)
    assert "120元" in fee(answerer).text


def test_one_question_costs_no_more_than_reading_the_revision_when_nothing_is_due(database, clock, publisher):
    with database.session() as session:
        publisher.publish_faq(session, Faq("a", "问", "答"), author="测试", valid_from=NOON + timedelta(days=9))
    knowledge = Knowledge(database, "none", clock)
    knowledge.refresh()
    clock.pass_to(NOON + timedelta(days=8))
    assert knowledge.refresh() == set()
    clock.pass_to(NOON + timedelta(days=9))
    assert knowledge.refresh() == {"faq:a"}
    assert knowledge.refresh() == set()


def test_lists_follow_the_clock_too(database, clock, publisher):
    with database.session() as session:
        begins, ends = NOON + timedelta(days=1), NOON + timedelta(days=2)
        publisher.publish_faq(session, Faq("a", "问", "答"), author="测试", valid_from=begins, valid_to=ends)
        states = [session.get_one(Entry, "faq:a").state]
        for moment in (begins, ends):
            assert settle_due(session, moment) == 1
            states.append(session.get_one(Entry, "faq:a").state)
        assert states == ["scheduled", "live", "ended"]
        assert settle_due(session, NOON + timedelta(days=99)) == 0


def test_two_readers_of_one_snapshot_both_see_a_change(database, clock, publisher):
    knowledge = Knowledge(database, "none", clock)
    first, second = Answerer(knowledge, None), Answerer(knowledge, None)
    for answerer in (first, second):
        assert "120元" in fee(answerer).text
    with database.session() as session:
        publisher.publish_faq(session, Faq("baby", "婴儿能办护照吗", "能。", "passport", Facet.ELIGIBILITY), author="测试")
    for answerer in (first, second):
        answer = answerer.answer(Question("婴儿能办护照吗", None, {"ask_eligibility": 0.95}))
        assert (answer.outcome, answer.replies[0].sources[0].entry) == (Outcome.ANSWERED, "faq:baby")
