"""Import and export of items, guides and FAQs as JSON Lines, one entry a line; all or nothing.

A line is `{"kind": "faq", …}`, `{"kind": "guide", …}` or `{"kind": "item", …}` with the fields of `content`; without `kind`
it is an FAQ. Items are published first, wherever they stand in the file.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO

from sqlalchemy import select
from sqlalchemy.orm import Session

from knowledge_base import models
from knowledge_base.content import Content, Item, read_body
from knowledge_base.errors import EntryInvalid
from knowledge_base.publishing import Approval, Publisher
from knowledge_base.timeline import Span, governing
from qinwen.clock import now

MAX_LINES = 100_000
_CHUNK = 400


def read_lines(path: Path) -> Iterator[Content]:
    """Read the entries of a file.

    Raises:
        EntryInvalid: the file can't be read, or a line is wrong; the message names the line.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise EntryInvalid(f"文件读不出来：{path}（要 UTF-8 编码的 JSON Lines）。") from error
    if len(lines) > MAX_LINES:
        raise EntryInvalid(f"文件有 {len(lines)} 行，一次最多 {MAX_LINES} 行。")
    for number, line in enumerate(lines, 1):
        if line.strip():
            yield _read_line(line, f"第 {number} 行")


def import_entries(session: Session, path: Path, publisher: Publisher, author: str) -> int:
    """Publish every entry of a file in the caller's transaction; returns how many.

    Raises:
        EntryInvalid: a line is wrong.
        EntryNotFound: a line names an unknown item.
    """
    entries = sorted(read_lines(path), key=lambda entry: not isinstance(entry, Item))
    for entry in entries:
        publisher.publish(session, entry, Approval(author))
    return len(entries)


def export_entries(session: Session, target: TextIO, at: datetime | None = None) -> int:
    """Write the version of every entry that holds at a moment (now), one a line; returns how many."""
    moment = at or now()
    v = models.EntryVersion
    spans: dict[str, list[Span]] = defaultdict(list)
    for entry, number, state, *dates in session.execute(
        select(v.entry_id, v.number, v.state, v.clears, v.valid_from, v.valid_to)
        .where(v.taken_back_at.is_(None))
        .order_by(v.entry_id)
    ):
        spans[entry].append(Span(number, state == "withdrawn", *dates))
    held = {entry: span.number for entry, every in spans.items() if (span := governing(every, moment))}
    order = sorted(held, key=lambda entry: (not entry.startswith("item:"), entry))
    for start in range(0, len(order), _CHUNK):
        chunk = order[start : start + _CHUNK]
        found = select(v.entry_id, v.number, v.body).where(
            v.entry_id.in_(chunk), v.number.in_({held[entry] for entry in chunk})
        )
        bodies = {entry: body for entry, number, body in session.execute(found) if held[entry] == number}
        for entry in chunk:
            line = {"kind": entry.partition(":")[0], **bodies[entry]}
            target.write(json.dumps(line, ensure_ascii=False) + "\n")
    return len(order)


def _read_line(line: str, what: str) -> Content:
    try:
        data: Any = json.loads(line)
    except ValueError as error:
        raise EntryInvalid(f"{what}不是正确的 JSON。") from error
    if not isinstance(data, dict):
        raise EntryInvalid(f"{what}应当是一个 JSON 对象。")
    kind = data.pop("kind", "faq")
    if kind not in {"item", "guide", "faq"}:
        raise EntryInvalid(f"{what}的种类 {kind} 不认识，只有 item、guide 和 faq。")
    return read_body(kind, data, what)
