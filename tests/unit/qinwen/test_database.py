from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text
from sqlalchemy.orm import Mapped, mapped_column, registry

from qinwen.database import Database, UtcDateTime

tables = registry()


@tables.mapped
class Note:
    __tablename__ = "note"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime | None] = mapped_column(UtcDateTime)


@pytest.fixture
def database(tmp_path):
    database = Database(f"sqlite:///{tmp_path}/notes.db")
    tables.metadata.create_all(database.engine)
    yield database
    database.close()


def test_a_time_comes_back_aware_and_in_utc(database):
    shaanxi = datetime(2026, 3, 1, 9, 30, tzinfo=timezone(timedelta(hours=8)))
    with database.session() as session:
        session.add(Note(id=1, at=shaanxi))
    with database.session() as session:
        at = session.get_one(Note, 1).at
        stored = session.scalar(text("SELECT at FROM note"))
    assert at == shaanxi
    assert at.utcoffset() == timedelta(0)
    assert stored.startswith("2026-03-01 01:30:00")


def test_no_time_stays_no_time(database):
    with database.session() as session:
        session.add(Note(id=1, at=None))
    with database.session() as session:
        assert session.get_one(Note, 1).at is None


zones = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=zones))  # noqa: DTZ001
def test_binding_and_reading_a_time_keep_the_moment(moment):
    column = UtcDateTime()
    bound = column.process_bind_param(moment, None)
    assert bound.tzinfo is None
    assert column.process_result_value(bound, None) == moment


def test_times_are_compared_as_moments(database):
    noon = datetime(2026, 1, 1, 12, tzinfo=timezone.utc)
    with database.session() as session:
        session.add(Note(id=1, at=noon))
    later_elsewhere = (noon + timedelta(minutes=1)).astimezone(timezone(timedelta(hours=-7)))
    with database.session() as session:
        assert session.scalars(select(Note.id).where(Note.at < later_elsewhere)).all() == [1]


def test_an_exception_rolls_back_all_of_a_session(database):
    with pytest.raises(RuntimeError), database.session() as session:
        session.add(Note(id=1))
        session.flush()
        raise RuntimeError
    with database.session() as session:
        assert session.get(Note, 1) is None


def test_objects_can_be_read_after_the_session_ended(database):
    with database.session() as session:
        note = Note(id=1)
        session.add(note)
    assert note.id == 1


def test_sqlite_is_in_wal_mode_with_foreign_keys_and_patience(database):
    with database.session() as session:
        answers = [session.scalar(text(f"PRAGMA {name}")) for name in ("journal_mode", "foreign_keys", "busy_timeout")]
    assert answers == ["wal", 1, 15000]


def test_of_many_threads_that_write_at_once_each_gets_its_turn(database):
    def write(number):
        for count in range(10):
            with database.session() as session:
                session.add(Note(id=number * 100 + count))
                session.flush()
                if count == 5:
                    session.rollback()

    with ThreadPoolExecutor(12) as threads:
        list(threads.map(write, range(12)))
    with database.session() as session:
        assert len(session.scalars(select(Note.id)).all()) == 12 * 9


def test_who_only_reads_does_not_wait_for_a_writer(database):
    def read():
        with database.session() as session:
            return session.scalars(select(Note.id)).all()

    with ThreadPoolExecutor(1) as threads, database.session() as session:
        session.add(Note(id=1))
        session.flush()
        assert threads.submit(read).result(timeout=5) == []
    assert read() == [1]
