"""Claiming, bringing in, closing, spam: one owner, and nothing the agent has not seen is closed away."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest

from conversations.ledger import find_holder
from desk import (
    AlreadyTaken,
    CloseOutcome,
    Closing,
    DeskRefused,
    DeskUnknown,
    HandlingState,
    NoRoom,
    NotHolding,
    Placed,
    Presence,
    Reserved,
    UnseenMessages,
    add_note,
    bring_in,
    is_guest,
    last_returned,
    leave_as_guest,
    list_closed,
    list_held,
    mark_spam,
    read_handling,
    read_notes,
    set_presence,
    take_over,
)
from desk.holding import claim, close
from desk.transcript import read_lines
from qinwen.vocabulary import Facet, Holder


def test_of_two_agents_at_once_one_wins_and_the_other_is_told(do, agent, ask, moment):
    for name in ("an", "bai"):
        agent(name)
    for number in range(10):
        handling = ask(f"c{number}", at=moment).handling
        for name in ("an", "bai"):
            do(set_presence, name, Presence.ONLINE, moment)

        told = []

        def attempt(name, handling=handling, told=told):
            try:
                return do(claim, handling, name, moment).handling.agent
            except AlreadyTaken as error:
                told.append(error.message)
                return None

        with ThreadPoolExecutor(2) as pool:
            winners = [name for name in pool.map(attempt, ("an", "bai")) if name]
        assert len(winners) == 1
        assert ["慢了一步" in words for words in told] == [True]
        held = do(read_handling, handling)
        assert (held.state, held.agent) == (HandlingState.WITH_AGENT, winners[0])
        assert do(find_holder, held.conversation) is Holder.WITH_AGENT
        do(close, handling, winners[0], Closing(CloseOutcome.RESOLVED, 10**9), moment)


def test_a_double_click_claims_once(do, served, moment):
    handling = served()
    assert not do(claim, handling, "an", moment).fresh
    assert len(do(list_held, "an")) == 1


def test_nobody_has_more_than_they_may(do, agent, ask, moment):
    agent("an", capacity=2)
    handlings = [ask(f"c{number}").handling for number in range(6)]

    def attempt(handling):
        try:
            return do(claim, handling, "an", moment).fresh
        except NoRoom:
            return False

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(attempt, handlings)) == 2
    assert len(do(list_held, "an")) == 2


@pytest.mark.parametrize("presence", [Presence.AWAY, Presence.WRAP_UP, Presence.OFFLINE])
def test_who_is_not_online_claims_nothing(do, agent, ask, moment, presence):
    agent("an", presence=presence)
    with pytest.raises(NoRoom):
        do(claim, ask("wang").handling, "an", moment)


def test_who_is_of_another_desk_claims_nothing(do, agent, ask, moment):
    agent("an", desk="city")
    with pytest.raises(NoRoom, match="不是这个服务台"):
        do(claim, ask("wang").handling, "an", moment)


def test_what_is_not_there_or_over_is_not_claimed(do, agent, served, end, moment):
    handling = served()
    end(handling)
    with pytest.raises(AlreadyTaken):
        do(claim, handling, "an", moment)
    with pytest.raises(DeskUnknown):
        do(claim, "nothing", "an", moment)


def test_a_conversation_is_kept_two_minutes_for_the_agent_who_knows_it(do, agent, ask, served, end, moment):
    end(served("wang"), at=moment)
    agent("bai")
    handling = ask("wang", at=moment + timedelta(seconds=10)).handling
    with pytest.raises(Reserved):
        do(claim, handling, "bai", moment + timedelta(seconds=20))
    do(set_presence, "bai", Presence.ONLINE, moment + timedelta(minutes=3))
    assert do(claim, handling, "bai", moment + timedelta(minutes=3)).fresh


def test_a_supervisor_takes_over_whoever_has_it(do, served, ask, moment):
    handling = served()
    assert do(take_over, handling, "lead", moment).handling.agent == "lead"
    assert not do(take_over, handling, "lead", moment).fresh
    assert do(list_held, "an") == []
    waiting = ask("li").handling
    assert do(take_over, waiting, "lead", moment).handling.state is HandlingState.WITH_AGENT
    with pytest.raises(NotHolding):
        do(close, handling, "an", Closing(CloseOutcome.RESOLVED, 10**9), moment)


def test_closing_gives_the_conversation_and_what_was_said_back_to_the_bot(do, served, moment):
    handling = served()
    closing = Closing(
        CloseOutcome.RESOLVED,
        seen=10**9,
        entry="guide:idcard-renew:610100",
        facts={"place": "三楼 B 区 12 号窗口", "fee": "40 元"},
    )
    returned = do(close, handling, "an", closing, moment)
    held = do(read_handling, handling)
    assert do(find_holder, held.conversation) is Holder.BOT
    assert (held.outcome, held.entry) == (CloseOutcome.RESOLVED, "guide:idcard-renew:610100")
    assert returned.told(Facet.PLACE) == "三楼 B 区 12 号窗口"
    assert returned.told(Facet.HOURS) is None
    assert do(last_returned, held.conversation) == returned
    slots = returned.to_slots()
    assert slots["item"] == "idcard-renew"
    assert slots["region"] == "610113"
    assert slots["from_desk"]["facts"] == {"place": "三楼 B 区 12 号窗口", "fee": "40 元"}
    assert [h.id for h in do(list_closed, "an")] == [handling]


def test_nothing_that_the_agent_has_not_seen_is_closed_away(do, served, talk, moment):
    handling = served("wang")
    citizen = do(read_handling, handling).citizen
    seen = do(read_lines, citizen)[-1].id
    talk("wang", "等一下，还有一件事", "")
    with pytest.raises(UnseenMessages):
        do(close, handling, "an", Closing(CloseOutcome.RESOLVED, seen), moment)
    assert do(read_handling, handling).state is HandlingState.WITH_AGENT
    do(close, handling, "an", Closing(CloseOutcome.RESOLVED, do(read_lines, citizen)[-1].id), moment)


@pytest.mark.parametrize(
    "closing",
    [
        Closing(CloseOutcome.LEFT, 10**9),
        Closing(CloseOutcome.FOLLOW_UP, 10**9),
        Closing(CloseOutcome.RESOLVED, 10**9, follow_up_on=date(2026, 10, 20)),
        Closing(CloseOutcome.RESOLVED, 10**9, facts={"天气": "晴"}),
        Closing(CloseOutcome.RESOLVED, 10**9, facts={"place": " "}),
    ],
)
def test_a_closing_form_that_is_not_right_changes_nothing(do, served, moment, closing):
    handling = served()
    with pytest.raises(DeskRefused, match=r"。$"):
        do(close, handling, "an", closing, moment)
    assert do(read_handling, handling).state is HandlingState.WITH_AGENT


def test_a_follow_up_keeps_its_date(do, served, end):
    handling = served()
    end(handling, outcome=CloseOutcome.FOLLOW_UP, follow_up_on=date(2026, 10, 20))
    assert do(read_handling, handling).follow_up_on == date(2026, 10, 20)


def test_facts_are_masked(do, served, end):
    returned = end(served(), facts={"contact": "找王姐 13800138000"})
    assert "13800138000" not in returned.told(Facet.CONTACT)


def test_closing_twice_is_refused(do, served, end):
    handling = served()
    end(handling)
    with pytest.raises(NotHolding):
        end(handling)


def test_a_second_agent_joins_and_goes(do, served, moment):
    handling = served()
    do(bring_in, handling, "an", "bai", moment)
    assert do(is_guest, handling, "bai")
    assert do(read_handling, handling).agent == "an"
    with pytest.raises(NotHolding):
        do(bring_in, handling, "cui", "bai", moment)
    with pytest.raises(DeskRefused):
        do(bring_in, handling, "an", "an", moment)
    do(leave_as_guest, handling, "bai")
    assert not do(is_guest, handling, "bai")


def test_spam_ends_and_keeps_from_the_desk_for_a_while(do, served, ask, moment):
    handling = served("wang")
    until = do(mark_spam, handling, "an", timedelta(hours=2), moment)
    held = do(read_handling, handling)
    assert held.outcome is CloseOutcome.SPAM
    assert do(find_holder, held.conversation) is Holder.BOT
    again = ask("wang", at=moment + timedelta(hours=1))
    assert (again.placed, again.until) == (Placed.COOLING_DOWN, until)
    assert ask("wang", "还是要人工", at=moment + timedelta(hours=3)).placed is Placed.QUEUED


def test_a_cool_down_lasts_a_week_at_most(do, served, moment):
    handling = served()
    with pytest.raises(DeskRefused):
        do(mark_spam, handling, "an", timedelta(days=8), moment)
    with pytest.raises(DeskRefused):
        do(mark_spam, handling, "an", timedelta(hours=1), moment, "other")


def test_notes_are_masked_and_in_order(do, served, moment):
    handling = served()
    do(add_note, handling, "an", "市民电话 13800138000", moment)
    do(add_note, handling, "bai", "已核实", moment)
    notes = do(read_notes, handling)
    assert [note.agent for note in notes] == ["an", "bai"]
    assert "13800138000" not in notes[0].text
    for words in ("", " ", "长" * 501):
        with pytest.raises(DeskRefused):
            do(add_note, handling, "an", words, moment)
