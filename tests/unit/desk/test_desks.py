"""Desks, who works there, and whether they are there."""

from dataclasses import replace
from datetime import timedelta

import pytest

from desk import (
    Desk,
    DeskRefused,
    DeskUnknown,
    Presence,
    add_sample_desks,
    agents_of,
    beat,
    find_staffing,
    list_desks,
    read_desk,
    save_desk,
    set_presence,
    staff_desk,
    unstaff_desk,
)
from desk.desks import active_desks


def test_a_desk_is_read_as_it_was_written(do, hours):
    desk = Desk("housing", "住建", "610100", hours, "住建", "city", ("fund-withdraw",), 4, 60, 90, 120, 3, active=False)
    do(save_desk, desk)
    assert do(read_desk, "housing") == desk
    assert "housing" not in do(active_desks).by_code


@pytest.mark.parametrize(
    "change",
    [
        {"code": ""},
        {"name": " "},
        {"region": "999999"},
        {"department": "外星人接待局"},
        {"capacity": 0},
        {"capacity": 21},
        {"overflow_after": 0},
        {"answer_days": 0},
        {"parent": "nowhere"},
        {"parent": "new"},
    ],
)
def test_a_desk_that_cannot_be_is_refused(do, hours, change):
    with pytest.raises(DeskRefused, match=r"。$"):
        do(save_desk, replace(Desk("new", "新", "610100", hours), **change))


def test_parents_may_not_run_in_a_circle(do):
    with pytest.raises(DeskRefused, match="绕回"):
        do(save_desk, replace(do(read_desk, "province"), parent="police"))


def test_the_desks_above_are_nearest_first(do):
    assert [desk.code for desk in do(active_desks).ancestors("police")] == ["city", "province"]


def test_an_agent_may_have_more_or_fewer_than_the_desk_says(do):
    do(staff_desk, "police", "an")
    do(staff_desk, "police", "bai", 5)
    do(staff_desk, "city", "an")
    assert [(s.desk, s.capacity) for s in do(find_staffing, agent="an")] == [("city", 3), ("police", 2)]
    assert [(s.agent, s.capacity) for s in do(find_staffing, ["police"])] == [("an", 2), ("bai", 5)]
    do(unstaff_desk, "police", "bai")
    assert [s.agent for s in do(find_staffing, ["police"])] == ["an"]


def test_nobody_works_at_a_desk_that_is_not_there(do):
    with pytest.raises(DeskUnknown):
        do(staff_desk, "nowhere", "an")
    with pytest.raises(DeskRefused):
        do(staff_desk, "police", "an", 99)


def test_an_agent_whose_page_went_silent_is_offline(do, agent, moment):
    agent("an")
    (now,) = do(agents_of, ["police"], moment + timedelta(seconds=30))
    assert (now.presence, now.room) == (Presence.ONLINE, 2)
    (later,) = do(agents_of, ["police"], moment + timedelta(seconds=120))
    assert (later.presence, later.room) == (Presence.OFFLINE, 0)
    assert do(beat, "an", moment + timedelta(seconds=120))
    (again,) = do(agents_of, ["police"], moment + timedelta(seconds=130))
    assert again.presence is Presence.ONLINE


def test_a_heartbeat_does_not_bring_somebody_back_who_signed_off(do, agent, moment):
    agent("an")
    do(set_presence, "an", Presence.OFFLINE, moment)
    assert not do(beat, "an", moment)
    assert not do(beat, "nobody", moment)


def test_only_who_is_online_has_room(do, agent, moment):
    for presence in Presence:
        agent(presence.value, presence=presence)
    assert {now.agent: now.room for now in do(agents_of, ["police"], moment)} == {
        "online": 2,
        "away": 0,
        "wrap_up": 0,
        "offline": 0,
    }


def test_an_agent_at_two_desks_counts_once_for_both(do, agent, served, moment):
    served()
    agent("an", desk="city")
    (now,) = do(agents_of, None, moment)
    assert (now.load, now.capacity) == (1, 3)


def test_sample_desks_are_written_into_an_empty_database_only(ledger_database, do):
    assert do(add_sample_desks) == 0


def test_the_sample_desks_are_right(ledger_database):
    with ledger_database.session() as session:
        count = add_sample_desks(session)
        assert count == len(list_desks(session)) > 1
