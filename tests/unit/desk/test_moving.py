"""Transfers, supervisors' moves, and what time makes due: silent and absent agents, overflow, closing time."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from conversations.ledger import find_holder
from desk import (
    AlreadyTaken,
    CloseOutcome,
    DeskRefused,
    HandlingState,
    MoveKind,
    NoRoom,
    NotHolding,
    Presence,
    beat,
    held_by,
    hours_from_json,
    list_queue,
    move,
    read_desk,
    read_handling,
    read_moves,
    save_desk,
    set_presence,
)
from desk.holding import claim
from desk.moving import Due, find_due, mend, transfer_to_agent, transfer_to_desk
from desk.responder import answer
from qinwen.clock import SHAANXI
from qinwen.replies import Reply
from qinwen.vocabulary import Holder


def mend_all(do, at):
    return [mended.due for handling, due in do(find_due, at) if (mended := do(mend, handling, due, at))]


def test_a_transfer_to_a_desk_goes_near_the_head_of_its_queue_with_a_note(do, served, ask, moment):
    handling = served("wang")
    waiting = ask("li", item=None, region="610113", at=moment).handling
    moved = do(transfer_to_desk, handling, "an", "city", "问的是购房落户，电话 13800138000", moment + timedelta(minutes=2))
    assert (moved.state, moved.agent, moved.desk) == (HandlingState.QUEUED, None, "city")
    assert do(find_holder, moved.conversation) is Holder.QUEUED
    assert [h.id for h in do(list_queue, ["city"])] == [handling, waiting]
    (note,) = do(read_moves, handling)
    assert (note.kind, note.from_desk, note.to_desk, note.from_agent) == (MoveKind.TRANSFER, "police", "city", "an")
    assert "13800138000" not in note.note


def test_a_transfer_needs_a_note_an_open_desk_and_the_conversation(do, served, moment):
    handling = served()
    with pytest.raises(DeskRefused):
        do(transfer_to_desk, handling, "an", "city", " ", moment)
    do(save_desk, replace(do(read_desk, "city"), hours=hours_from_json({"week": [[]] * 7})))
    with pytest.raises(DeskRefused, match="不在服务时间"):
        do(transfer_to_desk, handling, "an", "city", "转", moment)
    with pytest.raises(NotHolding):
        do(transfer_to_desk, handling, "bai", "province", "转", moment)
    assert do(read_handling, handling).agent == "an"


def test_a_transfer_to_an_agent_is_theirs_at_once(do, served, agent, moment):
    handling = served()
    agent("bai", desk="city")
    moved = do(transfer_to_agent, handling, "an", "city", "bai", "请帮忙", moment)
    assert (moved.agent, moved.desk, moved.state) == ("bai", "city", HandlingState.WITH_AGENT)
    assert do(find_holder, moved.conversation) is Holder.WITH_AGENT
    with pytest.raises(NotHolding):
        do(transfer_to_agent, handling, "an", "city", "bai", "再来", moment)


def test_an_agent_without_room_gets_nothing(do, served, agent, moment):
    handling = served()
    agent("bai", presence=Presence.AWAY)
    with pytest.raises(NoRoom):
        do(transfer_to_agent, handling, "an", "police", "bai", "请帮忙", moment)
    with pytest.raises(DeskRefused):
        do(transfer_to_agent, handling, "an", "police", "an", "给自己", moment)
    assert do(read_handling, handling).agent == "an"


def test_a_supervisor_moves_waiting_and_held_conversations(do, served, ask, agent, end, moment):
    handling, waiting = served(), ask("li").handling
    agent("bai", desk="city")
    assert do(move, waiting, "lead", "city", "bai", moment).agent == "bai"
    assert do(find_holder, do(read_handling, waiting).conversation) is Holder.WITH_AGENT
    moved = do(move, handling, "lead", "province", None, moment)
    assert (moved.desk, moved.state) == ("province", HandlingState.QUEUED)
    end(waiting, "bai")
    with pytest.raises(AlreadyTaken):
        do(move, waiting, "lead", "city", None, moment)


def test_an_agent_who_does_not_answer_loses_the_conversation_to_the_queue(do, served, moment):
    handling = served("wang")
    late = moment + timedelta(minutes=6)
    do(beat, "an", late)
    assert do(find_due, moment + timedelta(minutes=1)) == []
    assert mend_all(do, late) == [Due.SILENT]
    held = do(read_handling, handling)
    assert (held.state, held.agent) == (HandlingState.QUEUED, None)
    assert do(find_holder, held.conversation) is Holder.QUEUED
    assert do(read_moves, handling)[-1].kind is MoveKind.SILENT


def test_the_silent_timer_runs_from_the_citizens_first_unanswered_message(do, served, moment):
    from desk import sending

    handling = served("wang")
    conversation = do(read_handling, handling).conversation
    do(sending.send_once, lambda *_: 1, handling, "an", "m1", Reply("text", "您好"), moment)
    later = moment + timedelta(minutes=20)
    do(beat, "an", later)
    assert mend_all(do, later) == []
    do(answer, conversation, "x1", "在吗", later)
    do(answer, conversation, "x2", "喂", later + timedelta(minutes=4))
    at = later + timedelta(minutes=6)
    do(beat, "an", at)
    assert mend_all(do, at) == [Due.SILENT]


def test_an_absent_agents_conversations_go_back(do, served, agent, ask, moment):
    handling = served("wang")
    agent("bai", at=moment + timedelta(minutes=4))
    at = moment + timedelta(minutes=4)
    assert do(held_by, "an") == [handling]
    assert mend_all(do, at) == [Due.ABSENT]
    assert do(claim, handling, "bai", at).handling.agent == "bai"


def test_who_signs_off_has_two_minutes_to_come_back(do, served, moment):
    served("wang")
    do(set_presence, "an", Presence.OFFLINE, moment + timedelta(minutes=1))
    assert mend_all(do, moment + timedelta(minutes=2)) == []
    do(set_presence, "an", Presence.ONLINE, moment + timedelta(minutes=2))
    assert mend_all(do, moment + timedelta(minutes=3)) == []


def test_what_waits_too_long_goes_to_the_parent_desk_and_keeps_its_rank(do, ask, agent, moment):
    agent("an")
    handling = ask("wang").handling
    do(beat, "an", moment + timedelta(minutes=4))
    assert mend_all(do, moment + timedelta(minutes=4)) == []
    late = moment + timedelta(minutes=6)
    do(beat, "an", late)
    assert mend_all(do, late) == [Due.OVERFLOW]
    held = do(read_handling, handling)
    assert (held.desk, held.state, held.asked_at) == ("city", HandlingState.QUEUED, moment)


def test_a_deserted_desk_sends_on_sooner(do, ask, moment):
    ask("wang")
    assert mend_all(do, moment + timedelta(seconds=20)) == []
    assert mend_all(do, moment + timedelta(seconds=40)) == [Due.OVERFLOW]


def test_the_highest_desk_keeps_what_it_has(do, ask, moment):
    ask("wang", item=None, region=None)
    assert mend_all(do, moment + timedelta(minutes=60)) == []


def test_at_closing_time_who_still_waits_is_asked_for_a_message(do, ask):
    noon = datetime(2026, 10, 14, 11, 59, tzinfo=SHAANXI)
    handling = ask("wang", at=noon).handling
    assert mend_all(do, noon + timedelta(minutes=2)) == [Due.DESK_CLOSED]
    assert do(read_handling, handling).state is HandlingState.LEAVING_MESSAGE


def test_who_leaves_no_message_goes_back_to_the_bot(do, ask):
    sunday = datetime(2026, 10, 18, 10, tzinfo=SHAANXI)
    handling = ask("wang", at=sunday).handling
    assert mend_all(do, sunday + timedelta(minutes=29)) == []
    assert mend_all(do, sunday + timedelta(minutes=31)) == [Due.NO_MESSAGE]
    held = do(read_handling, handling)
    assert held.outcome is CloseOutcome.LEFT
    assert do(find_holder, held.conversation) is Holder.BOT


def test_what_is_not_due_any_more_is_left_alone(do, served, end, moment):
    handling = served("wang")
    at = moment + timedelta(minutes=10)
    (due,) = do(find_due, at)
    end(handling)
    assert do(mend, *due, at) is None
    assert do(read_handling, handling).outcome is CloseOutcome.RESOLVED
