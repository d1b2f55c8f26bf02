import pytest
from sqlalchemy import func, select

from knowledge_base import EntryInvalid, EntryNotFound
from knowledge_base.content import Faq
from knowledge_base.models import Entry, EntryVersion, KnowledgeRevision, SearchRow, ServiceItem
from knowledge_base.publishing import Publisher
from qinwen.vocabulary import Facet


def contents(database):
    """Give how much of everything there is, and the revision."""
    with database.session() as session:
        counts = [
            session.scalar(select(func.count()).select_from(table)) for table in (ServiceItem, Entry, EntryVersion, SearchRow)
        ]
        return [*counts, session.scalar(select(KnowledgeRevision.number))]


def rows(database, owner):
    with database.session() as session:
        current = session.get_one(Entry, owner).current_version
        mine = select(SearchRow).where(SearchRow.owner == owner, SearchRow.version == current)
        found = session.scalars(mine.order_by(SearchRow.id)).all()
        return [(row.kind, row.text, row.facet) for row in found]


class BrokenEncoder:
    """Fails at the n-th call."""

    def __init__(self, at):
        self.calls, self._at = 0, at

    def __call__(self, texts):
        self.calls += 1
        if self.calls == self._at:
            raise MemoryError


@pytest.mark.parametrize("at", [1, 2, 3])
def test_publishing_that_fails_leaves_nothing(empty, make, at):
    before = contents(empty)
    publisher = Publisher("broken", BrokenEncoder(at))
    with pytest.raises(MemoryError), empty.session() as session:
        publisher.publish_item(session, make.item("passport", "普通护照签发", "办护照"))
        publisher.publish_guide(
            session, make.guide("passport", "610000", fee={"text": "120元。", "asked": ["多少钱"]}), author="测试"
        )
        publisher.publish_faq(session, Faq("a", "问", "答", "passport"), author="测试")
    assert contents(empty) == before == [0, 0, 0, 0, 0]


def test_an_edit_that_fails_leaves_the_version_before(database, make):
    before, wordings = contents(database), rows(database, "guide:passport:610000")
    broken = Publisher("broken", BrokenEncoder(1))
    guide = make.guide("passport", "610000", fee={"text": "160元。", "asked": ["现在多少钱"]})
    with pytest.raises(MemoryError), database.session() as session:
        broken.publish_guide(session, guide, author="测试")
    assert contents(database) == before
    assert rows(database, "guide:passport:610000") == wordings


def test_every_publishing_raises_the_revision_and_numbers_the_versions(database, publisher):
    before = contents(database)[-1]
    for number in (2, 3):
        with database.session() as session:
            assert publisher.publish_faq(session, Faq("parking", "能停车吗", "能。"), author="测试") == number
    assert contents(database)[-1] == before + 2
    with database.session() as session:
        assert session.get_one(Entry, "faq:parking").current_version == 3
        assert session.scalars(
            select(EntryVersion.number).where(EntryVersion.entry_id == "faq:parking").order_by(EntryVersion.number)
        ).all() == [1, 2, 3]


def test_an_edit_replaces_the_wordings(database, publisher):
    with database.session() as session:
        publisher.publish_faq(session, Faq("parking", "能停车吗", "能。", similar=("停哪儿",)), author="测试")
    assert rows(database, "faq:parking") == [
        ("question", "能停车吗", None), ("similar", "停哪儿", None), ("answer", "能。", None)
    ]  # fmt: skip


def test_an_item_is_found_by_its_names_and_a_guide_by_its_questions(database):
    assert rows(database, "item:passport") == [
        ("name", "普通护照签发", None),
        ("name", "办护照", None),
        ("alias", "护照", None),
        ("alias", "出国证件", None),
        ("wording", "护照怎么办", "overview"),
    ]
    assert ("asked", "护照要多少钱", "fee") in rows(database, "guide:passport:610000")


def test_a_version_keeps_what_was_approved(database):
    with database.session() as session:
        version = session.get_one(EntryVersion, ("faq:fund-rent", 1))
        assert version.body["answer"] == "能,一年一次。"
        assert (version.author, version.sample, version.state) == ("测试", False, "published")
        assert version.recorded_at == version.valid_from
        entry = session.get_one(Entry, "faq:fund-rent")
        assert (entry.kind, entry.item, entry.facet) == ("faq", "fund", Facet.ELIGIBILITY.value)


def test_an_item_that_nobody_knows_has_no_guide_and_no_faq(empty, publisher, make):
    with pytest.raises(EntryNotFound, match="nothing"), empty.session() as session:
        publisher.publish_guide(session, make.guide("nothing", "610000", fee="免费。"), author="测试")
    with pytest.raises(EntryNotFound, match="nothing"), empty.session() as session:
        publisher.publish_faq(session, Faq("a", "问", "答", "nothing"), author="测试")


@pytest.mark.parametrize(("question", "answer"), [("", "答"), ("问", " ")])
def test_an_faq_needs_a_question_and_an_answer(empty, publisher, question, answer):
    with pytest.raises(EntryInvalid), empty.session() as session:
        publisher.publish_faq(session, Faq("a", question, answer), author="测试")


def test_what_does_not_exist_cannot_be_withdrawn(empty, publisher):
    with pytest.raises(EntryNotFound), empty.session() as session:
        publisher.withdraw(session, "faq:nothing")
