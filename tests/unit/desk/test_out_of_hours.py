"""Out of hours, the whole way: somebody asks at night or on a holiday, leaves a message, and the right desk finds it on its
next working day, with the day to answer by; over a whole year, and into one that nobody has decreed yet.
"""

from datetime import date, datetime, time, timedelta

import pytest

from conversations import CitizenMessage, claims, ledger
from desk import (
    HandlingState,
    WorkItemState,
    list_queue,
    list_work_items,
    read_handling,
    read_left_message,
    take_work_item,
)
from desk.queueing import HandoffRequest, Placed, enqueue
from desk.responder import answer
from desk.vocabulary import HandoffReason
from desk.work_items import begin_answer
from qinwen.clock import SHAANXI
from qinwen.decrees import read_decree
from qinwen.vocabulary import Outcome
from qinwen.working_days import use_decree
from tests.unit.desk.test_hours import OFF_2026, WORKED_2026

_DAY = timedelta(days=1)


def at(*parts):
    return datetime(*parts, tzinfo=SHAANXI)


def works(day):
    """Tell by the State Council's notice, not by the library, whether offices work."""
    return (day.weekday() < 5 and day not in OFF_2026) or day in WORKED_2026


def next_working_day(day, count=1):
    while count:
        day += _DAY
        count -= works(day)
    return day


@pytest.fixture
def leave(do, router, desks):
    """Let a citizen ask for a person at a moment, and leave a message where nobody is there."""

    def make(name, moment, words="身份证丢了，下周要出差，最快几天能拿到", item="idcard-renew", region="610113"):
        citizen = do(ledger.open_citizen, "webchat", name)
        claimed = do(claims.claim_turn, CitizenMessage(citizen, f"{name}-m", words), "webchat", "this", 3600.0)
        request = HandoffRequest(claimed.conversation, citizen, HandoffReason.ASKED, "转人工", item=item, region=region)
        placement = do(enqueue, router, request, moment)
        assert placement.placed is Placed.CLOSED
        told = do(answer, claimed.conversation, f"{name}-m", words, moment)
        assert told.outcome is Outcome.DESK_CLOSED
        return placement, told

    return make


def test_what_is_left_the_night_before_a_long_holiday_comes_to_the_right_desk_after_it(do, leave, agent):
    agent("an")
    placement, told = leave("wang", at(2026, 9, 30, 21))
    assert placement.opens_at == at(2026, 10, 8, 9)
    assert "10 月 10 日" in told.replies[0].text  # two working days on, one of them a Saturday that is worked
    for early in (at(2026, 10, 1, 10), at(2026, 10, 8, 8, 59)):
        assert do(list_work_items, ["police"], early) == []
    morning = at(2026, 10, 8, 9)
    assert do(list_work_items, ["city", "province"], morning) == []
    (item,) = do(list_work_items, ["police"], morning)
    assert (item.desk, item.opens_at, item.due_on, item.state) == ("police", morning, date(2026, 10, 10), WorkItemState.OPEN)
    assert do(read_left_message, item) == "身份证丢了，下周要出差，最快几天能拿到"
    assert do(take_work_item, item.id, "an").owner == "an"
    assert do(begin_answer, item.id, "an", morning).state is WorkItemState.DONE
    # The conversation was the bot's again all the time: nobody waits in a queue of a closed desk.
    assert do(read_handling, placement.handling).state is HandlingState.CLOSED
    assert do(list_queue, ["police"]) == []


def test_every_evening_of_a_year_leads_to_the_next_working_morning(do, leave):
    day = date(2026, 1, 1)
    while day <= date(2026, 12, 28):
        evening = datetime.combine(day, time(20), SHAANXI)
        leave(f"c{day}", evening)
        (item,) = [one for one in do(list_work_items, ["police"], evening, ahead=True) if one.created_at == evening]
        opens = next_working_day(day)
        assert item.opens_at == datetime.combine(opens, time(9), SHAANXI), day
        assert item.due_on == next_working_day(opens, 2), day
        day += _DAY * (1 if day.month in {1, 2, 5, 9, 10} else 6)


@pytest.mark.parametrize(
    ("item", "region", "desk"),
    [("idcard-renew", "610113", "police"), ("fund-withdraw", "610113", "city"), ("idcard-renew", "610300", "province")],
)
def test_it_comes_to_the_desk_that_the_item_and_the_region_choose(do, leave, item, region, desk):
    leave("wang", at(2026, 10, 17, 11), item=item, region=region)
    assert [one.desk for one in do(list_work_items, ["police", "city", "province"], at(2026, 10, 19, 9))] == [desk]


def test_into_a_year_that_nobody_has_decreed_it_goes_by_the_weekday_and_the_fixed_holidays(do, leave):
    placement, _ = leave("wang", at(2026, 12, 31, 20))
    assert placement.opens_at == at(2027, 1, 4, 9)  # Friday is New Year
    placement, _ = leave("li", at(2027, 4, 30, 20))
    assert placement.opens_at == at(2027, 5, 3, 9)


def test_with_the_installations_own_notice_it_goes_by_that(do, leave):
    use_decree(read_decree("2027-01-01至2027-01-03 休\n2027-01-04 休\n2027-01-09 班"))
    try:
        placement, _ = leave("wang", at(2026, 12, 31, 20))
        assert placement.opens_at == at(2027, 1, 5, 9)
        placement, _ = leave("li", at(2027, 1, 8, 20))
        assert placement.opens_at == at(2027, 1, 9, 9)  # a Saturday that is worked
    finally:
        use_decree({})
