"""The audit log on the databases that we promise: it refuses changes, shows those made in spite of it, and never forks."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

import starting
from qinwen.clock import now
from qinwen.database import Database
from staff import AuditFilter, Role, all_rows, record, verify
from staff.errors import TooManyAttempts
from staff.throttle import account, count_try
from tests.staffing import hash_quickly, make_member


@pytest.fixture
def database(settings, database_url, monkeypatch):
    hash_quickly(monkeypatch)
    starting.migrate(replace(settings, database_url=database_url))
    database = Database(database_url)
    yield database
    database.close()


def result(database):
    with database.session() as session:
        return verify(session)


def without_triggers(database):
    """Do what somebody would who may do everything with the database."""
    with database.session() as session:
        if session.get_bind().dialect.name == "postgresql":
            session.execute(text("DROP TRIGGER audit_entry_stays ON audit_entry"))
        else:
            for name in ("audit_entry_no_update", "audit_entry_no_delete"):
                session.execute(text(f"DROP TRIGGER {name}"))


@pytest.mark.parametrize("statement", ["UPDATE audit_entry SET actor = 'x' WHERE number = 1", "DELETE FROM audit_entry"])
def test_a_row_can_be_neither_changed_nor_removed_by_accident(database, statement):
    with database.session() as session:
        record(session, "wang", "entry_published", "entry:faq:1")
    with pytest.raises(DBAPIError, match="append-only"), database.session() as session:
        session.execute(text(statement))
    assert result(database).broken is None


@pytest.mark.parametrize(
    "statement", ["UPDATE audit_entry SET detail = '{}' WHERE number = 2", "DELETE FROM audit_entry WHERE number = 2"]
)
def test_what_was_changed_on_purpose_is_named(database, statement):
    with database.session() as session:
        for number in range(1, 4):
            record(session, "wang", "entry_published", f"entry:faq:{number}", {"版本": number})
    without_triggers(database)
    with database.session() as session:
        session.execute(text(statement))
    assert result(database).broken == 2


def test_many_at_once_make_one_chain(database):
    def write(number):
        with database.session() as session:
            session.execute(text("SELECT count(*) FROM staff_member")).all()
            record(session, f"writer{number % 4}", "entry_published", f"entry:faq:{number}")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(40)))
    found = result(database)
    assert (found.rows, found.broken) == (40, None)
    with database.session() as session:
        assert [row.number for row in all_rows(session, AuditFilter())] == list(range(1, 41))


def test_guesses_at_once_gain_nothing(database):
    at = now()

    def guess(_):
        try:
            with database.session() as session:
                count_try(session, account("wang"), at)
        except TooManyAttempts:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(guess, range(24))) == 5


def test_accounts_work_here(database):
    member = make_member(database, "wang", Role.EDITOR, departments=("公安",), regions=("610100",))
    assert member.regions == {"610100"}
    assert result(database).rows == 2
