from qinwen.vocabulary import FACET_TITLES, Facet, Holder, Outcome

# design §5, §2 and §3, word for word.
OUTCOMES = """answered clarify not_found refused_out_of_scope refused_unsafe emergency case_status case_not_found
ask_slot identity_required handed_off desk_queued desk_closed smalltalk acknowledged rated error"""
FACETS = """overview eligibility materials process place hours online duration fee proxy deferral result basis contact"""
HOLDERS = "bot queued with_agent closed"


def test_the_outcomes_are_those_of_the_design():
    assert [outcome.value for outcome in Outcome] == OUTCOMES.split()


def test_the_facets_are_those_of_the_design_and_have_chinese_titles():
    assert [facet.value for facet in Facet] == FACETS.split()
    assert set(FACET_TITLES) == set(Facet)
    assert len(set(FACET_TITLES.values())) == len(Facet)


def test_the_holders_are_those_of_the_design():
    assert [holder.value for holder in Holder] == HOLDERS.split()


def test_every_value_fits_its_column():
    from conversations.models import Conversation, Turn

    columns = {**Turn.__table__.columns, **Conversation.__table__.columns}
    for kind, column in ((Outcome, "outcome"), (Facet, "facet"), (Holder, "holder")):
        assert max(len(member.value) for member in kind) <= columns[column].type.length
