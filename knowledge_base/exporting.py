"""Writes the entries that hold now to a file, in any of the formats that `sheets` reads; narrowed as somebody wants it."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from knowledge_base import models
from knowledge_base.content import Item, read_body
from knowledge_base.errors import FileRefused
from knowledge_base.listing import within
from knowledge_base.many import chunks, spans_by_entry, versions_by_entry
from knowledge_base.sheets import OF_KIND
from knowledge_base.sheets.workbook import add_choices, template_csv, template_workbook, write_csv, write_workbook
from knowledge_base.timeline import governing
from qinwen.clock import now

KINDS = ("item", "guide", "faq")
FORMATS = {".xlsx": "Excel 工作簿", ".csv": "CSV", ".json": "JSON", ".jsonl": "JSON Lines"}
_FEW = 1500


@dataclass(frozen=True)
class ExportFilter:
    """Which entries are exported; what is empty doesn't matter. `departments` and `regions` are what somebody may work on."""

    kinds: Sequence[str] = KINDS
    item: str = ""
    department: str = ""
    region: str = ""
    departments: Collection[str] = ()
    regions: Collection[str] = ()


def export_to(session: Session, path: Path, wanted: ExportFilter, at: datetime | None = None) -> int:
    """Write the entries that hold at a moment (now) to a file whose ending says the format; returns how many.

    Raises:
        FileRefused: the format is unknown, or a text does not fit a cell.
    """
    ending = path.suffix.lower()
    if ending not in FORMATS:
        raise FileRefused(f"不认识的格式 {ending or path.name}：可以导出的是 {'、'.join(FORMATS)}。")
    entries = current_entries(session, wanted, at or now())
    tables = [table for kind in KINDS if kind in wanted.kinds for table in OF_KIND[kind]]
    if ending == ".xlsx":
        items = item_choices(session)
        count = write_workbook(entries, tables, path, items)
        if count <= _FEW:
            add_choices(path, tables, items)
        return count
    if ending == ".csv":
        with path.open("w", encoding="utf-8-sig", newline="") as target:
            return write_csv(entries, tables, target)
    count = 0
    with path.open("w", encoding="utf-8") as target:
        target.write("" if ending == ".jsonl" else "[")
        for kind, body in entries:
            line = json.dumps({"kind": kind, **body}, ensure_ascii=False)
            target.write(f"{line}\n" if ending == ".jsonl" else f"{',' if count else ''}\n{line}")
            count += 1
        target.write("" if ending == ".jsonl" else "\n]\n")
    return count


def current_entries(session: Session, wanted: ExportFilter, at: datetime) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give kind and plain data of the entries that hold at a moment: items first, then by id."""
    e = models.Entry
    query = select(e.id).where(e.kind.in_(wanted.kinds), e.current_version > 0)
    for column, value in ((e.item, wanted.item), (e.department, wanted.department), (e.region, wanted.region)):
        if value:
            query = query.where(column == value)
    if wanted.departments:
        query = query.where(e.department.in_([*wanted.departments, ""]))
    if wanted.regions:
        query = query.where(e.region.in_(sorted(within(wanted.regions))))
    ids = sorted(session.scalars(query), key=lambda entry: (not entry.startswith("item:"), entry))
    for chunk in chunks(ids):
        spans = spans_by_entry(session, chunk)
        held = {entry: span.number for entry in chunk if (span := governing(spans.get(entry, ()), at))}
        found = versions_by_entry(session, held)
        for entry in chunk:
            if entry in found:
                yield entry.partition(":")[0], found[entry].body
        session.expire_all()


def template(session: Session, kind: str, ending: str) -> bytes:
    """Give an empty file to fill in for items, guides or FAQs, as `.xlsx` or `.csv`.

    Raises:
        FileRefused: there is no such template.
    """
    if kind not in OF_KIND or ending not in {".xlsx", ".csv"}:
        raise FileRefused("没有这种模板。")
    if ending == ".csv":
        return template_csv(OF_KIND[kind])
    return template_workbook(OF_KIND[kind], item_choices(session))


def item_choices(session: Session) -> list[tuple[str, str]]:
    """Give codes and names of the items that are there, to choose from."""
    s, e = models.ServiceItem, models.Entry
    query = select(s.code, s.body).join(e, (e.item == s.code) & (e.kind == "item")).where(e.current_version > 0)
    found = []
    for code, body in session.execute(query.order_by(s.code)):
        item = read_body("item", body, code)
        assert isinstance(item, Item)
        found.append((code, item.name))
    return found
