"""From rows of cells to entries: which table a sheet is, which columns it has, what each row adds to which entry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from openpyxl.utils import get_column_letter

from knowledge_base.sheets.cells import CellWrong, read_cell
from knowledge_base.sheets.entries import FileContents, FileEntry, Problem
from knowledge_base.sheets.layout import BY_TITLE, TABLE_COLUMN, TABLES, Column, Table
from knowledge_base.sheets.raw import Cell, RawSheet
from qinwen.vocabulary import FACET_TITLES, Facet

NOT_TABLES = {"说明", "可选值"}
_REMARK = "备注"
_NAMES = {"item": "code", "faq": "id"}


@dataclass
class _Gathered:
    """The entries so far, by kind and id; `parts` are rows of guides' lists, which may stand before their facet.

    `unplaced`: a row of a facet does not say of which guide; things in lists may be its own, so they lack nothing.
    """

    entries: dict[tuple[str, ...], FileEntry] = field(default_factory=dict)
    facets: set[tuple[str, str, str]] = field(default_factory=set)
    parts: list[tuple[Table, tuple[str, str], dict[str, Any], FileEntry]] = field(default_factory=list)
    loose: list[Problem] = field(default_factory=list)
    unplaced: bool = False


@dataclass(frozen=True)
class _Head:
    """The heading of a sheet: its table (None where each row says it), and the place of each column."""

    table: Table | None
    places: Mapping[str, int]

    @property
    def letters(self) -> dict[str, str]:
        """Give each column's letter."""
        return {title: get_column_letter(place + 1) for title, place in self.places.items()}


def read_tables(sheets: Sequence[RawSheet]) -> FileContents:
    """Give the entries of a file's sheets, with everything that is wrong."""
    found = _Gathered()
    for sheet in sheets:
        if sheet.name in NOT_TABLES or not sheet.rows:
            continue
        head = _read_head(sheet, found.loose)
        if head is not None:
            for number, cells in sheet.rows[1:]:
                _read_row(sheet.name, number, cells, head, found)
    _join_parts(found)
    entries = list(found.entries.values())
    for entry in entries:
        entry.settle()
    if not entries and not found.loose:
        found.loose.append(Problem("", 0, "", "", "文件里没有可以导入的内容"))
    return FileContents(entries, found.loose)


def _read_head(sheet: RawSheet, problems: list[Problem]) -> _Head | None:
    """Find out which table a sheet is, and where its columns are; None when it can't be read."""
    number, cells = sheet.rows[0]
    titles = [_title(cell.text) for cell in cells]
    table = BY_TITLE.get(sheet.name)
    mixed = TABLE_COLUMN in titles
    if table is None and not mixed:
        fitting = [t for t in TABLES if all(c.title in titles for c in t.columns if c.required)]
        # A heading may fit several tables: the one that knows most of its columns is meant.
        table = max(fitting, key=lambda t: sum(title in t.by_title for title in titles), default=None)
    if table is None and not mixed:
        words = "认不出这张表。第一行要是列名，请从模板开始做；不要导入的表请删掉"
        problems.append(Problem(sheet.name, number, "", "", words))
        return None
    known = {title for t in (TABLES if mixed else (table,)) if t for title in t.by_title} | ({TABLE_COLUMN} if mixed else set())
    before, places = len(problems), {}
    for place, title in enumerate(titles):
        letter = get_column_letter(place + 1)
        if not title or title.startswith(_REMARK):
            if not title and any(len(row) > place and row[place] != Cell() for _, row in sheet.rows[1:]):
                problems.append(Problem(sheet.name, number, letter, "", "这一列没有列名，里面却有内容"))
        elif title not in known:
            words = f"不认识“{title}”这一列。列名请照模板写；自己记事用的列，列名以“备注”开头"
            problems.append(Problem(sheet.name, number, letter, title, words))
        elif title in places:
            problems.append(Problem(sheet.name, number, letter, title, f"“{title}”这一列有两个"))
        else:
            places[title] = place
    if table is not None:
        lacking = [column.title for column in table.columns if column.required and column.title not in places]
        problems += [Problem(sheet.name, number, "", title, f"缺“{title}”这一列") for title in lacking]
        problems += [
            Problem(sheet.name, 0, "", "", f"有合并的单元格 {merged}：请取消合并，每一格都填上")
            for merged in sheet.merged
            if len(sheet.rows) > 1
        ]
    return _Head(table, places) if len(problems) == before else None


def _title(text: str) -> str:
    return text.strip().removesuffix("*").removesuffix("（必填）").strip().lstrip("\ufeff")


def _read_row(sheet: str, number: int, cells: Sequence[Cell], head: _Head, found: _Gathered) -> None:
    letters = head.letters
    problems: list[Problem] = []

    def wrong(title: str, words: str) -> None:
        problems.append(Problem(sheet, number, letters.get(title, ""), title, words))

    def cell(title: str) -> Cell:
        place = head.places.get(title)
        return cells[place] if place is not None and place < len(cells) else Cell()

    table = head.table
    if table is None:
        name = cell(TABLE_COLUMN).text.strip()
        table = BY_TITLE.get(name)
        if table is None:
            wrong(TABLE_COLUMN, f"没有“{name}”这种表" if name else "要写明这一行属于哪张表")
            found.loose += problems
            return
        for title in head.places:
            if title != TABLE_COLUMN and title not in table.by_title and cell(title) != Cell():
                wrong(title, f"“{table.title}”这种行没有“{title}”，请清空这一格")
    if all(not one.text.strip() and not one.fault for one in cells):
        return
    values: dict[str, Any] = {}
    for column in table.columns:
        raw = cell(column.title)
        try:
            values[column.title] = read_cell(column, raw.text, raw.fault)
        except CellWrong as error:
            wrong(column.title, str(error))
    _add(table, values, FileEntry(table.kind, {}, sheet, number, letters, problems), found)


def _add(table: Table, values: Mapping[str, Any], row: FileEntry, found: _Gathered) -> None:  # noqa: C901
    """Put what a row says where it belongs."""
    if table.kind != "guide":
        title = next(column.title for column in table.columns if column.field == _NAMES[table.kind])
        row.body = _nested(table.columns, values)
        if table.kind == "item":
            _check_visits(row)
            # What an item must say, even where it says nothing.
            row.body = {
                **dict.fromkeys(("type", "handling", "authority_level", "topic", "venue"), ""),
                "served": [],
                **row.body,
            }
        _keep((table.kind, str(values.get(title) or f"?{row.sheet}:{row.row}")), title, row, found)
        return
    item, region = values.get("事项代码"), values.get("行政区划")
    if not (item and region):
        found.loose += row.problems
        found.unplaced = found.unplaced or table.part is None
        return
    key = (str(item), str(region))
    if table.part is not None:
        found.parts.append((table, key, _nested(table.columns[2:], values), row))
        return
    facet = values.get("要素")
    entry = found.entries.setdefault(("guide", *key), FileEntry("guide", {}, row.sheet, row.row, row.columns))
    entry.body = entry.body or {"item": item, "region": region, "facets": {}}
    entry.problems += row.problems
    if facet is None:
        return
    if (*key, facet) in found.facets:
        _say(entry, row, "要素", f"同一份指南的“{FACET_TITLES[Facet(facet)]}”写了两行")
        return
    found.facets.add((*key, facet))
    own = []
    for column in table.columns[3:]:
        if column.facet is None or column.facet.value == facet:
            own.append(column)
        elif values.get(column.title) is not None:
            _say(entry, row, column.title, f"“{FACET_TITLES[Facet(facet)]}”这个要素没有“{column.title}”，请清空这一格")
    body = _nested(own, values)
    if facet == Facet.DURATION.value:
        _check_limits(body, entry, row)
    entry.body["facets"][facet] = body


def _keep(key: tuple[str, ...], title: str, row: FileEntry, found: _Gathered) -> None:
    first = found.entries.get(key)
    if first is not None:
        where = f"第 {first.row} 行" if first.sheet == row.sheet else f"{first.sheet}第 {first.row} 行"
        row.problem(title, f"和{where}重复了")
        key = (*key, f"{row.sheet}:{row.row}")
    found.entries[key] = row


def _join_parts(found: _Gathered) -> None:
    """Put materials, steps, fees and laws into their guides."""
    for table, key, body, row in found.parts:
        assert table.part is not None
        facet, name = table.part
        entry = found.entries.get(("guide", *key))
        if entry is None or (*key, facet.value) not in found.facets:
            unsaid = found.unplaced or (entry is not None and any(one.title == "要素" for one in entry.problems))
            if not unsaid:
                row.problem("事项代码", f"“办事指南”表里没有这份指南的“{FACET_TITLES[facet]}”这一行")
            found.loose += row.problems
            continue
        entry.problems += row.problems
        target = entry.body["facets"].get(facet.value)
        if target is not None and not row.problems:
            target.setdefault(name, []).append(body)


def _nested(columns: Sequence[Column], values: Mapping[str, Any]) -> dict[str, Any]:
    """Give values by their fields; a dotted field stands in a mapping of its own."""
    body: dict[str, Any] = {}
    for column in columns:
        value = values.get(column.title)
        if value is None:
            continue
        outer, _, inner = column.field.partition(".")
        if inner:
            body.setdefault(outer, {})[inner] = value
        else:
            body[outer] = value
    return body


def _check_visits(row: FileEntry) -> None:
    visits = row.body.get("visits")
    if visits is not None and "count" not in visits:
        row.problem("到现场次数", "写了原因，也要写次数")


def _check_limits(body: dict[str, Any], entry: FileEntry, row: FileEntry) -> None:
    for name, title in (("statutory", "法定时限"), ("promised", "承诺时限")):
        if name in body and "days" not in body[name]:
            if set(body[name]) == {"unit"}:
                del body[name]  # a unit alone says nothing
            else:
                _say(entry, row, title, "写了说明，也要写数字")


def _say(entry: FileEntry, row: FileEntry, title: str, words: str) -> None:
    entry.problems.append(Problem(row.sheet, row.row, row.columns.get(title, ""), title, words))
