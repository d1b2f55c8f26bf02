"""The sample content fills an empty knowledge base, from which questions are answered."""

import starting
from knowledge_base import Answerer, Knowledge, Question, has_knowledge, load_seeds
from qinwen.clock import now
from qinwen.database import Database
from qinwen.vocabulary import Facet, Outcome


def test_the_seeds_fill_an_empty_knowledge_base_once_and_can_be_asked(settings):
    starting.migrate(settings)
    database = Database(settings.database_url)
    assert not has_knowledge(database)
    starting.seed(settings)
    assert has_knowledge(database)
    with database.session() as session:
        assert load_seeds(session, "none", lambda _: None) == 0

    knowledge = Knowledge(database, "none")
    knowledge.refresh()
    assert len(knowledge.items) == 68
    answerer = Answerer(knowledge, None)
    answer = answerer.answer(Question("护照要多少钱", None, {"ask_fee": 0.95}))
    found = knowledge.facet("passport", Facet.PLACE, "610100", now())
    database.close()

    assert (answer.outcome, answer.item, answer.facet) == (Outcome.ANSWERED, "passport", Facet.FEE)
    assert "120元" in answer.replies[0].text
    assert found.region == "610100"
    assert found.version.sample
    assert found.version.reviewed_on is not None
