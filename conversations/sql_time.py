"""Times inside SQL, on SQLite and on PostgreSQL: seconds between two columns, and the day in Shaanxi of one."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Float, String
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction


class seconds_between(GenericFunction[float]):  # noqa: N801  (it reads as a function of SQL)
    """The seconds from one moment to another."""

    type = Float()
    inherit_cache = True


class local_day(GenericFunction[str]):  # noqa: N801
    """The day in Shaanxi, as 2026-03-03."""

    type = String()
    inherit_cache = True


@compiles(seconds_between)
def _seconds(element: seconds_between, compiler: Any, **options: Any) -> str:
    start, end = (compiler.process(clause, **options) for clause in element.clauses)
    return f"EXTRACT(EPOCH FROM ({end} - {start}))"


@compiles(seconds_between, "sqlite")
def _seconds_sqlite(element: seconds_between, compiler: Any, **options: Any) -> str:
    start, end = (compiler.process(clause, **options) for clause in element.clauses)
    return f"((julianday({end}) - julianday({start})) * 86400.0)"


@compiles(local_day)
def _day(element: local_day, compiler: Any, **options: Any) -> str:
    return f"to_char({compiler.process(element.clauses, **options)} + interval '8 hours', 'YYYY-MM-DD')"


@compiles(local_day, "sqlite")
def _day_sqlite(element: local_day, compiler: Any, **options: Any) -> str:
    return f"date({compiler.process(element.clauses, **options)}, '+8 hours')"
