"""The reference backend's database: opening it, and bringing it to its newest schema."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import event

from qinwen.database import Database

_MIGRATIONS = Path(__file__).parent / "migrations"


def alembic_config(url: str) -> Config:
    """Give Alembic's configuration for a database of the reference backend."""
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.set_main_option("path_separator", "os")
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return config


def open_database(url: str) -> Database:
    """Open a database of the reference backend.

    On SQLite every session is one write transaction from its first statement: left to itself, Python's driver begins one
    at the first change only, and a savepoint before that commits what it holds when it is released.
    """
    database = Database(url)
    if database.engine.dialect.name == "sqlite":
        event.listen(database.engine, "connect", _leave_transactions_to_us)
        event.listen(database.engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    return database


def _leave_transactions_to_us(connection: Any, record: Any) -> None:
    del record
    connection.isolation_level = None


def migrate(url: str) -> None:
    """Bring the database to the newest schema."""
    command.upgrade(alembic_config(url), "head")
