"""The databases: one declarative base, engines with the pragmas SQLite needs, and sessions that commit or roll back."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from typing import Any

from sqlalchemy import Connection, DateTime, Dialect, Engine, MetaData, TypeDecorator, create_engine, event
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker

_PATIENCE = 15  # seconds
_READS = ("SELECT", "PRAGMA", "EXPLAIN")


class UtcDateTime(TypeDecorator[datetime]):
    """A point in time: aware UTC in Python, naive UTC in the database, on SQLite and PostgreSQL alike."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Store UTC without its zone."""
        del dialect
        return value.astimezone(timezone.utc).replace(tzinfo=None) if value else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Read UTC with its zone."""
        del dialect
        return value.replace(tzinfo=timezone.utc) if value else None


class Base(DeclarativeBase):
    """The base of all our tables."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_N_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


def make_engine(url: str) -> Engine:
    """Open a database. SQLite gets WAL, foreign keys, a line for the writers of this process, and patience with others."""
    # A database error must not carry a citizen's words into the log.
    engine = create_engine(url, pool_pre_ping=not url.startswith("sqlite"), hide_parameters=True)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        _WriterTurn().watch(engine)
    return engine


class _WriterTurn:
    """Lets one transaction of this process write to SQLite at a time; the others wait in line for it.

    SQLite has one writer. Who finds it busy sleeps and looks again, without any order: with a dozen threads in each of a few
    processes one of them is unlucky for longer than `busy_timeout`, and gets `database is locked` (seen: 77 of 2880
    transactions under 48 threads). With a line in each process only as many contend as there are processes.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def watch(self, engine: Engine) -> None:
        """Take the turn before a transaction's first change, give it back when it ends."""
        event.listen(engine, "before_cursor_execute", self._before)
        for name in ("commit", "rollback"):
            event.listen(engine, name, lambda connection: self._end(connection.info))
        event.listen(engine, "reset", lambda _, record, __: self._end(record.info))
        event.listen(engine, "close", lambda _, record: self._end(record.info))

    def _before(self, connection: Connection, cursor: Any, statement: str, *_: Any) -> None:
        del cursor
        if not connection.info.get("writes") and not statement.lstrip().upper().startswith(_READS):
            # Whoever does not get it in time asks SQLite itself, as a nested transaction of one thread would have to.
            connection.info["writes"] = self._lock.acquire(timeout=_PATIENCE)

    def _end(self, info: dict[Any, Any]) -> None:
        if info.pop("writes", False):
            self._lock.release()


def _prepare_sqlite(connection: Any, record: Any) -> None:
    del record
    cursor = connection.cursor()
    # What is erased is overwritten: it must not stay in the free pages of the file.
    lasting = ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "secure_delete=ON")
    for pragma in (*lasting, f"busy_timeout={_PATIENCE * 1000}"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


class Database:
    """An engine with its sessions; edges open one session per unit of work."""

    def __init__(self, url: str) -> None:
        self.engine = make_engine(url)
        self._sessions = sessionmaker(self.engine, expire_on_commit=False)

    @contextmanager
    def session(self) -> Iterator[Session]:
        """Open a session; commit at the end, roll back on an exception."""
        with self._sessions.begin() as session:
            yield session

    def close(self) -> None:
        """Give the connections back."""
        self.engine.dispose()
