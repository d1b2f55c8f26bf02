"""Publishing thousands at once writes what publishing one by one writes; taking back leaves things exactly as they were."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from knowledge_base import Answerer, Faq, ImportRefused, Knowledge, Question, Review, begin_draft, entry_as_of, open_draft
from knowledge_base.models import Entry, EntryVersion, SearchRow
from knowledge_base.publishing import Approval, Publisher, entry_id_of
from knowledge_base.publishing_many import Taken, Work, publish_many, take_back_many
from knowledge_base.snapshot import PastKnowledge
from qinwen.clock import now
from qinwen.vocabulary import Facet


def new_contents(make):
    return [
        make.item("passport", "普通护照签发与补发", "办护照本", aliases=("护照", "本本")),
        make.item("licence", "驾驶证补领", "补驾照"),
        make.guide("licence", "610000", fee={"text": "10元。", "asked": ["补驾照要多少钱"]}),
        make.guide("passport", "610000", fee={"text": "每本160元。", "asked": ["护照要多少钱"]}, overview="先预约。"),
        make.guide("licence", "610100", place="西安车管所。"),
        Faq("parking", "政务大厅有停车场吗", "没有了。", similar=("大厅能停车吗", "停车")),
        Faq("licence-photo", "驾照照片要什么底色", "白色。", "licence", Facet.MATERIALS),
    ]


def before_of(session, entry_id):
    entry = session.get(Entry, entry_id)
    return entry.current_version if entry else 0


def bring(database, contents, batch=1, moment=None, before=None):
    with database.session() as session:
        works = [Work(c, (before or {}).get(entry_id_of(c), before_of(session, entry_id_of(c)))) for c in contents]
        taken = {entry_id_of(w.content): (w.before, session.get(Entry, entry_id_of(w.content))) for w in works}
        owners = {entry: (number, entry_row.owner if entry_row else "") for entry, (number, entry_row) in taken.items()}
    with database.session() as session:
        approval = Approval("wang", "lili", "年度更新", review=Review(), batch=batch)
        numbers = publish_many(session, works, approval, "none", lambda _: None, moment or now())
    return [Taken(entry, number, *owners[entry]) for entry, number in numbers.items()]


def entries_of(database, *left_out):
    columns = [c for c in Entry.__table__.columns if c.name not in {"revision", "changed_at", *left_out}]
    with database.session() as session:
        return sorted(map(tuple, session.execute(select(*columns)).all()), key=str)


def seen(database):
    """Everything a reader sees: items, live versions with their numbers, search rows, answers."""
    knowledge = Knowledge(database, "none")
    knowledge.refresh()
    answerer = Answerer(knowledge, None)
    asked = ["护照要多少钱", "政务大厅有停车场吗", "补驾照要多少钱", "驾照照片要什么底色", "身份证丢了咋办"]
    answers = [answerer.answer(Question(text, None, {"ask_fee": 0.6, "ask_overview": 0.3})) for text in asked]
    return dict(knowledge.items), list(knowledge.live(now())), knowledge.rows, answers


def rows_of(database):
    with database.session() as session:
        r = SearchRow
        return sorted(
            map(tuple, session.execute(select(r.owner, r.version, r.facet, r.kind, r.text, r.encoder, r.vector))), key=str
        )


def test_many_at_once_are_written_like_one_after_the_other(database, make, tmp_path, publisher):
    from tests.unit.knowledge_base.conftest import fill, make_knowledge

    other = make_knowledge(tmp_path / "other.db")
    fill(other, publisher)
    contents, moment = new_contents(make), now()
    bring(database, contents, moment=moment)
    with other.session() as session:
        one_by_one = Publisher("none", lambda _: None, lambda: moment)
        for content in contents:
            one_by_one.publish(session, content, Approval("wang", "lili", "年度更新", batch=1))
    assert entries_of(database) == entries_of(other)
    assert rows_of(database) == rows_of(other)
    with database.session() as session, other.session() as second:
        v = EntryVersion
        query = select(v.entry_id, v.number, v.state, v.body, v.author, v.approver, v.reason, v.sample, v.valid_from, v.batch)
        query = query.where(v.batch == 1).order_by(v.entry_id)
        assert session.execute(query).all() == second.execute(query).all()
    assert [x[1].content for x in zip(seen(database)[1], seen(other)[1], strict=True)] == [v.content for v in seen(database)[1]]


def test_taking_back_restores_exactly_what_was_there(database, make):
    before, entries = seen(database), entries_of(database)
    living = Knowledge(database, "none")
    living.refresh()
    taken = bring(database, new_contents(make))
    assert seen(database) != before
    living.refresh()
    assert "licence" in living.items
    with database.session() as session:
        take_back_many(session, 1, taken, now())
    living.refresh()
    assert seen(database) == before
    assert dict(living.items) == before[0]
    assert list(living.live(now())) == before[1]
    assert living.rows == before[2]
    assert [e for e in entries_of(database) if "discarded" not in map(str, e)] == entries
    bring(database, new_contents(make), batch=2)
    assert "licence" in seen(database)[0]


def test_what_was_answered_meanwhile_is_still_known(database, make):
    start = now()
    taken = bring(database, new_contents(make), moment=start)
    between, end = start + timedelta(seconds=1), start + timedelta(seconds=2)
    with database.session() as session:
        take_back_many(session, 1, taken, end)
        assert entry_as_of(session, "faq:parking", between, between).body["answer"] == "没有了。"
        assert entry_as_of(session, "faq:parking", between, end + timedelta(seconds=1)).body["answer"] == "有,在地下一层。"
        assert entry_as_of(session, "faq:licence-photo", between, end + timedelta(seconds=1)) is None
    assert "licence" in PastKnowledge(database, "none", between, between).items
    assert "licence" not in PastKnowledge(database, "none", between, end + timedelta(seconds=1)).items


def test_what_is_planned_for_later_stays_planned(database, make, publisher):
    later = now() + timedelta(days=30)
    with database.session() as session:
        publisher.publish_faq(session, Faq("parking", "政务大厅有停车场吗", "下月才有。"), author="测试", valid_from=later)
    taken = bring(database, new_contents(make))
    with database.session() as session:
        take_back_many(session, 1, taken, now())
    knowledge = Knowledge(database, "none")
    knowledge.refresh()
    assert knowledge.version("faq:parking", now()).content.answer == "有,在地下一层。"
    assert knowledge.version("faq:parking", later).content.answer == "下月才有。"


def test_who_changed_something_meanwhile_is_not_overwritten(database, make, publisher):
    with pytest.raises(ImportRefused, match=r"政务大厅有停车场吗.*整批都没有动"):
        bring(database, new_contents(make), before={"faq:parking": 7})
    before = seen(database)
    taken = bring(database, new_contents(make))
    with database.session() as session:
        publisher.publish_faq(session, Faq("parking", "政务大厅有停车场吗", "又有了。"), author="zhao")
    after = seen(database)
    with pytest.raises(ImportRefused, match="又有人改过"), database.session() as session:
        take_back_many(session, 1, taken, now())
    assert seen(database) == after != before


def test_a_draft_on_what_was_imported_stands_in_the_way(database, make):
    taken = bring(database, new_contents(make))
    with database.session() as session:
        open_draft(session, "faq:parking", "zhao", now())
    with pytest.raises(ImportRefused, match="zhao正在导入的这一版上改"), database.session() as session:
        take_back_many(session, 1, taken, now())


def test_an_item_that_was_taken_back_is_unknown_again(database, make):
    taken = bring(database, new_contents(make))
    with database.session() as session:
        take_back_many(session, 1, taken, now())
    from knowledge_base import EntryNotFound

    with pytest.raises(EntryNotFound), database.session() as session:
        begin_draft(session, Faq("x", "问", "答", "licence"), "wang", now())
