"""Looks for values in everything a stack wrote: each file as bytes, and each column of each table of its databases.

A value is looked for as it is, full-width, JSON-escaped and percent-encoded; digits also in Chinese numerals. Short values
(four to six signs) count only where they stand alone, for ids and vectors are full of such runs.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

_SHORT = 6
_WIDE = {code: chr(code + 0xFEE0) for code in range(0x21, 0x7F)}
_NUMERALS = str.maketrans("0123456789", "〇一二三四五六七八九")


def forms_of(value: str) -> set[str]:
    """Give how a value may have been written."""
    written = {value, value.lower(), value.translate(_WIDE)}
    if value.isdigit():
        written |= {value.translate(_NUMERALS), value.translate(_NUMERALS).replace("〇", "零")}
    return {form for one in written for form in (one, json.dumps(one)[1:-1], quote(one))}


def pattern_of(value: str) -> re.Pattern[str]:
    """Make what finds a value."""
    alone = len(value) <= _SHORT and value.isascii()
    any_form = "|".join(re.escape(form) for form in sorted(forms_of(value)))
    return re.compile(rf"(?<![0-9A-Za-z.:+\-]){f'(?:{any_form})'}(?![0-9A-Za-z.:+\-])" if alone else f"(?:{any_form})")


def find_leaks(folder: Path, values: Mapping[str, str], allowed: frozenset[str] = frozenset()) -> list[str]:
    """List where any of the values stands under a folder; `values` are by their names.

    Args:
        folder: with the files.
        values: what must not be there.
        allowed: names of files that are not looked into; of a database its log goes with it.
    """
    patterns = {name: pattern_of(value) for name, value in values.items()}
    leaks = []
    for path in sorted(folder.rglob("*")):
        name = path.name.removesuffix("-wal").removesuffix("-shm")
        if not path.is_file() or name in allowed:
            continue
        words = path.read_bytes().decode("utf-8", "surrogateescape")
        # A page of a database puts columns next to each other, so that a short value never stands alone there: see `cells`.
        raw = {n: p for n, p in patterns.items() if not (_is_database(path) and len(values[n]) <= _SHORT)}
        leaks += [f"{path.name}: {n}" for n, pattern in raw.items() if pattern.search(words)]
        if _is_database(path) and path.name == name:
            leaks += [
                f"{path.name} {place}: {n}"
                for place, cell in cells(path)
                for n, pattern in patterns.items()
                if pattern.search(cell)
            ]
    return leaks


def cells(path: Path) -> Iterator[tuple[str, str]]:
    """Give each text and blob of a database with its place."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            found = connection.execute(f'SELECT * FROM "{table}"')
            names = [column[0] for column in found.description]
            for row in found:
                for name, cell in zip(names, row, strict=True):
                    if isinstance(cell, str):
                        yield f"{table}.{name}", cell
                    elif isinstance(cell, bytes) and len(cell) < 100_000:
                        yield f"{table}.{name}", cell.decode("utf-8", "surrogateescape")


def _is_database(path: Path) -> bool:
    return ".db" in path.suffixes or path.name.endswith((".db-wal", ".db-shm"))
