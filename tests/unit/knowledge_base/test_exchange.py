"""What is exported can be imported elsewhere, and is the same there."""

import io
import json
from datetime import timedelta

import pytest

from knowledge_base import EntryInvalid, EntryNotFound
from knowledge_base.content import Faq
from knowledge_base.exchange import export_entries, import_entries
from knowledge_base.models import KnowledgeRevision
from qinwen.clock import now
from tests.databases import make_database


def exported(database, at=None):
    target = io.StringIO()
    with database.session() as session:
        count = export_entries(session, target, at)
    lines = target.getvalue().splitlines()
    assert len(lines) == count
    return lines


@pytest.fixture
def elsewhere(tmp_path):
    other = make_database(tmp_path / "other.db")
    with other.session() as session:
        session.add(KnowledgeRevision(id=1, number=0))
    yield other
    other.close()


def load(database, publisher, tmp_path, lines):
    path = tmp_path / "entries.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8-sig")
    with database.session() as session:
        return import_entries(session, path, publisher, "测试")


def test_a_whole_knowledge_base_moves_without_loss(database, elsewhere, publisher, tmp_path):
    lines = exported(database)
    assert [json.loads(line)["kind"] for line in lines[:4]] == ["item", "item", "item", "faq"]
    assert load(elsewhere, publisher, tmp_path, [*reversed(lines)]) == len(lines) == 10
    assert exported(elsewhere) == lines


def test_what_is_withdrawn_or_planned_is_not_exported_before_its_time(database, publisher):
    later = now() + timedelta(days=1)
    with database.session() as session:
        publisher.withdraw(session, "faq:fund-rent")
        publisher.publish_faq(session, Faq("parking", "政务大厅有停车场吗", "明年才有。"), author="测试", valid_from=later)
    text = "\n".join(exported(database))
    assert "fund-rent" not in text
    assert "地下一层" in text
    assert "明年才有" in "\n".join(exported(database, later))


@pytest.mark.parametrize(
    ("line", "error", "words"),
    [
        ("{", EntryInvalid, "第 2 行"),
        ("[]", EntryInvalid, "第 2 行"),
        ('{"kind": "recipe"}', EntryInvalid, "recipe"),
        ('{"kind": "guide", "item": "passport"}', EntryInvalid, "region"),
        ('{"kind": "guide", "item": 5, "region": "610000", "facets": {}}', EntryInvalid, "文字"),
        ('{"kind": "guide", "item": "passport", "region": "610000", "facets": {}, "x": 1}', EntryInvalid, "x"),
        ('{"id": "a", "question": "问"}', EntryInvalid, "answer"),
        ('{"id": "a", "question": "问", "answer": "答", "item": "nothing"}', EntryNotFound, "nothing"),
    ],
)
def test_one_wrong_line_keeps_all_out(database, publisher, tmp_path, line, error, words):
    before = exported(database)
    with pytest.raises(error, match=words):
        load(database, publisher, tmp_path, ['{"id": "good", "question": "好问", "answer": "好答"}', line])
    assert exported(database) == before
