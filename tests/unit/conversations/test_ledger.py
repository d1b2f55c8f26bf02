from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from conversations import CitizenMessage, Response, claims, ledger
from conversations.models import Citizen, Conversation, Message, Turn
from qinwen.clock import now
from qinwen.replies import Reply
from qinwen.vocabulary import Holder, Outcome

IDLE = 3600.0
RUNNER = "this"
ANSWER = Response(Outcome.ANSWERED, (Reply("text", "120 元"),), "passport", "fee", "610100", "ask_fee", 0.9)


@pytest.fixture
def person(ledger_database):
    with ledger_database.session() as session:
        return ledger.open_citizen(session, "webchat", "somebody")


@pytest.fixture
def claim(ledger_database, person):
    def make(message_id, text="护照多少钱", idle=IDLE):
        with ledger_database.session() as session:
            return claims.claim_turn(session, CitizenMessage(person, message_id, text), "webchat", RUNNER, idle)

    return make


@pytest.fixture
def finish(ledger_database, person):
    def make(claimed, response=ANSWER):
        with ledger_database.session() as session:
            return claims.finish_turn(session, claimed, RUNNER, response)

    return make


def set_all(database, model, **values):
    with database.session() as session:
        session.execute(update(model).values(**values))


def _fail(*_, **__):
    raise RuntimeError


def count(database, model):
    with database.session() as session:
        return session.scalar(select(func.count()).select_from(model))


def test_the_first_call_with_a_message_id_claims_it_and_later_calls_find_it(claim):
    first, again = claim("m1"), claim("m1")
    assert first.mine
    assert not again.mine
    assert (again.turn, again.conversation, again.finished) == (first.turn, first.conversation, None)


def test_a_finished_turn_is_found_with_its_answer(claim, finish):
    finished = finish(claim("m1"))
    found = claim("m1").finished
    assert found == finished
    assert found.response == ANSWER


def test_a_turn_is_finished_once(claim, finish, ledger_database):
    claimed = claim("m1")
    finish(claimed)
    second = finish(claimed, Response(Outcome.ERROR, (Reply("text", "故障"),)))
    assert second is None
    assert claim("m1").finished.response == ANSWER
    assert count(ledger_database, Message) == 2


def test_messages_claimed_at_once_stand_in_one_conversation(claim):
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda number: claim(f"m{number}"), range(16)))
    assert all(one.mine for one in found)
    assert len({one.conversation for one in found}) == 1


def test_a_message_id_claimed_at_once_is_claimed_by_one(claim, ledger_database):
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: claim("m1"), range(16)))
    assert sum(one.mine for one in found) == 1
    assert len({one.turn for one in found}) == 1
    assert count(ledger_database, Message) == 1


@pytest.mark.parametrize("known", [False, True])
def test_a_claim_that_fails_half_way_leaves_nothing(claim, ledger_database, monkeypatch, known):
    if known:
        claim("m0")
    before = count(ledger_database, Turn), count(ledger_database, Conversation)
    with monkeypatch.context() as patch, pytest.raises(RuntimeError):
        patch.setattr(claims, "hide_secrets", _fail)
        claim("m1")
    assert (count(ledger_database, Turn), count(ledger_database, Conversation)) == before
    assert claim("m1").mine


def test_a_citizen_opened_at_once_is_one_citizen(ledger_database):
    def open_citizen(_):
        with ledger_database.session() as session:
            return ledger.open_citizen(session, "wechat", "openid")

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(open_citizen, range(16)))) == 1
    assert count(ledger_database, Citizen) == 1


def test_personal_data_is_masked_before_it_is_written(claim, ledger_database):
    claim("m1", "我叫张三,身份证号11010519491231002X,手机13812345678,护照办好没")
    with ledger_database.session() as session:
        text = session.scalars(select(Message.text)).one()
    assert "11010519491231002X" not in text
    assert "13812345678" not in text
    assert "护照办好没" in text


def test_a_conversation_goes_on_while_it_is_not_idle(claim, finish):
    first = claim("m1")
    finish(first)
    assert claim("m2").conversation == first.conversation


def test_a_new_conversation_begins_after_a_long_silence_and_keeps_the_region(claim, finish, ledger_database):
    first = claim("m1")
    finish(first)
    set_all(ledger_database, Conversation, last_at=now() - timedelta(seconds=IDLE + 1))
    second = claim("m2")
    assert second.conversation != first.conversation
    assert second.region == "610100"


def test_a_new_conversation_begins_after_the_last_was_closed(claim, ledger_database):
    first = claim("m1")
    set_all(ledger_database, Conversation, holder=Holder.CLOSED.value)
    assert claim("m2").conversation != first.conversation


def test_a_repeated_message_stays_in_its_conversation_also_after_a_long_silence(claim, ledger_database):
    first = claim("m1")
    set_all(ledger_database, Conversation, last_at=now() - timedelta(days=30))
    assert claim("m1").conversation == first.conversation


def test_the_region_of_an_answer_is_remembered_and_an_answer_without_one_does_not_erase_it(claim, finish):
    assert claim("m1").region is None
    finish(claim("m1"))
    assert claim("m2").region == "610100"
    finish(claim("m2"), Response(Outcome.SMALLTALK, (Reply("text", "您好"),)))
    assert claim("m3").region == "610100"


def test_only_a_turn_whose_runner_died_is_taken_over_and_by_one(claim, finish, ledger_database):
    claimed = claim("m1")

    def take_over(_=None):
        with ledger_database.session() as session:
            return claims.take_over(session, claimed.turn, "another")

    assert not take_over()
    set_all(ledger_database, Turn, lease_until=now() - timedelta(seconds=1))
    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(take_over, range(4))) == 1
    assert finish(claimed) is None, "its first runner lost it"
    set_all(ledger_database, Turn, state="done", lease_until=now() - timedelta(seconds=1))
    assert not take_over()


def test_messages_after_an_id_come_in_order_and_without_one_the_last_come(claim, finish, ledger_database, person):
    for number in range(3):
        finish(claim(f"m{number}", f"第{number}问"))

    def read(after, limit=100):
        with ledger_database.session() as session:
            return ledger.messages_after(session, person, after, limit)

    everything = read(0)
    assert [m["direction"] for m in everything] == ["in", "out"] * 3
    assert [m["message_id"] for m in everything] == ["m0", "m0", "m1", "m1", "m2", "m2"]
    assert [m["id"] for m in read(everything[3]["id"])] == [m["id"] for m in everything[4:]]
    assert read(None, 2) == everything[-2:]
    assert read(0, 2) == everything[:2]
    assert everything[0]["reply"] == Reply("text", "第0问").to_json()
    assert everything[1]["reply"] == ANSWER.replies[0].to_json()


def test_nobody_reads_another_citizen_s_messages(claim, ledger_database):
    claim("m1")
    with ledger_database.session() as session:
        assert ledger.messages_after(session, "somebody else", 0) == []
