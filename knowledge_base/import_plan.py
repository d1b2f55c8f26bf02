"""What importing a file would do, entry by entry: add, change field by field, leave alone, or refuse and why."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from knowledge_base import models
from knowledge_base.content import PROVINCE, Faq, Guide, Item, plain, read_body
from knowledge_base.differences import Difference, compare
from knowledge_base.errors import EntryInvalid
from knowledge_base.fields import missing_fields
from knowledge_base.listing import within
from knowledge_base.many import chunks, current_items, entries_by_id, spans_by_entry, versions_by_entry
from knowledge_base.sheets import FileContents, FileEntry, Problem
from knowledge_base.states import title_of
from knowledge_base.timeline import governing
from language import region
from qinwen.vocabulary import FACET_TITLES, Facet

ACTS = {"added": "增加", "changed": "修改", "same": "不变", "refused": "有错"}
LARGEST_BODY = 400_000
_LONGEST = {"code": 64, "department": 64}
_CODE = re.compile(r"[a-z0-9][a-z0-9_.-]*")


def place_of(problem: Problem) -> str:
    """Say where a problem is, for example `问答 第12行 D列“答案”`."""
    row = f"第{problem.row}行" if problem.row else ""
    column = (f"{problem.column}列" if problem.column else "") + (f"“{problem.title}”" if problem.title else "")
    return " ".join(part for part in (problem.sheet, row, column) if part) or "文件"


@dataclass(frozen=True)
class Scope:
    """Which departments and regions somebody may work on; empty for all."""

    departments: Collection[str] = ()
    regions: Collection[str] = ()


@dataclass
class PlannedRow:
    """What a file's entry would do. `before` is the newest version of the entry now, 0 for a new one."""

    entry: FileEntry
    act: str
    title: str = ""
    department: str = ""
    region: str = PROVINCE
    before: int = 0
    owner: str = ""
    body: dict[str, Any] | None = None
    differences: list[Difference] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    incomplete: bool = False


@dataclass(frozen=True)
class Plan:
    """A file looked through: its rows in their order, and what is wrong with the file itself."""

    rows: list[PlannedRow]
    problems: list[Problem]

    @property
    def all_problems(self) -> list[Problem]:
        """Everything that is wrong, in the order of the file."""
        return [*self.problems, *(problem for row in self.rows for problem in row.entry.problems)]

    @property
    def counts(self) -> dict[str, int]:
        """Give how many rows there are of each act, how many problems, and how many would lack needed fields."""
        counts = {act: sum(row.act == act for row in self.rows) for act in ACTS}
        return {**counts, "problems": len(self.all_problems), "incomplete": sum(row.incomplete for row in self.rows)}


def make_plan(
    session: Session,
    contents: FileContents,
    at: datetime,
    *,
    whole: bool,
    scope: Scope | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Plan:
    """Say what importing a file would do.

    Args:
        session: an open session; nothing is written.
        contents: the file.
        at: the present moment.
        whole: whether a guide in the file is all of it. Otherwise facets that the file does not name stay as they are.
        scope: what the author may work on.
        progress: told how many of how many entries have been looked at.
    """
    named = {
        e.body.get("code"): e.content for e in contents.entries if e.kind == "item" and isinstance(e.body.get("code"), str)
    }
    wanted = {item for e in contents.entries if (item := _item_of(e))}
    there = current_items(session, sorted(wanted | {code for code in named if code}))
    rows: list[PlannedRow] = []
    allowed = scope or Scope()
    regions = within(allowed.regions) if allowed.regions else set()
    done = 0
    for chunk in chunks(contents.entries):
        found = _Found(session, chunk, at)
        for entry in chunk:
            row = _plan_row(entry, found, named, there, whole=whole)
            if row.act != "refused":
                _check_scope(row, found.entries.get(entry.id), allowed.departments, regions)
            if entry.problems:
                row.act = "refused"
            rows.append(row)
        done += len(chunk)
        if progress:
            progress(done, len(contents.entries))
    return Plan(rows, contents.problems)


class _Found:
    """What the knowledge base holds now for some entries of a file."""

    def __init__(self, session: Session, chunk: Sequence[FileEntry], at: datetime) -> None:
        ids = [entry.id for entry in chunk if entry.content is not None]
        self.entries = entries_by_id(session, ids)
        spans = spans_by_entry(session, self.entries)
        held = {entry: span.number for entry, every in spans.items() if (span := governing(every, at))}
        # What is compared with is what citizens get now; where that is nothing, the newest version.
        newest = {entry: record.current_version for entry, record in self.entries.items() if record.current_version}
        self.versions = versions_by_entry(session, {**newest, **held})
        self.live = set(held)
        d, e = models.Draft, models.Entry
        drafts = select(d.entry_id, d.saved_by).where(d.entry_id.in_(ids))
        self.drafts = dict(session.execute(drafts).tuples().all())
        questions = [c.question for entry in chunk if isinstance(c := entry.content, Faq)]
        same = select(e.title, e.id).where(e.kind == "faq", e.state == "live", e.title.in_(questions))
        self.questions = dict(session.execute(same).tuples().all()) if questions else {}


def _plan_row(
    entry: FileEntry, found: _Found, named: Mapping[Any, Any], there: Mapping[str, Item], *, whole: bool
) -> PlannedRow:
    content = entry.content
    if content is None:
        return PlannedRow(entry, "refused", _title_in_file(entry))
    known, old = found.entries.get(entry.id), found.versions.get(entry.id)
    item = content if isinstance(content, Item) else there.get(content.item or "")
    code = None if isinstance(content, Item) else content.item
    if code and code in named:
        item = named[code] or item
    if code and item is None and code not in named:
        entry.problem("事项代码", f"没有“{code}”这个事项")
    _check_names(entry, known is None or known.current_version == 0)
    body = entry.body
    if isinstance(content, Guide) and old is not None and not whole:
        body = {**body, "facets": {**old.body["facets"], **body["facets"]}}
        content = read_body("guide", body, entry.id)
        entry.content, body = content, plain(content)
    row = PlannedRow(entry, "added", title_of(content, item), item.department if item else "", body=body)
    row.region = PROVINCE if isinstance(content, Item) else content.region
    if len(str(body)) > LARGEST_BODY:
        entry.problem("", f"内容太长了，一个条目最多 {LARGEST_BODY // 10_000} 万字")
    if known is not None:
        row.before, row.owner = known.current_version, known.owner
    old_body = old.body if old is not None else None
    if old_body is not None and entry.id in found.live:
        row.differences = compare(entry.kind, old_body, body)
        row.act = "changed" if row.differences else "same"
    if row.act != "same":
        _add_notes(row, found, old_body)
    return row


def _add_notes(row: PlannedRow, found: _Found, old_body: dict[str, Any] | None) -> None:  # noqa: C901  (one note after the other)
    content = row.entry.content
    assert content is not None
    lacking = {needed.path: needed.title for needed in missing_fields(content)}
    if old_body is not None:
        try:
            before = missing_fields(read_body(row.entry.kind, old_body, row.entry.id))
        except EntryInvalid:
            before = []
        for needed in before:
            lacking.pop(needed.path, None)
    if lacking:
        row.incomplete = True
        row.notes.append(f"缺发布需要的：{'、'.join(lacking.values())}")
    if isinstance(content, Guide) and old_body is not None:
        gone = [FACET_TITLES[facet] for facet in Facet if facet.value in old_body["facets"] and facet not in content.facets]
        if gone:
            row.notes.append(f"会删去要素：{'、'.join(gone)}")
    if who := found.drafts.get(row.entry.id):
        row.notes.append(f"{who}有草稿没发布，导入以后草稿要重新比对")
    if isinstance(content, Faq):
        other = found.questions.get(content.question)
        if other and other != row.entry.id:
            row.notes.append(f"标准问题和 {other} 一样")
    if old_body is not None and row.entry.id not in found.live:
        row.notes.append("这一条现在没有生效，导入以后会重新上线")


def _check_names(entry: FileEntry, is_new: bool) -> None:  # noqa: C901  (one rule after the other)
    content = entry.content
    if isinstance(content, Item):
        if is_new and not _CODE.fullmatch(content.code):
            entry.problem("事项代码", "只能用小写英文字母、数字和短横线")
        for name, most in _LONGEST.items():
            if len(getattr(content, name)) > most:
                entry.problem("事项代码" if name == "code" else "部门", f"太长了，最多 {most} 个字")
        if not content.name.strip():
            entry.problem("事项名称", "必须填")
    elif isinstance(content, Faq):
        if not (content.question.strip() and content.answer.strip()):
            entry.problem("标准问题", "要有问题和答案")
        if not content.id.strip() or len(content.id) > 100 or re.search(r"\s", content.id):  # noqa: PLR2004
            entry.problem("编号", "不能空着，不能有空格，最多 100 个字")
        if len(content.question) > 500:  # noqa: PLR2004
            entry.problem("标准问题", "太长了，最多 500 个字")
    if not isinstance(content, Item) and content is not None and region(content.region) is None:
        entry.problem("行政区划", f"行政区划 {content.region} 不认识")


def _check_scope(row: PlannedRow, known: models.Entry | None, departments: Collection[str], regions: set[str]) -> None:
    touched = {row.department, known.department if known else ""} - {""}
    if departments and not touched <= set(departments):
        row.entry.problem("部门" if row.entry.kind == "item" else "事项代码", "不归您管：部门不在您的范围里")
    if regions and not {row.region, known.region if known else row.region} <= regions:
        row.entry.problem("行政区划", "不归您管：行政区划不在您的范围里")


def _item_of(entry: FileEntry) -> str | None:
    item = entry.body.get("item")
    return item if isinstance(item, str) and item else None


def _title_in_file(entry: FileEntry) -> str:
    name = entry.body.get("question") or entry.body.get("name") or entry.body.get("item") or ""
    return str(name)[:200]
