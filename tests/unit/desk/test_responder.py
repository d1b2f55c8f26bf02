"""What the citizen is told while they wait, leave a message, or go back to the bot."""

from datetime import date, datetime, timedelta

import pytest

from conversations import Response
from conversations.ledger import find_holder
from desk import (
    AlreadyTaken,
    CloseOutcome,
    DeskUnknown,
    HandlingState,
    NotHolding,
    Placement,
    QueuePlace,
    WorkItemState,
    assign_work_item,
    list_work_items,
    overdue_work_items,
    read_desk,
    read_handling,
    read_left_message,
    take_work_item,
    words,
)
from desk.forecasts import Forecaster
from desk.queueing import Placed
from desk.responder import StillQueued, answer
from desk.service import tell_placement
from desk.work_items import begin_answer, due_day
from qinwen.clock import SHAANXI
from qinwen.vocabulary import Holder, Outcome

SUNDAY = datetime(2026, 10, 18, 10, 0, tzinfo=SHAANXI)
BEFORE_HOLIDAY = datetime(2026, 9, 30, 20, 0, tzinfo=SHAANXI)


@pytest.fixture
def say(do, talk, moment):
    """Let a citizen who is at the desk write something; the ledger has it, and the desk answers."""

    def saying(name, text, at=moment):
        _, conversation = talk(name, text, "")
        answered = do(answer, conversation, f"{name}-{text}", text, at)
        if isinstance(answered, StillQueued):
            place = do(Forecaster().tell_place, answered.handling, at)
            return Response(Outcome.DESK_QUEUED, (words.still_queued(place),))
        return answered

    return saying


def state(do, placement):
    return do(read_handling, placement.handling).state


def test_who_waits_is_told_place_time_and_three_choices(ask, agent, say, moment):
    agent("an")
    ask("li", at=moment - timedelta(seconds=1))
    ask("wang")
    response = say("wang", "我补充一下，是在雁塔区")
    assert response.outcome is Outcome.DESK_QUEUED
    (reply,) = response.replies
    assert "前面还有 1 位" in reply.text
    assert "分钟" in reply.text
    assert [choice.value for choice in reply.choices] == ["继续等", "留言", "回到机器人"]


def test_while_a_person_has_the_conversation_the_desk_says_nothing(do, served, say, moment):
    handling = served("wang")
    response = say("wang", "在吗", moment + timedelta(minutes=1))
    assert (response.outcome, response.replies) == (Outcome.HANDED_OFF, ())
    assert do(read_handling, handling).waiting_since == moment


@pytest.mark.parametrize(
    "text", ["回到机器人", "不等了", "算了，不等了", "我不想排队了", "取消排队", "不等了，问机器人", "还是问机器人吧"]
)
def test_whoever_does_not_want_to_wait_goes_back_to_the_bot(do, ask, say, text):
    placement = ask("wang")
    assert say("wang", text).outcome is Outcome.ACKNOWLEDGED
    handling = do(read_handling, placement.handling)
    assert (handling.state, handling.outcome) == (HandlingState.CLOSED, CloseOutcome.LEFT)
    assert do(find_holder, handling.conversation) is Holder.BOT


@pytest.mark.parametrize("text", ["不等了这个证明就过期了怎么办", "机器人答的不对", "等一下，我找找材料", "留言板在哪"])
def test_what_only_sounds_like_a_command_stays_a_message(do, ask, say, text):
    placement = ask("wang")
    assert say("wang", text).outcome is Outcome.DESK_QUEUED
    assert state(do, placement) is HandlingState.QUEUED


@pytest.mark.parametrize("text", ["留言", "我要留言", "那就留个言吧", "留言，晚些答复我"])
def test_whoever_leaves_a_message_is_asked_for_it_and_gets_a_number_and_a_day(do, ask, say, moment, text):
    placement = ask("wang")
    assert "2 个工作日" in say("wang", text).replies[0].text
    assert state(do, placement) is HandlingState.LEAVING_MESSAGE
    response = say("wang", "我想问身份证丢了能不能在外地补")
    assert response.outcome is Outcome.DESK_CLOSED
    (item,) = do(list_work_items, ["police"], moment)
    assert f"编号 {item.id}" in response.replies[0].text
    assert "10 月 16 日" in response.replies[0].text
    assert item.due_on == date(2026, 10, 16)
    assert do(read_left_message, item) == "我想问身份证丢了能不能在外地补"
    handling = do(read_handling, placement.handling)
    assert handling.outcome is CloseOutcome.MESSAGE
    assert do(find_holder, handling.conversation) is Holder.BOT


def test_out_of_hours_the_next_thing_said_is_the_message_and_the_right_desk_has_it_next_working_day(do, ask, say):
    ask("wang", at=SUNDAY)
    say("wang", "身份证丢了急着用", SUNDAY)
    assert do(list_work_items, ["police"], SUNDAY) == []
    assert len(do(list_work_items, ["police"], SUNDAY, ahead=True)) == 1
    monday = datetime(2026, 10, 19, 9, 0, tzinfo=SHAANXI)
    (item,) = do(list_work_items, ["police"], monday)
    assert (item.opens_at, item.due_on) == (monday, date(2026, 10, 21))
    assert do(list_work_items, ["city"], monday) == []


def test_before_a_long_holiday_the_clock_starts_after_it_and_counts_the_make_up_saturday(do, ask, say):
    ask("wang", at=BEFORE_HOLIDAY)
    say("wang", "身份证丢了", BEFORE_HOLIDAY)
    thursday = datetime(2026, 10, 8, 9, 0, tzinfo=SHAANXI)
    (item,) = do(list_work_items, ["police"], thursday)
    assert (item.opens_at, item.due_on) == (thursday, date(2026, 10, 10))


def test_whoever_changes_their_mind_about_the_message_waits_again(do, ask, say):
    placement = ask("wang")
    say("wang", "留言")
    assert say("wang", "我继续等").outcome is Outcome.DESK_QUEUED
    assert state(do, placement) is HandlingState.QUEUED


def test_out_of_hours_nobody_can_go_on_waiting(do, ask, say):
    placement = ask("wang", at=SUNDAY)
    response = say("wang", "继续等", SUNDAY)
    assert "留言" in response.replies[0].text
    assert state(do, placement) is HandlingState.LEAVING_MESSAGE
    assert say("wang", "不留言了", SUNDAY).outcome is Outcome.ACKNOWLEDGED
    assert do(list_work_items, ["police"], SUNDAY, ahead=True) == []


def test_an_emergency_in_the_queue_gets_its_number_at_once_and_keeps_its_place(do, ask, say):
    placement = ask("wang")
    response = say("wang", "我家着火了快来人")
    assert response.outcome is Outcome.EMERGENCY
    assert "119" in response.replies[0].text
    assert state(do, placement) is HandlingState.QUEUED


def test_a_message_that_comes_just_as_the_service_ended_is_not_met_with_silence(do, served, end, moment):
    handling = served("wang")
    conversation = do(read_handling, handling).conversation
    end(handling)
    response = do(answer, conversation, "m", "还有一件事", moment)
    assert response.replies


def test_a_work_item_has_one_owner_and_one_answer(do, ask, say, moment):
    ask("wang")
    say("wang", "留言")
    say("wang", "问问进度")
    (item,) = do(list_work_items, ["police"], moment)
    with pytest.raises(NotHolding):
        do(begin_answer, item.id, "an", moment)
    assert do(take_work_item, item.id, "an").state is WorkItemState.ASSIGNED
    assert do(take_work_item, item.id, "an").owner == "an"
    with pytest.raises(AlreadyTaken):
        do(take_work_item, item.id, "bai")
    assert do(assign_work_item, item.id, "bai").owner == "bai"
    do(begin_answer, item.id, "bai", moment)
    for attempt in (
        (begin_answer, item.id, "bai", moment),
        (assign_work_item, item.id, "an"),
        (take_work_item, item.id, "bai"),
    ):
        with pytest.raises(AlreadyTaken):
            do(*attempt)
    assert do(list_work_items, ["police"], moment) == []
    with pytest.raises(DeskUnknown):
        do(take_work_item, 999, "an")


def test_late_work_items_are_found(do, ask, say, moment):
    ask("wang")
    say("wang", "留言")
    say("wang", "问问进度")
    assert do(overdue_work_items, ["police"], date(2026, 10, 16)) == []
    assert len(do(overdue_work_items, ["police"], date(2026, 10, 17))) == 1


def test_a_day_beyond_the_decreed_holidays_is_still_given():
    assert due_day(datetime(2031, 3, 7, 10, tzinfo=SHAANXI), 1) == date(2031, 3, 10)


def test_everything_that_can_become_of_a_request_has_words_and_an_outcome(do, moment):
    desk = do(read_desk, "police")
    shown = [
        Placement(Placed.QUEUED, "h", desk, QueuePlace(0, None, free=False)),
        Placement(Placed.CLOSED, "h", desk, opens_at=SUNDAY),
        Placement(Placed.CLOSED, "h", desk),
        Placement(Placed.EMERGENCY, number="119"),
        Placement(Placed.COOLING_DOWN, until=SUNDAY),
    ]
    for placement in shown:
        _, replies = tell_placement(placement)
        assert replies[0].text
    assert tell_placement(Placement(Placed.WITH_AGENT, "h", desk)) == (Outcome.HANDED_OFF, ())


def test_moments_are_said_as_people_say_them(moment):
    assert words.say_moment(moment + timedelta(hours=3), moment) == "今天 13:00"
    assert words.say_moment(moment + timedelta(days=1), moment) == "明天 10:00"
    assert words.say_moment(datetime(2026, 10, 19, 9, 5, tzinfo=SHAANXI), moment) == " 10 月 19 日（周一）9:05"


@pytest.mark.parametrize("text", ["转人工", "我要人工", "快给我转人工客服"])
def test_who_asks_for_a_person_again_has_not_left_that_as_a_message(do, ask, say, text):
    placement = ask("wang", at=SUNDAY)
    assert "留言" in say("wang", text, SUNDAY).replies[0].text
    assert state(do, placement) is HandlingState.LEAVING_MESSAGE
    assert do(list_work_items, ["police"], SUNDAY, ahead=True) == []
    # and once the desk is open, they wait for one
    assert say("wang", text).outcome is Outcome.DESK_QUEUED
    assert state(do, placement) is HandlingState.QUEUED
