"""Ready-made texts and live events."""

import asyncio
from datetime import timedelta

import pytest

from desk import (
    Bell,
    DeskRefused,
    DeskUnknown,
    bring_in,
    delete_macro,
    drop_old_events,
    events_after,
    fill_in,
    last_event,
    list_macros,
    save_macro,
)
from desk.events import LOOK_BACK
from qinwen.clock import now
from tests.waiting import PATIENCE


def test_variables_are_filled_in_and_what_is_missing_stands_out():
    text = "您好，这里是{服务台}，您问的是{事项}。"
    assert fill_in(text, {"服务台": "公安服务台", "事项": "补身份证"}) == "您好，这里是公安服务台，您问的是补身份证。"
    assert fill_in(text, {"服务台": "公安服务台", "事项": None}) == "您好，这里是公安服务台，您问的是（待填）。"


def test_macros_are_of_a_desk_or_of_all(do, moment):
    do(save_macro, "问好", "您好", "lead", moment)
    mine = do(save_macro, "公安", "请带户口簿", "lead", moment, desk="police")
    do(save_macro, "市级", "请稍等", "lead", moment, desk="city")
    assert [macro.title for macro in do(list_macros, ["police"])] == ["公安", "问好"]
    do(save_macro, "公安", "请带户口簿和照片", "lead", moment, desk="police", number=mine.id)
    assert do(list_macros, ["police"])[0].text == "请带户口簿和照片"
    do(delete_macro, mine.id)
    do(delete_macro, mine.id)
    assert [macro.title for macro in do(list_macros, ["police"])] == ["问好"]


@pytest.mark.parametrize("text", ["", "您好{姓名}", "您好{", "}{", "{服务台", "长" * 1001])
def test_a_macro_that_could_not_be_filled_in_is_refused(do, moment, text):
    with pytest.raises(DeskRefused):
        do(save_macro, "题目", text, "lead", moment)
    assert do(list_macros, []) == []


def test_a_macro_that_is_gone_cannot_be_changed(do, moment):
    with pytest.raises(DeskUnknown):
        do(save_macro, "题目", "您好", "lead", moment, number=99)


def test_a_page_hears_of_its_desks_its_agent_and_presence_only(do, served, ask):
    served("wang")
    ask("li", item=None)
    kinds = [(event.kind, event.desk) for event in do(events_after, 0, ["police"], "an", now())]
    assert ("claimed", "police") in kinds
    assert ("presence", None) in kinds
    assert {desk for _, desk in kinds} == {"police", None}
    assert ("queued", "city") in [(e.kind, e.desk) for e in do(events_after, 0, ["city"], "bai", now())]


def test_an_agent_hears_what_is_done_to_them_at_any_desk(do, served, agent, moment):
    handling = served("wang")
    agent("bai", desk="city")
    do(bring_in, handling, "an", "bai", moment)
    assert "invited" in {event.kind for event in do(events_after, 0, ["city"], "bai", now())}


def test_a_page_that_comes_back_misses_nothing_and_gets_nothing_twice(do, served, ask):
    served("wang")
    seen = do(events_after, 0, ["police"], "an", now())
    stopped = seen[-1].id
    ask("li")
    given = frozenset(event.id for event in seen)
    (new,) = do(events_after, stopped, ["police"], "an", now(), given)
    assert new.kind == "queued"
    # What committed late, with a smaller number, is still given.
    again = do(events_after, new.id, ["police"], "an", now(), given - {stopped})
    assert stopped in {event.id for event in again}
    later = now() + LOOK_BACK + timedelta(seconds=5)
    assert do(events_after, do(last_event), ["police"], "an", later) == []


def test_old_events_are_dropped(do, served):
    served("wang")
    assert do(drop_old_events, now()) == 0
    assert do(drop_old_events, now() + timedelta(days=3)) > 0
    assert do(last_event) == 0


async def test_the_bell_wakes_who_listens():
    bell = Bell()
    heard = bell.listen()
    bell.ring()
    await asyncio.wait_for(heard.wait(), PATIENCE)
    heard.clear()
    bell.stop_listening(heard)
    bell.ring()
    assert not heard.is_set()
