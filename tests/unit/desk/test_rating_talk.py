"""Rating the chat by conversation: what is meant, what it is attributed to, and what is left to others."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from conversations import CitizenMessage, Response, claims, ledger
from desk import (
    OF_CASE,
    AlreadyTaken,
    DeskRefused,
    RatingLevel,
    assign_case,
    note_contact,
    rate_turn,
    resolve_case,
    take_rating,
)
from desk.models import RatingCase, RatingRow
from qinwen.replies import Reply, Source
from qinwen.vocabulary import Outcome

SOURCE = Source("guide:idcard-renew:610000", 3, "materials", "身份证补领")


@pytest.fixture
def answered(do):
    """A citizen who got an answer of the bot; gives citizen and turn."""

    def make(name="wang", text="身份证丢了怎么补", outcome=Outcome.ANSWERED, sources=(SOURCE,)):
        citizen = do(ledger.open_citizen, "webchat", name)
        claimed = do(claims.claim_turn, CitizenMessage(citizen, f"{name}-{text}", text), "webchat", "this", 3600.0)
        do(claims.finish_turn, claimed, "this", Response(outcome, (Reply("card", "带户口簿", sources=sources),)))
        return citizen, claimed.turn

    return make


@pytest.fixture
def say(do, moment):
    return lambda citizen, text, at=moment: do(take_rating, citizen, text, at)


def rows(do):
    return do(lambda s: [(r.target, r.target_id, r.version, r.level, tuple(r.reasons)) for r in s.scalars(select(RatingRow))])


def choices(response):
    return {choice.title: choice.value for choice in response.replies[-1].choices}


def test_rating_asks_for_one_of_five_levels_and_thanks(do, answered, say):
    citizen, turn = answered()
    asked = say(citizen, "评价")
    assert asked.outcome is Outcome.ASK_SLOT
    assert list(choices(asked))[:5] == ["非常满意", "满意", "基本满意", "不满意", "非常不满意"]
    assert choices(asked)["评价我的办件"] == OF_CASE
    assert say(citizen, choices(asked)["满意"]).outcome is Outcome.RATED
    assert rows(do) == [("turn", turn, None, 4, ())]


def test_a_thumb_down_is_a_bad_rating_and_asks_why(do, answered, say):
    citizen, turn = answered()
    told = say(citizen, "点踩")
    assert told.outcome is Outcome.RATED
    assert "10 月 21 日前" in told.replies[0].text
    assert {"答非所问", "不完整", "看不懂", "过时了", "没解决"} < set(choices(told))
    assert say(citizen, choices(told)["答非所问"]).outcome is Outcome.RATED
    assert rows(do) == [("turn", turn, None, 2, ("not_asked",))]
    assert do(lambda s: [case.due_on for case in s.scalars(select(RatingCase))]) == [date(2026, 10, 21)]


def test_what_is_wrong_with_the_text_is_said_of_the_entrys_version_and_counts_once(do, answered, say):
    citizen, turn = answered()
    told = say(citizen, "👎")
    say(citizen, choices(told)["过时了"])
    assert rows(do) == [("entry", SOURCE.entry, 3, 2, ("outdated",))]
    say(citizen, choices(told)["不完整"])
    assert rows(do) == [("entry", SOURCE.entry, 3, 2, ("outdated", "missing"))]
    assert do(lambda s: len(s.scalars(select(RatingCase)).all())) == 1
    say(citizen, "评价回答：满意")
    assert rows(do) == [("turn", turn, None, 4, ())]
    assert do(lambda s: s.scalars(select(RatingCase)).all()) == []


def test_after_a_service_the_agent_is_rated(do, served, end, say):
    handling = served("wang")
    end(handling)
    citizen = do(ledger.open_citizen, "webchat", "wang")
    told = say(citizen, "评价：非常不满意")
    assert "等太久" in choices(told)
    say(citizen, choices(told)["等太久"])
    say(citizen, choices(told)["态度不好"])
    assert rows(do) == [("agent", handling, None, 1, ("slow", "rude"))]
    assert say(citizen, choices(told)["不选了"]).outcome is Outcome.RATED


def test_where_several_things_may_be_meant_the_citizen_is_asked(do, served, end, answered, say):
    handling = served("wang")
    end(handling)
    citizen, turn = answered("wang", "那材料交到几楼")
    asked = say(citizen, "我要评价一下")
    assert list(choices(asked)) == ["刚才的人工服务", "刚才的回答", "我的办件"]
    say(citizen, choices(say(citizen, choices(asked)["刚才的回答"]))["基本满意"])
    say(citizen, choices(say(citizen, choices(asked)["刚才的人工服务"]))["满意"])
    assert {row[:2] for row in rows(do)} == {("turn", turn), ("agent", handling)}


def test_where_cases_came_up_the_citizen_is_asked_too(answered, say):
    citizen, _ = answered()
    answered(text="查办件", outcome=Outcome.CASE_STATUS, sources=())
    assert "我的办件" in choices(say(citizen, "评价"))


@pytest.mark.parametrize(
    "text", [OF_CASE, "评价 SN123 不满意", "满意", "身份证丢了", "评价：一般般", "好", "没用", "怎么评价窗口服务"]
)
def test_what_is_about_something_else_is_left_to_others(do, answered, say, text):
    citizen, _ = answered()
    assert say(citizen, text) is None
    assert rows(do) == []


def test_with_nothing_to_rate_only_a_case_can_be_meant(do, say):
    citizen = do(ledger.open_citizen, "webchat", "new")
    assert say(citizen, "评价") is None


def test_a_reason_without_a_rating_or_much_later_says_how_to_begin(do, answered, say, moment):
    citizen, _ = answered()
    assert say(citizen, "评价原因：过时了").outcome is Outcome.ACKNOWLEDGED
    say(citizen, "点踩")
    assert say(citizen, "评价原因：过时了", moment + timedelta(hours=2)).outcome is Outcome.ACKNOWLEDGED
    assert say(citizen, "评价原因：太贵了").outcome is Outcome.ACKNOWLEDGED
    assert rows(do)[0][4] == ()


def test_a_rating_whose_follow_up_is_done_stays(do, answered, say, moment):
    citizen, turn = answered()
    say(citizen, "点踩")
    number = do(lambda s: s.scalar(select(RatingRow.id)))
    do(assign_case, number, "lead")
    do(note_contact, number, "lead", "问过了", moment)
    do(resolve_case, number, "lead", "改了", moment)
    assert "办结" in say(citizen, "点赞").replies[0].text
    with pytest.raises(AlreadyTaken):
        do(rate_turn, citizen, turn, RatingLevel.GOOD, (), "", moment)


def test_the_pages_buttons_rate_ones_own_answers_and_no_others(do, answered, moment):
    citizen, turn = answered()
    other, _ = answered("li")
    do(rate_turn, citizen, turn, RatingLevel.BAD, ("unclear",), "看不懂 13900001111", moment)
    assert rows(do) == [("entry", SOURCE.entry, 3, 2, ("unclear",))]
    assert "1390000" not in do(lambda s: s.scalar(select(RatingRow.comment)))
    for who, what, reasons in ((other, turn, ()), (citizen, "nothing", ()), (citizen, turn, ("slow",))):
        with pytest.raises(DeskRefused):
            do(rate_turn, who, what, RatingLevel.BAD, reasons, "", moment)
