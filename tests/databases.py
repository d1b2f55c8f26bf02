"""A database with all tables, copied from one that was made once: making the tables took longer than most tests."""

import functools
import tempfile
from pathlib import Path

from qinwen.database import Base, Database


def make_database(path: Path) -> Database:
    path.write_bytes(_empty_file(frozenset(Base.metadata.tables)))
    return Database(f"sqlite:///{path}")


@functools.cache
def _empty_file(tables: frozenset[str]) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{folder}/empty.db")
        Base.metadata.create_all(database.engine, tables=[Base.metadata.tables[name] for name in tables])
        database.close()
        return Path(folder, "empty.db").read_bytes()
