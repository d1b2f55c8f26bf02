"""Files as rows of text, before anybody asks what they mean: workbooks and CSV files.

A cell is the text that a person sees in it; a formula, an error or a merged cell is a fault with words instead of a value.
"""

from __future__ import annotations

import csv
import io
import re
import warnings
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

import openpyxl
from openpyxl.cell.read_only import EmptyCell, ReadOnlyCell

from knowledge_base.errors import FileRefused
from knowledge_base.sheets.guard import open_packed

MOST_ROWS = 50_000
MOST_COLUMNS = 80
_MOST_SHEETS = 40
_MERGED = re.compile(rb'<(?:\w+:)?mergeCell\s[^>]*ref="([A-Z]{1,3}\d{1,7}:[A-Z]{1,3}\d{1,7})"')
_DELIMITERS = (",", "\t", ";", "，")


@dataclass(frozen=True)
class Cell:
    """A cell's text, or what is wrong with it."""

    text: str = ""
    fault: str = ""


@dataclass(frozen=True)
class RawSheet:
    """A sheet: its name, its rows that hold anything with their numbers (from 1), and merged ranges."""

    name: str
    rows: list[tuple[int, list[Cell]]]
    merged: tuple[str, ...] = ()


def read_workbook(data: bytes) -> list[RawSheet]:
    """Read all sheets of an .xlsx file.

    Raises:
        FileRefused: see `open_packed`; or it has too many rows or sheets, or can't be read.
    """
    archive = open_packed(data, "xlsx")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # openpyxl warns of what it leaves out, such as drop-down lists
        try:
            book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=False, keep_links=False)
            found = list(_sheets(book, archive))
            book.close()
        except FileRefused:
            raise
        except Exception as error:  # whatever a damaged file makes the library stumble over
            raise FileRefused("文件读不出来：可能坏了，或者不是 Excel 保存的。请用 Excel 或 WPS 另存为 .xlsx 再试。") from error
    return found


def _sheets(book: Any, archive: zipfile.ZipFile) -> Iterator[RawSheet]:
    left = MOST_ROWS
    if len(book.worksheets) > _MOST_SHEETS:
        raise FileRefused(f"工作表太多了，最多 {_MOST_SHEETS} 张。")
    for sheet in book.worksheets:
        sheet.reset_dimensions()  # what the file says of its size may be wrong
        rows: list[tuple[int, list[Cell]]] = []
        for number, cells in enumerate(sheet.iter_rows(max_col=MOST_COLUMNS), 1):
            shown = [_shown(cell) for cell in cells]
            while shown and shown[-1] == Cell():
                shown.pop()
            if shown:
                rows.append((number, shown))
                left -= 1
            if left < 0:
                raise FileRefused(f"行太多了，一个文件最多 {MOST_ROWS} 行，请分成几个文件。")
        merged = tuple(found.decode() for found in _MERGED.findall(archive.read(sheet._worksheet_path)))  # noqa: SLF001
        yield RawSheet(sheet.title, rows, merged)


def _shown(cell: ReadOnlyCell | EmptyCell) -> Cell:
    value = cell.value
    if value is None:
        return Cell()
    if cell.data_type == "f":
        return Cell(fault="是公式。请复制后“选择性粘贴为值”，再导入")
    if cell.data_type == "e":
        return Cell(fault=f"是错误值 {value}")
    return Cell(_text(value, str(cell.number_format) if isinstance(value, float | int) else ""))


def _text(value: Any, number_format: str) -> str:
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, float | int):
        if "%" in number_format:
            return f"{value * 100:.10g}%"
        return f"{value:.15g}" if isinstance(value, float) else str(value)
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ", "minutes")
    if isinstance(value, date | time | timedelta):
        return str(value)
    return str(value)


def read_csv(data: bytes) -> RawSheet:
    """Read a CSV file in UTF-8, with or without BOM, GB18030 (Excel in Chinese) or UTF-16 with BOM.

    Raises:
        FileRefused: it is no text, has too many rows, or can't be read.
    """
    text = _decoded(data)
    first = text.lstrip("\n").partition("\n")[0]
    delimiter = max(_DELIMITERS, key=first.count)
    csv.field_size_limit(1_000_000)
    rows: list[tuple[int, list[Cell]]] = []
    try:
        for number, values in enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True), 1):
            while values and not values[-1].strip():
                values.pop()
            if values:
                rows.append((number, [Cell(value.replace("\r\n", "\n")) for value in values[:MOST_COLUMNS]]))
            if len(rows) > MOST_ROWS:
                raise FileRefused(f"行太多了，一个文件最多 {MOST_ROWS} 行，请分成几个文件。")
    except csv.Error as error:
        raise FileRefused(f"CSV 第 {len(rows) + 1} 行附近读不懂：引号可能没有配对。") from error
    return RawSheet("", rows)


def _decoded(data: bytes) -> str:
    encodings = ["utf-16"] if data[:2] in {b"\xff\xfe", b"\xfe\xff"} else ["utf-8-sig", "gb18030"]
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise FileRefused("文件不是文字，或者编码认不出来。请存成 UTF-8 的 CSV（Excel 里选“CSV UTF-8”）。")
