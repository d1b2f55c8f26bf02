"""Getting to the desk: who queues where, in what order, and who never does."""

from datetime import datetime, timedelta

import pytest

from conversations import change_holder
from conversations.ledger import find_holder
from desk import (
    AlreadyTaken,
    DeskUnknown,
    HandlingState,
    HandoffReason,
    Placed,
    list_queue,
    read_brief,
    read_desk,
    read_handling,
    save_desk,
)
from desk.holding import claim
from qinwen.clock import SHAANXI
from qinwen.vocabulary import Holder

SUNDAY = datetime(2026, 10, 18, 10, 0, tzinfo=SHAANXI)


def test_who_asks_is_queued_at_the_desk_of_their_item(do, ask, moment):
    placement = ask("wang")
    assert placement.placed is Placed.QUEUED
    assert placement.desk.code == "police"
    assert placement.place.position == 1
    handling = do(read_handling, placement.handling)
    assert handling.state is HandlingState.QUEUED
    assert do(find_holder, handling.conversation) is Holder.QUEUED


def test_asking_again_changes_nothing(do, ask):
    first, again = ask("wang"), ask("wang", "人呢")
    assert again.handling == first.handling
    assert len(do(list_queue, ["police"])) == 1


def test_an_emergency_never_queues(do, ask):
    placement = ask("wang", "我家着火了快来人")
    assert placement.placed is Placed.EMERGENCY
    assert placement.number == "119"
    assert do(list_queue, ["police", "city", "province"]) == []


def test_elders_second_timers_and_urgent_matters_go_first_but_waiting_counts(do, ask, moment):
    names = {}
    for minute, (name, text) in enumerate(
        [("first", "转人工"), ("second", "转人工"), ("elder", "我都七十多了看不清字，转人工")]
    ):
        names[ask(name, text, at=moment + timedelta(minutes=minute)).handling] = name
    names[ask("late elder", "俺老了转人工", at=moment + timedelta(minutes=30)).handling] = "late elder"
    assert [names[h.id] for h in do(list_queue, ["police"])] == ["elder", "first", "second", "late elder"]


def test_the_place_counts_who_is_served_before(ask, moment):
    for number in range(3):
        ask(f"c{number}", at=moment + timedelta(seconds=number))
    assert ask("normal", at=moment + timedelta(minutes=1)).place.ahead == 3
    assert ask("elder", "我今年82岁了，转人工", at=moment + timedelta(minutes=2)).place.ahead == 0


def test_a_second_visit_within_a_day_goes_first(do, ask, served, end, moment):
    end(served("wang"))
    assert do(read_handling, ask("wang", at=moment + timedelta(hours=2)).handling).urgency == ("second_time",)
    end(served("li", at=moment))
    assert do(read_handling, ask("li", at=moment + timedelta(days=2)).handling).urgency == ()


def test_without_anybody_there_no_time_is_promised(ask, agent, moment):
    assert ask("wang").place.wait is None
    agent("an")
    assert ask("li").place.wait is not None


def test_out_of_hours_a_message_is_asked_for(do, ask):
    placement = ask("wang", at=SUNDAY)
    assert placement.placed is Placed.CLOSED
    assert placement.opens_at == datetime(2026, 10, 19, 9, tzinfo=SHAANXI)
    assert do(read_handling, placement.handling).state is HandlingState.LEAVING_MESSAGE
    assert do(list_queue, ["police"]) == []


def test_a_closed_desk_sends_on_to_its_open_parent(do, ask, hours):
    from dataclasses import replace

    from desk import hours_from_json

    always = hours_from_json({"week": [["00:00-24:00"]] * 7, "works_on_holidays": True})
    do(save_desk, replace(do(read_desk, "province"), hours=always))
    placement = ask("wang", at=SUNDAY)
    assert (placement.placed, placement.desk.code) == (Placed.QUEUED, "province")


def test_soon_after_the_same_agent_is_asked_for(do, ask, served, end, agent, moment):
    end(served("wang"), at=moment + timedelta(minutes=5))
    soon = moment + timedelta(minutes=10)
    agent("an", at=soon)
    again = ask("wang", at=soon)
    assert do(read_handling, again.handling).preferred_agent == "an"


@pytest.mark.parametrize("why", ["late", "away", "full"])
def test_the_same_agent_is_not_asked_for_when_it_is_late_or_they_are_not_there(do, ask, served, end, agent, moment, why):
    from desk import Presence

    end(served("wang"), at=moment + timedelta(minutes=5))
    later = moment + timedelta(minutes=50 if why == "late" else 10)
    agent("an", at=later, presence=Presence.AWAY if why == "away" else Presence.ONLINE)
    if why == "full":
        for name in ("one", "two"):
            do(claim, ask(name, at=later).handling, "an", later)
    assert do(read_handling, ask("wang", at=later).handling).preferred_agent is None


def test_a_conversation_that_is_over_is_not_queued(do, talk, router, moment):
    from desk import HandoffRequest, enqueue

    citizen, conversation = talk("wang")
    do(change_holder, conversation, Holder.BOT, Holder.CLOSED)
    with pytest.raises(AlreadyTaken):
        do(enqueue, router, HandoffRequest(conversation, citizen, HandoffReason.ASKED, "转人工"), moment)
    assert do(list_queue, ["police", "city", "province"]) == []


def test_without_desks_a_sentence_says_so(ledger_database, router, moment):
    from conversations import ledger
    from desk import HandoffRequest, enqueue

    with ledger_database.session() as session:
        citizen = ledger.open_citizen(session, "webchat", "wang")
        conversation = ledger.open_conversation(session, citizen, 3600)
        with pytest.raises(DeskUnknown):
            enqueue(session, router, HandoffRequest(conversation.id, citizen, HandoffReason.ASKED), moment)


def test_the_brief_carries_the_story_and_no_number_in_clear(do, talk, ask, moment):
    talk("wang", "我叫王小明，身份证号610113199001011237，身份证丢了怎么补")
    placement = ask(
        "wang",
        "你们就是踢皮球！转人工",
        reason=HandoffReason.UPSET,
        facet="materials",
        facts={"手机": "13800138000", "年龄": "35"},
    )
    brief = do(read_brief, placement.handling, moment + timedelta(minutes=3))
    assert (brief.item, brief.facet, brief.region, brief.department) == ("idcard-renew", "materials", "西安市雁塔区", "公安")
    assert brief.handling.reason.label == "市民情绪激动"
    assert brief.mood.label == "生气"
    assert brief.waited == 180
    assert brief.answers[-1].answer == "带户口簿到派出所"
    assert "怎么补" in brief.answers[-1].question
    shown = repr(brief)
    assert "610113199001011237" not in shown
    assert "13800138000" not in shown
    assert brief.facts["年龄"] == "35"


def test_earlier_contacts_are_in_the_brief(do, ask, served, end, moment):
    end(served("wang"))
    again = ask("wang", at=moment + timedelta(hours=1))
    (earlier,) = do(read_brief, again.handling, moment).earlier
    assert earlier.agent == "an"
    assert earlier.outcome.label == "已解决"


def test_the_rows_of_the_desk_hold_no_word_of_the_citizen(do, ask, ledger_database):
    from sqlalchemy import text

    ask("wang", "秘密暗号，转人工")
    with ledger_database.session() as session:
        assert "秘密暗号" not in str(session.execute(text("SELECT * FROM handling")).all())
