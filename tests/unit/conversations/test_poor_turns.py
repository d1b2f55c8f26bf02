"""Turns that did not help are found in the ledger: what, whose, and why; turns that did are left alone."""

from datetime import datetime, timedelta, timezone

import pytest

from conversations import poor_turns, recent_questions
from conversations.models import Citizen, Conversation, Message, Turn

AT = datetime(2026, 9, 1, 4, tzinfo=timezone.utc)


@pytest.fixture
def talk(ledger_database):
    """Write a conversation: (text, outcome) or (text, outcome, more) a turn, one a minute."""
    count = iter(range(10_000))

    def write(*turns, citizen="c1", apart=timedelta(minutes=1)):
        with ledger_database.session() as session:
            if session.get(Citizen, citizen) is None:
                session.add(Citizen(id=citizen, channel="webchat", address=citizen, created_at=AT))
                session.flush()
            talk = f"talk{next(count)}"
            session.add(Conversation(id=talk, citizen_id=citizen, holder="bot", opened_at=AT, last_at=AT))
            session.flush()
            for number, (text, outcome, *more) in enumerate(turns):
                at, name = AT + number * apart, f"t{next(count)}"
                session.add(
                    Turn(
                        id=name,
                        conversation_id=talk,
                        citizen_id=citizen,
                        message_id=name,
                        state="done",
                        outcome=outcome,
                        started_at=at,
                        **(more[0] if more else {}),
                    )
                )
                session.flush()
                for direction, words in (("in", text), ("out", "回答")):
                    session.add(
                        Message(
                            conversation_id=talk,
                            citizen_id=citizen,
                            turn_id=name,
                            direction=direction,
                            author="citizen",
                            text=words,
                            created_at=at,
                        )
                    )

    return write


@pytest.fixture
def found(ledger_database):
    def read(since=AT, badly_rated=()):
        with ledger_database.session() as session:
            return [(turn.text, turn.trouble) for turn in poor_turns(session, since, 1000, badly_rated)]

    return read


def test_what_was_not_found_is_unanswered_and_what_is_not_ours_is_no_trouble(talk, found):
    talk(("无线网密码", "not_found"), ("今天天气", "refused_out_of_scope", {"intent": "out_of_scope"}))
    talk(("公证要多少钱", "refused_out_of_scope", {"intent": "ask_fee"}), ("你好", "smalltalk"), ("骂人", "refused_unsafe"))
    assert found() == [("无线网密码", "unanswered"), ("公证要多少钱", "unanswered")]


def test_asking_back_is_in_vain_unless_an_answer_follows_soon(talk, found):
    talk(("公积金咋弄", "clarify"), ("提取", "answered"))
    talk(("社保咋弄", "clarify"), ("算了", "acknowledged"))
    talk(("医保咋弄", "clarify"), ("我说医保", "not_found"), citizen="c2")
    talk(("户口咋弄", "ask_slot"), citizen="c3")
    assert found() == [("医保咋弄", "clarified_in_vain"), ("户口咋弄", "clarified_in_vain"), ("我说医保", "unanswered")]


def test_an_answer_that_is_asked_for_again_at_once_did_not_help(talk, found):
    about = {"item": "passport", "facet": "fee", "confidence": 0.9}
    talk(("护照要多少钱", "answered", about), ("护照到底要多少钱", "answered", about), ("好的", "acknowledged"))
    talk(("护照要多少钱啊", "answered", about), ("护照要带啥", "answered", {**about, "facet": "materials"}), citizen="c2")
    talk(("护照收费", "answered", about), ("护照收费吗", "answered", about), citizen="c3", apart=timedelta(hours=1))
    assert found() == [("护照要多少钱", "asked_again")]


def test_little_confidence_and_bad_ratings_count(talk, found, ledger_database):
    talk(("这个咋办", "answered", {"confidence": 0.2}), ("护照要多少钱", "answered", {"confidence": 0.9}))
    with ledger_database.session() as session:
        rated = session.query(Turn.id).where(Turn.confidence > 0.5).scalar()
    assert found(badly_rated={rated}) == [("这个咋办", "low_confidence"), ("护照要多少钱", "badly_rated")]


def test_older_turns_and_erased_words_are_left_out(talk, found):
    talk(("无线网密码", "not_found"), ("", "not_found"))
    assert found() == [("无线网密码", "unanswered")]
    assert found(since=AT + timedelta(hours=1)) == []


def test_the_last_questions_come_once_with_how_often(talk, ledger_database):
    talk(("护照要多少钱", "answered"), ("护照要多少钱", "answered"), ("你好", "smalltalk"), ("无线网密码", "not_found"))
    with ledger_database.session() as session:
        assert recent_questions(session, 10) == [("护照要多少钱", 2), ("无线网密码", 1)]
        assert len(recent_questions(session, 1)) == 1
