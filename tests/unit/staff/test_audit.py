from datetime import timedelta

import pytest
from sqlalchemy import text

from staff import AuditFilter, all_rows, find_rows, record, verify


@pytest.fixture
def rows(database, at):
    with database.session() as session:
        for number in range(1, 6):
            actor, action = ("wang", "entry_published") if number % 2 else ("li", "entry_changed")
            record(session, actor, action, f"entry:faq:{number}", {"要素": "fee", "n": number}, at=at + timedelta(days=number))
    return database


def change(database, statement):
    with database.session() as session:
        session.execute(text(statement))


def result(database):
    with database.session() as session:
        return verify(session)


def test_an_empty_log_is_whole(database):
    assert (result(database).rows, result(database).broken) == (0, None)


def test_an_untouched_log_is_whole(rows):
    found = result(rows)
    assert (found.rows, found.broken, found.why) == (5, None, "")
    with rows.session() as session:
        assert found.head == find_rows(session, AuditFilter())[0].hash


@pytest.mark.parametrize(
    "changed", ["actor = 'zhao'", "action = 'other'", "object = 'x'", "detail = '{}'", "at = '2020-01-01 00:00:00.000000'",
                "hash = 'f'", "previous = 'f'"],
)  # fmt: skip
def test_a_changed_row_is_named(rows, changed):
    change(rows, f"UPDATE audit_entry SET {changed} WHERE number = 3")
    assert result(rows).broken == 3


def test_a_row_changed_together_with_its_hash_shows_in_the_next(rows):
    from staff.audit import _hash
    from staff.models import AuditEntry

    with rows.session() as session:
        row = session.get(AuditEntry, 3)
        row.actor = "zhao"
        row.hash = _hash(row)
    assert result(rows).broken == 4


@pytest.mark.parametrize("number", [1, 3])
def test_a_removed_row_is_named(rows, number):
    change(rows, f"DELETE FROM audit_entry WHERE number = {number}")
    found = result(rows)
    assert found.broken == number
    assert f"第 {number} 条不见了" in found.why


def test_rows_cut_off_at_the_end_are_missed(rows):
    change(rows, "DELETE FROM audit_entry WHERE number >= 4")
    assert result(rows).broken == 4


def test_a_row_added_past_the_log_shows(rows):
    change(
        rows, "INSERT INTO audit_entry SELECT 6, at, actor, action, object, detail, hash, 'x' FROM audit_entry WHERE number = 5"
    )
    assert result(rows).broken == 6


def test_a_row_is_there_with_its_change_or_not_at_all(rows):
    class Stop(Exception):
        pass

    with pytest.raises(Stop), rows.session() as session:
        record(session, "wang", "entry_published", "entry:faq:9")
        raise Stop
    assert result(rows).rows == 5
    with rows.session() as session:
        assert record(session, "wang", "entry_published", "entry:faq:9") == 6


def test_the_log_is_searched_by_who_what_which_and_when(rows, at):
    def numbers(**wanted):
        with rows.session() as session:
            return [row.number for row in find_rows(session, AuditFilter(**wanted))]

    assert numbers() == [5, 4, 3, 2, 1]
    assert numbers(actor="li") == [4, 2]
    assert numbers(action="entry_published") == [5, 3, 1]
    assert numbers(object="faq:4") == [4]
    assert numbers(object="%") == []
    assert numbers(since=at + timedelta(days=2), until=at + timedelta(days=4)) == [3, 2]


def test_it_is_paged_by_number_and_taken_away_in_order(rows, monkeypatch):
    monkeypatch.setattr("staff.audit._CHUNK", 2)
    with rows.session() as session:
        assert [row.number for row in find_rows(session, AuditFilter(), below=4, limit=2)] == [3, 2]
        assert [row.number for row in all_rows(session, AuditFilter())] == [1, 2, 3, 4, 5]
        assert dict(next(all_rows(session, AuditFilter())).detail) == {"要素": "fee", "n": 1}
    assert result(rows).broken is None
