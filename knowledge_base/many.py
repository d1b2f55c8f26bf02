"""Reads thousands of entries with few statements: for imports and the radar, which look at many at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from knowledge_base import models
from knowledge_base.content import Item, read_body
from knowledge_base.timeline import Span

T = TypeVar("T")
CHUNK = 400


def current_items(session: Session, codes: Iterable[str]) -> dict[str, Item]:
    """Give items that are there, by code."""
    found: dict[str, Item] = {}
    s, e = models.ServiceItem, models.Entry
    for chunk in chunks(sorted(codes)):
        alive = select(s.code, s.body).join(e, (e.item == s.code) & (e.kind == "item"))
        for code, body in session.execute(alive.where(s.code.in_(chunk), e.current_version > 0)):
            item = read_body("item", body, f"事项 {code}")
            assert isinstance(item, Item)
            found[code] = item
    return found


def entries_by_id(session: Session, ids: Sequence[str]) -> dict[str, models.Entry]:
    """Give the entries that are there."""
    e = models.Entry
    return {entry.id: entry for c in chunks(ids) for entry in session.scalars(select(e).where(e.id.in_(c)))}


def highest_numbers(session: Session, ids: Iterable[str]) -> dict[str, int]:
    """Give the highest version number that each entry ever had."""
    v = models.EntryVersion
    found: dict[str, int] = {}
    for chunk in chunks(list(ids)):
        query = select(v.entry_id, func.max(v.number)).where(v.entry_id.in_(chunk)).group_by(v.entry_id)
        found.update((entry, number) for entry, number in session.execute(query))
    return found


def spans_by_entry(session: Session, ids: Iterable[str]) -> dict[str, list[Span]]:
    """Give the dates of the versions of entries, without what was taken back."""
    v = models.EntryVersion
    spans: dict[str, list[Span]] = defaultdict(list)
    columns = select(v.entry_id, v.number, v.state, v.clears, v.valid_from, v.valid_to).where(v.taken_back_at.is_(None))
    for chunk in chunks(list(ids)):
        for entry, number, state, *dates in session.execute(columns.where(v.entry_id.in_(chunk))):
            spans[entry].append(Span(number, state == "withdrawn", *dates))
    return spans


def versions_by_entry(session: Session, wanted: Mapping[str, int]) -> dict[str, models.EntryVersion]:
    """Give one version of each entry, by its number."""
    v = models.EntryVersion
    found = {}
    for chunk in chunks(list(wanted)):
        numbers = {wanted[entry] for entry in chunk}
        for record in session.scalars(select(v).where(v.entry_id.in_(chunk), v.number.in_(numbers))):
            if wanted[record.entry_id] == record.number:
                found[record.entry_id] = record
    return found


def found_values(session: Session, column: Any, values: Sequence[str]) -> Iterator[str]:
    """Give those of some values that a column holds."""
    for chunk in chunks(values):
        yield from session.scalars(select(column).where(column.in_(chunk)))


def chunks(things: Sequence[T]) -> Iterator[Sequence[T]]:
    """Cut a list into pieces that a statement can name."""
    for start in range(0, len(things), CHUNK):
        yield things[start : start + CHUNK]
