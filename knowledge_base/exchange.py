"""Import and export of FAQs and guides as JSON Lines, one entry a line; all or nothing.

A line is `{"kind": "faq", …}` or `{"kind": "guide", …}` with the fields of `content`; without `kind` it is an FAQ.
Excel and Word come with the staff console.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

from sqlalchemy import select
from sqlalchemy.orm import Session

from knowledge_base import models
from knowledge_base.content import Faq, Guide, read, read_guide
from knowledge_base.errors import EntryInvalid
from knowledge_base.publishing import Publisher

MAX_LINES = 100_000


def read_lines(path: Path) -> Iterator[Faq | Guide]:
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
    entries = list(read_lines(path))
    for entry in entries:
        if isinstance(entry, Faq):
            publisher.publish_faq(session, entry, author=author)
        else:
            publisher.publish_guide(session, entry, author=author)
    return len(entries)


def export_entries(session: Session, target: TextIO) -> int:
    """Write the current version of every entry, one a line; returns how many."""
    statement = (
        select(models.Entry.kind, models.EntryVersion.body)
        .join(
            models.EntryVersion,
            (models.EntryVersion.entry_id == models.Entry.id) & (models.EntryVersion.number == models.Entry.current_version),
        )
        .order_by(models.Entry.id)
    )
    count = 0
    for kind, body in session.execute(statement):
        target.write(json.dumps({"kind": kind, **body}, ensure_ascii=False) + "\n")
        count += 1
    return count


def _read_line(line: str, what: str) -> Faq | Guide:
    try:
        data: Any = json.loads(line)
    except ValueError as error:
        raise EntryInvalid(f"{what}不是正确的 JSON。") from error
    if not isinstance(data, dict):
        raise EntryInvalid(f"{what}应当是一个 JSON 对象。")
    kind = data.pop("kind", "faq")
    if kind == "guide":
        if not {"item", "region", "facets"} <= data.keys():
            raise EntryInvalid(f"{what}的办事指南要有 item、region 和 facets。")
        return read_guide(data, what)
    return read(Faq, data, what)
