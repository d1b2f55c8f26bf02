"""A question that an entry must not answer is not answered by it from the next question on, in every process."""

from datetime import datetime, timedelta, timezone

import numpy as np
import pytest

from knowledge_base import (
    Answerer,
    EntryInvalid,
    EntryNotFound,
    Knowledge,
    Question,
    add_negative,
    negatives_of,
    remove_negative,
)
from knowledge_base.history import answer_as_of
from knowledge_base.negatives import Negative, matching_negatives
from qinwen.clock import now
from qinwen.vocabulary import Facet, Outcome

AT = datetime(2026, 9, 1, tzinfo=timezone.utc)


@pytest.fixture
def answerers(database):
    """Two readers, as in two processes."""
    return [Answerer(Knowledge(database, "none"), None) for _ in range(2)]


def sources(answerer, text, **intents):
    answer = answerer.answer(Question(text, None, intents))
    return answer, {source.entry for reply in answer.replies for source in reply.sources}


def forbid(database, entry, text, facet=None):
    with database.session() as session:
        return add_negative(session, entry, facet, text, "wang", now())


def test_an_faq_does_not_answer_a_question_that_it_must_not_and_answers_others(database, answerers):
    for answerer in answerers:
        assert sources(answerer, "政务大厅有停车场吗")[1] == {"faq:parking"}
    number = forbid(database, "faq:parking", "政务大厅有停车场吗")
    for answerer in answerers:
        assert "faq:parking" not in sources(answerer, "政务大厅有停车场吗")[1]
        assert sources(answerer, "大厅能停车吗")[1] == {"faq:parking"}
    with database.session() as session:
        assert remove_negative(session, number, "wang", now()) == "faq:parking"
    for answerer in answerers:
        assert sources(answerer, "政务大厅有停车场吗")[1] == {"faq:parking"}


def test_a_facet_of_a_guide_does_not_answer_and_its_other_facets_do(database, answerers):
    answer, found = sources(answerers[0], "护照要多少钱", ask_fee=0.95)
    assert (answer.item, answer.facet) == ("passport", Facet.FEE)
    forbid(database, "guide:passport:610000", "护照要多少钱", Facet.FEE)
    answer, found = sources(answerers[0], "护照要多少钱", ask_fee=0.95)
    assert (answer.outcome, answer.item, answer.facet) != (Outcome.ANSWERED, "passport", Facet.FEE)
    answer, found = sources(answerers[0], "护照要带什么材料", ask_materials=0.95)
    assert (answer.item, answer.facet) == ("passport", Facet.MATERIALS)
    del found


def test_the_next_best_answers_in_its_place(database, answerers):
    forbid(database, "item:passport", "护照要多少钱")
    answer, _ = sources(answerers[0], "护照要多少钱", ask_fee=0.95)
    assert answer.item != "passport" or answer.outcome is not Outcome.ANSWERED


def test_the_same_is_said_once_and_taken_back_once(database):
    first = forbid(database, "faq:parking", "政务大厅有停车场吗")
    assert forbid(database, "faq:parking", "政务大厅有停车场吗") == first
    with database.session() as session:
        assert [one.id for one in negatives_of(session, "faq:parking")] == [first]
        remove_negative(session, first, "wang", AT)
        assert negatives_of(session, "faq:parking") == []
        with pytest.raises(EntryNotFound):
            remove_negative(session, first, "wang", AT)


def test_nonsense_is_refused(database):
    with database.session() as session:
        for text in ("", "?!", "字" * 501):
            with pytest.raises(EntryInvalid):
                add_negative(session, "faq:parking", None, text, "wang", AT)
        with pytest.raises(EntryNotFound):
            add_negative(session, "faq:nothing", None, "问题", "wang", AT)


def test_the_past_knows_the_negatives_of_then(database):
    before = now()
    forbid(database, "faq:parking", "政务大厅有停车场吗")
    question = Question("政务大厅有停车场吗")
    after = now() + timedelta(seconds=1)
    for moment, answered in ((before, True), (after, False)):
        answer = answer_as_of(database, None, question, moment, moment)
        assert (answer.outcome is Outcome.ANSWERED) == answered


def test_a_question_typed_otherwise_is_the_same_one_and_another_is_not():
    held = [Negative(1, "faq:a", None, "身份证丢了怎么坐高铁", "wang", AT)]
    assert matching_negatives(held, "身份证丢了，怎么坐高铁？", None, {})
    assert not matching_negatives(held, "身份证丢了怎么补办", None, {})
    near, far = np.array([1, 0], dtype=np.float32), np.array([0, 1], dtype=np.float32)
    assert matching_negatives(held, "没带证件咋上火车", near, {held[0].text: near})
    assert not matching_negatives(held, "没带证件咋上火车", near, {held[0].text: far})
