"""Writes workbooks and CSV files: entries to be edited in Excel, and empty templates that explain themselves.

Everything is written as text (numbers as numbers), so that no spreadsheet makes a formula, a date or `6.1E+05` out of it.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

from openpyxl import Workbook, load_workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from knowledge_base.errors import FileRefused
from knowledge_base.sheets.cells import LONGEST
from knowledge_base.sheets.layout import TABLE_COLUMN, Column, Table
from knowledge_base.sheets.rows_out import rows_of, union_of

OPTIONS, ABOUT = "可选值", "说明"
_HEAD = PatternFill("solid", fgColor="DCE9E3")
_WRAPPED = Alignment(vertical="top", wrap_text=True)
_VALIDATED_ROWS = 5000
_ROWS_OF_TEMPLATE = 200
_HINTS = (
    "第一行是列名，不要改；列的先后可以换，不用的列可以删（带 * 的不能删）。自己记事用的列，列名以“备注”开头，导入时不看。",
    "从第二行起填内容。不要合并单元格，不要用公式。",
    "列表一格里一行一个：在单元格里按 Alt+Enter 换行。",
    "格子最前面的英文单引号，是防止电子表格把文字当成公式的记号，导入时会去掉。",
    "“（不填）”表示就是空的；空着的格子用括号里写的默认值。",
    "导入前会先看一遍，一行一行告诉您会增加、修改什么，哪里有错；有一处错，整个文件都不会导入。",
)
Row = tuple[str, Mapping[str, Any]]
"""An entry's kind and plain data."""


def write_workbook(entries: Iterable[Row], tables: Sequence[Table], path: Path, items: Sequence[tuple[str, str]] = ()) -> int:
    """Write entries to an .xlsx file, a sheet a table; returns how many entries.

    Args:
        entries: kind and plain data of each.
        tables: the sheets to make.
        path: where to.
        items: codes and names of the items, for the sheet of choices.

    Raises:
        FileRefused: a text is longer than a cell can hold.
    """
    book = Workbook(write_only=True)
    sheets = {table.title: _begin(book, table) for table in tables}
    count = 0
    for kind, body in entries:
        count += 1
        for table, values in rows_of(kind, body):
            _require_fit(values, body)
            sheets[table.title].append([_cell(sheets[table.title], c, v) for c, v in zip(table.columns, values, strict=True)])
    _write_about(book.create_sheet(ABOUT), tables)
    _write_options(book.create_sheet(OPTIONS), tables, items)
    book.save(path)
    return count


def write_csv(entries: Iterable[Row], tables: Sequence[Table], target: TextIO) -> int:
    """Write entries as CSV for Excel (the caller opens the file with BOM); returns how many entries.

    Raises:
        FileRefused: a text is longer than a cell can hold.
    """
    several = len(tables) > 1
    titles = union_of(tables)
    writer = csv.writer(target)
    writer.writerow([*([TABLE_COLUMN] if several else []), *titles])
    count = 0
    for kind, body in entries:
        count += 1
        for table, values in rows_of(kind, body):
            _require_fit(values, body)
            said = dict(zip((column.title for column in table.columns), values, strict=True))
            writer.writerow([*([table.title] if several else []), *(said.get(title, "") for title in titles)])
    return count


def template_workbook(tables: Sequence[Table], items: Sequence[tuple[str, str]]) -> bytes:
    """Give an empty workbook with an explanation, the heading of each sheet, and lists to choose from."""
    book = Workbook()
    about: Any = book.active
    about.title = ABOUT
    _write_about(about, tables)
    for table in tables:
        sheet = book.create_sheet(table.title)
        sheet.append([_title(column) for column in table.columns])
        _shape(sheet, table)
        for cell in sheet[1]:
            cell.font, cell.fill, cell.alignment = Font(bold=True), _HEAD, _WRAPPED
        for row in sheet.iter_rows(min_row=2, max_row=_ROWS_OF_TEMPLATE, max_col=len(table.columns)):
            for cell, column in zip(row, table.columns, strict=True):
                cell.alignment = _WRAPPED
                if column.kind != "number":
                    cell.number_format = "@"
    options = book.create_sheet(OPTIONS)
    ranges = _write_options(options, tables, items)
    for table in tables:
        _offer(book[table.title], table, ranges)
    book.active = 1
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def template_csv(tables: Sequence[Table]) -> bytes:
    """Give the heading of a CSV file, in UTF-8 with BOM as Excel wants it."""
    target = io.StringIO(newline="")
    write_csv((), tables, target)
    return target.getvalue().encode("utf-8-sig")


def add_choices(path: Path, tables: Sequence[Table], items: Sequence[tuple[str, str]]) -> None:
    """Add the drop-down lists to a small workbook that was written; a large one is quicker without."""
    book = load_workbook(path)
    del book[OPTIONS]
    ranges = _write_options(book.create_sheet(OPTIONS), tables, items)
    for table in tables:
        _offer(book[table.title], table, ranges)
    book.save(path)


def _begin(book: Workbook, table: Table) -> Any:
    sheet = book.create_sheet(table.title)
    _shape(sheet, table)
    heading = []
    for column in table.columns:
        cell = WriteOnlyCell(sheet, _title(column))
        cell.font, cell.fill, cell.alignment = Font(bold=True), _HEAD, _WRAPPED
        heading.append(cell)
    sheet.append(heading)
    return sheet


def _shape(sheet: Any, table: Table) -> None:
    sheet.freeze_panes = "A2"
    for place, column in enumerate(table.columns, 1):
        sheet.column_dimensions[get_column_letter(place)].width = column.width


def _cell(sheet: Any, column: Column, text: str) -> Any:
    if text == "":
        return None
    if column.kind == "number":
        return int(text)
    cell = WriteOnlyCell(sheet)
    cell.value = text
    cell.data_type = "s"
    cell.number_format = "@"
    if "\n" in text or len(text) > column.width:
        cell.alignment = _WRAPPED
    return cell


def _require_fit(values: Sequence[str], body: Mapping[str, Any]) -> None:
    longest = max(map(len, values))
    if longest > LONGEST:
        name = body.get("question") or body.get("name") or f"{body.get('item')} {body.get('region')}"
        raise FileRefused(f"“{name}”里有一段文字长 {longest} 个字，表格的一格放不下。请导出成 JSON。")


def _title(column: Column) -> str:
    return f"{column.title}*" if column.required else column.title


def _write_about(sheet: Any, tables: Sequence[Table]) -> None:
    rows: list[list[str]] = [["怎么填"], *([hint] for hint in _HINTS), []]
    for table in tables:
        rows += [[f"表“{table.title}”：{table.about}"], ["列", "要不要填", "说明", "默认", "可以填"]]
        for column in table.columns:
            needed = "要" if column.required else "可以不填"
            rows.append([column.title, needed, column.about, column.default, "、".join(column.options)])
        rows.append([])
    sheet.column_dimensions["A"].width = 20
    for letter, width in (("B", 10), ("C", 46), ("D", 10), ("E", 40)):
        sheet.column_dimensions[letter].width = width
    for row in rows:
        sheet.append(row)


def _write_options(sheet: Any, tables: Sequence[Table], items: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Write the lists to choose from, a column each; gives the range of each by the column's title."""
    lists: dict[str, Sequence[str]] = {c.title: c.options for table in tables for c in table.columns if c.options}
    # Columns of one name with other options in another table share the longer list, which only offers.
    for table in tables:
        for column in table.columns:
            if len(column.options) > len(lists.get(column.title, ())):
                lists[column.title] = column.options
    if items and any(column.kind == "code" for table in tables for column in table.columns):
        lists = {"事项代码": [code for code, _ in items], "事项（供查看）": [name for _, name in items], **lists}
    sheet.append(list(lists))
    for place in range(max(map(len, lists.values()), default=0)):
        sheet.append([values[place] if place < len(values) else None for values in lists.values()])
    return {
        title: f"{OPTIONS}!${get_column_letter(n)}$2:${get_column_letter(n)}${len(values) + 1}"
        for n, (title, values) in enumerate(lists.items(), 1)
    }


def _offer(sheet: Any, table: Table, ranges: Mapping[str, str]) -> None:
    for place, column in enumerate(table.columns, 1):
        chosen = column.options or (column.title == "事项代码" and table.kind != "item")
        if not chosen or column.title not in ranges:
            continue
        strict = column.kind in {"choice", "facet"}
        offered = DataValidation(type="list", formula1=ranges[column.title], allow_blank=True, showErrorMessage=strict)
        offered.error = "请从下拉列表里选" if strict else None
        letter = get_column_letter(place)
        offered.add(f"{letter}2:{letter}{_VALIDATED_ROWS}")
        sheet.add_data_validation(offered)
