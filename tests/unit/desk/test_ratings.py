"""Ratings of the chat, the follow-up of bad ones, and erasing."""

from datetime import date, timedelta

import pytest

from desk import (
    AlreadyTaken,
    Appeal,
    CaseState,
    DeskRefused,
    DeskUnknown,
    NotHolding,
    RatingGiven,
    RatingLevel,
    RatingTarget,
    add_note,
    appeal,
    assign_case,
    decide_appeal,
    erase_citizen,
    list_bad_ratings,
    note_contact,
    ratable_handling,
    rate,
    ratings_of,
    read_bad_rating,
    read_brief,
    read_handling,
    read_level,
    read_notes,
    reasons_for,
    resolve_case,
)
from desk.models import RatingRow


@pytest.fixture
def rated(do, served, end, moment):
    """Rate an agent's service; gives the rating's number."""

    def make(level=RatingLevel.BAD, name="wang", reasons=("slow",), comment="等太久了"):
        handling = served(name, f"agent-{name}")
        end(handling, f"agent-{name}")
        held = do(read_handling, handling)
        reasons = reasons if level.is_bad else ("kind",)
        return do(
            rate,
            RatingGiven(held.citizen, held.conversation, RatingTarget.AGENT, handling, level, reasons, comment),
            moment,
        )

    return make


def test_the_five_levels_are_read_from_their_buttons():
    assert [read_level(f"评价：{level.label}") for level in RatingLevel] == list(RatingLevel)
    assert read_level("非常满意") is RatingLevel.VERY_GOOD
    assert read_level("评价一下办事流程") is None
    assert [level.is_bad for level in RatingLevel] == [False, False, False, True, True]


def test_every_target_has_reasons_for_good_and_bad():
    for target in RatingTarget:
        for level in RatingLevel:
            assert len(reasons_for(target, level)) >= 2


def test_a_rating_of_an_agent_names_agent_and_desk(do, rated):
    bad = do(read_bad_rating, rated())
    assert (bad.agent, bad.desk, bad.reasons, bad.level) == ("agent-wang", "police", ("slow",), RatingLevel.BAD)


def test_a_rating_is_about_a_turn_or_an_entrys_version(do, moment):
    turn = RatingGiven("c", "v", RatingTarget.TURN, "turn-1", RatingLevel.BAD, ("wrong",))
    entry = RatingGiven("c", "v", RatingTarget.ENTRY, "guide:passport:610000", RatingLevel.GOOD, ("clear",), version=3)
    do(rate, turn, moment)
    do(rate, entry, moment)
    assert do(ratings_of, RatingTarget.TURN, ["turn-1"]) == {"turn-1": [RatingLevel.BAD]}
    assert do(list_bad_ratings)[0].target is RatingTarget.TURN


def test_what_does_not_fit_is_refused(do, moment):
    given = RatingGiven("c", "v", RatingTarget.TURN, "t", RatingLevel.GOOD)
    for change in (
        {"reasons": ("wrong",)},
        {"reasons": ("nonsense",)},
        {"version": 3},
        {"comment": "长" * 501},
        {"target": RatingTarget.ENTRY},
    ):
        with pytest.raises(DeskRefused):
            do(rate, RatingGiven(**{**vars(given), **change}), moment)
    with pytest.raises(DeskUnknown):
        do(rate, RatingGiven("c", "v", RatingTarget.AGENT, "no-such", RatingLevel.GOOD), moment)


def test_nobody_rates_the_service_of_somebody_else(do, served, end, moment):
    handling = served("wang")
    end(handling)
    with pytest.raises(DeskUnknown):
        do(rate, RatingGiven("stranger", "v", RatingTarget.AGENT, handling, RatingLevel.GOOD), moment)


def test_the_last_service_in_a_conversation_is_the_one_that_is_rated(do, served, end):
    handling = served("wang")
    conversation = do(read_handling, handling).conversation
    assert do(ratable_handling, conversation) is None
    end(handling)
    assert do(ratable_handling, conversation) == handling


def test_rating_again_replaces_what_was_said(do, moment):
    given = RatingGiven("c", "v", RatingTarget.TURN, "t", RatingLevel.VERY_BAD, ("wrong",))
    first = do(rate, given, moment)
    assert do(rate, RatingGiven("c", "v", RatingTarget.TURN, "t", RatingLevel.GOOD), moment) == first
    assert do(ratings_of, RatingTarget.TURN, ["t"]) == {"t": [RatingLevel.GOOD]}
    assert do(list_bad_ratings) == []


def test_comments_are_masked(do, rated):
    assert "13800138000" not in do(read_bad_rating, rated(comment="打我电话 13800138000")).comment


def test_a_bad_rating_is_followed_up_by_somebody_else_within_five_working_days(do, rated, moment):
    number = rated()
    bad = do(read_bad_rating, number)
    assert (bad.state, bad.owner, bad.due_on) == (CaseState.OPEN, None, date(2026, 10, 21))
    with pytest.raises(DeskRefused, match="自己"):
        do(assign_case, number, "agent-wang")
    with pytest.raises(NotHolding):
        do(note_contact, number, "lead", "打过电话", moment)
    do(assign_case, number, "lead")
    with pytest.raises(DeskRefused, match="先回访"):
        do(resolve_case, number, "lead", "已整改", moment)
    do(note_contact, number, "lead", "已向市民道歉，电话 13800138000", moment)
    do(resolve_case, number, "lead", "加派了坐席", moment)
    done = do(read_bad_rating, number)
    assert (done.state, done.resolution) == (CaseState.RESOLVED, "加派了坐席")
    assert "13800138000" not in done.contact
    assert do(list_bad_ratings) == []
    assert [bad.rating for bad in do(list_bad_ratings, done=True)] == [number]
    with pytest.raises(AlreadyTaken):
        do(resolve_case, number, "lead", "又一次", moment)


def test_a_followed_up_rating_cannot_be_changed(do, rated, moment):
    number = rated()
    do(assign_case, number, "lead")
    do(note_contact, number, "lead", "打过电话", moment)
    do(resolve_case, number, "lead", "好了", moment)
    row = do(lambda s: s.get(RatingRow, number))
    better = RatingGiven(row.citizen_id, row.conversation_id, RatingTarget.AGENT, row.target_id, RatingLevel.GOOD)
    with pytest.raises(AlreadyTaken):
        do(rate, better, moment)


def test_an_appeal_is_made_once_by_the_rated_and_decided_by_another(do, rated, moment):
    number = rated()
    with pytest.raises(NotHolding):
        do(appeal, number, "somebody", "恶意")
    do(appeal, number, "agent-wang", "市民点错了")
    with pytest.raises(AlreadyTaken):
        do(appeal, number, "agent-wang", "再申诉")
    do(assign_case, number, "lead")
    do(note_contact, number, "lead", "打过电话", moment)
    with pytest.raises(DeskRefused, match="申诉"):
        do(resolve_case, number, "lead", "办结", moment)
    with pytest.raises(DeskRefused):
        do(decide_appeal, number, "agent-wang", upheld=True)
    do(decide_appeal, number, "lead", upheld=True)
    assert do(read_bad_rating, number).appeal is Appeal.UPHELD
    with pytest.raises(AlreadyTaken):
        do(decide_appeal, number, "lead", upheld=False)


def test_the_list_is_by_day_due_owner_and_lateness(do, rated):
    first, second = rated(name="wang"), rated(name="li")
    do(assign_case, second, "lead")
    assert [bad.rating for bad in do(list_bad_ratings)] == [first, second]
    assert [bad.rating for bad in do(list_bad_ratings, owner="lead")] == [second]
    assert do(list_bad_ratings, due_before=date(2026, 10, 21)) == []
    assert len(do(list_bad_ratings, due_before=date(2026, 10, 22))) == 2
    with pytest.raises(DeskUnknown):
        do(read_bad_rating, 999)


def test_erasing_leaves_no_word_and_closes_what_is_open(do, rated, ask, served, moment):
    number = rated(name="wang", comment="我很失望")
    handling = ask("wang", at=moment + timedelta(hours=1), facts={"年龄": "35"}).handling
    do(add_note, handling, "an", "市民很着急", moment)
    citizen = do(read_handling, handling).citizen
    for _ in range(2):
        do(erase_citizen, citizen, moment)
    assert do(read_bad_rating, number).comment == ""
    assert do(read_notes, handling) == []
    assert do(read_handling, handling).state.value == "closed"
    assert do(read_brief, handling, moment).facts == {}
