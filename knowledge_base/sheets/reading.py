"""Reads an uploaded file of entries, whatever its format; the one way in."""

from __future__ import annotations

from pathlib import PurePath

from knowledge_base.errors import FileRefused
from knowledge_base.sheets.entries import FileContents
from knowledge_base.sheets.guard import LARGEST_FILE
from knowledge_base.sheets.json_in import read_json
from knowledge_base.sheets.raw import read_csv, read_workbook
from knowledge_base.sheets.rows_in import read_tables

FORMATS = (".xlsx", ".csv", ".json", ".jsonl")


def read_entries_file(data: bytes, name: str) -> FileContents:
    """Give what a file says, with everything that is wrong in it.

    Args:
        data: the file's bytes.
        name: the file's name; its ending says the format.

    Raises:
        FileRefused: the file as a whole can't be taken; the message says why.
    """
    ending = PurePath(name).suffix.lower()
    if len(data) > LARGEST_FILE:
        raise FileRefused(f"文件太大了，最多 {LARGEST_FILE // 1024 // 1024} MB。")
    if not data.strip():
        raise FileRefused("文件是空的。")
    if ending in {".xlsm", ".xltm", ".xlsb"}:
        raise FileRefused("带宏的工作簿不能导入，请另存为 .xlsx。")
    if ending == ".xlsx" or (ending == ".xls" and not data.startswith(b"PK")):
        return read_tables(read_workbook(data))
    if ending == ".csv":
        return read_tables([read_csv(data)])
    if ending in {".json", ".jsonl"}:
        return read_json(data, lines=ending == ".jsonl")
    raise FileRefused(f"不认识这种文件。可以导入的是 {'、'.join(FORMATS)}；Word 文件请用“导入 Word 指南”。")
