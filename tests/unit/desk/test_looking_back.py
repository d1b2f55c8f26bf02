"""What supervisors read: open conversations, one from beginning to end, joining, and answers that recur."""

from datetime import timedelta

import pytest

from conversations import ledger
from desk import (
    AlreadyTaken,
    find_recurring,
    is_guest,
    join,
    list_open,
    measure,
    measure_each,
    read_conversation,
    read_handling,
    save_macro,
)
from desk.holding import claim
from qinwen.replies import Reply


@pytest.fixture
def told(do, served, end, moment):
    """A conversation in which an agent said something, closed."""

    def make(name, words, entry=None):
        handling = served(name)
        do(ledger.post_message, do(read_handling, handling).conversation, "agent", Reply("text", words))
        end(handling, entry=entry)
        return handling

    return make


def test_open_conversations_are_those_that_wait_or_are_held(do, served, ask, end):
    held, waiting = served("wang"), ask("li").handling
    ended = served("zhao")
    end(ended)
    assert {one.id for one in do(list_open, ["police"])} == {held, waiting}
    assert do(list_open, ["city"]) == []


def test_a_conversation_is_read_from_its_beginning_also_when_it_is_long(do, told):
    handling = told("wang", "带户口簿")
    conversation = do(read_handling, handling).conversation
    for number in range(120):
        do(ledger.post_message, conversation, "agent", Reply("text", f"第{number}句"))
    lines = do(read_conversation, handling)
    assert lines[0].author == "citizen"
    assert lines[-1].reply.text == "第119句"
    assert len(lines) > 120


def test_a_supervisor_joins_what_an_agent_holds_and_nothing_else(do, ask, agent, moment):
    agent("an")
    handling = ask("wang").handling
    with pytest.raises(AlreadyTaken):
        do(join, handling, "lead", moment)
    do(claim, handling, "an", moment)
    do(join, handling, "lead", moment)
    do(join, handling, "lead", moment)
    assert do(is_guest, handling, "lead")
    assert do(read_handling, handling).agent == "an"
    with pytest.raises(AlreadyTaken):
        do(join, handling, "an", moment)


def test_what_agents_say_in_three_conversations_recurs_whatever_the_small_differences(do, told, moment):
    told("a", "身份证补办带户口簿到户籍地派出所，三天能拿。")
    told("b", "身份证补办要带户口簿到户籍地派出所，三天能拿到。")
    third = told("c", "您好，身份证补办带户口簿到户籍地派出所，三天能拿")
    told("d", "驾照到期前九十天内在手机上就能换。")
    (found,) = do(find_recurring, ["police"], moment - timedelta(days=1))
    assert found.count == 3
    assert found.item == "idcard-renew"
    assert third in found.handlings
    assert "户籍地派出所" in found.text
    assert do(find_recurring, ["city"], moment - timedelta(days=1)) == []


def test_short_words_macros_and_answers_from_an_entry_do_not_recur(do, told, moment):
    do(save_macro, "开场", "您好，这里是{服务台}，很高兴为您服务。", "lead", moment, desk=None)
    for number in range(4):
        told(f"a{number}", "好的，请稍等。")
        told(f"b{number}", "您好，这里是西安市公安服务台，很高兴为您服务。")
        told(f"c{number}", "身份证补办带户口簿到户籍地派出所，三天能拿。", entry="guide:idcard-renew:610000")
    assert do(find_recurring, ["police"], moment - timedelta(days=1)) == []


def test_a_report_over_several_desks_adds_up_and_names_its_agents(do, told, ask, moment):
    told("a", "带户口簿来")
    ask("b", region="610300", item=None)
    span = (moment - timedelta(days=1), moment + timedelta(days=1))
    together = do(measure, *span, desks=["police", "city", "province"])
    assert together.asked == sum(do(measure, *span, desk=code).asked for code in ("police", "city", "province")) == 2
    codes = ["police", "city", "province"]
    by_desk, whole = do(measure_each, *span, codes, lambda seen: seen.desk)
    assert whole == together
    assert by_desk == {code: do(measure, *span, desk=code) for code in by_desk}
    by_agent, _ = do(measure_each, *span, codes, lambda seen: seen.agent)
    assert by_agent == {"an": do(measure, *span, agent="an")}
    assert do(measure_each, *span, ["city"], lambda seen: seen.agent)[0] == {}
