"""Entries as JSON: a list of objects, or one object a line; the form is that of `exchange`."""

from __future__ import annotations

import json
from typing import Any

from knowledge_base.errors import FileRefused
from knowledge_base.sheets.entries import FileContents, FileEntry, Problem
from knowledge_base.sheets.raw import MOST_ROWS

KINDS = {"item", "guide", "faq"}


def read_json(data: bytes, *, lines: bool) -> FileContents:
    """Read the entries of a JSON file.

    Args:
        data: the file's bytes.
        lines: whether it is one object a line.

    Raises:
        FileRefused: it is not UTF-8, not JSON, or has too many entries.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FileRefused("JSON 文件要用 UTF-8 编码。") from error
    found: list[tuple[int, Any]] = []
    problems: list[Problem] = []
    if lines:
        for number, line in enumerate(text.split("\n"), 1):
            if line.strip():
                try:
                    found.append((number, _loads(line)))
                except ValueError:
                    problems.append(Problem("", number, "", "", "不是正确的 JSON"))
    else:
        try:
            whole = _loads(text)
        except ValueError as error:
            where = f"第 {error.lineno} 行" if isinstance(error, json.JSONDecodeError) else "里面"
            raise FileRefused(f"不是正确的 JSON：{where}有错。") from error
        whole = whole.get("entries") if isinstance(whole, dict) and "entries" in whole else whole
        if not isinstance(whole, list):
            raise FileRefused("JSON 文件应当是一个列表，或者 {“entries”: [...]}。")
        found = list(enumerate(whole, 1))
    if len(found) > MOST_ROWS:
        raise FileRefused(f"条目太多了，一个文件最多 {MOST_ROWS} 条，请分成几个文件。")
    entries = [entry for number, one in found if (entry := _entry(number, one, problems))]
    _refuse_twice(entries)
    if not entries and not problems:
        problems.append(Problem("", 0, "", "", "文件里没有可以导入的内容"))
    return FileContents(entries, problems)


def _loads(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except RecursionError as error:
        raise ValueError from error


def _refuse_constant(name: str) -> None:
    raise ValueError(name)


def _entry(number: int, data: Any, problems: list[Problem]) -> FileEntry | None:
    if not isinstance(data, dict):
        problems.append(Problem("", number, "", "", "应当是一个 JSON 对象"))
        return None
    kind = data.get("kind", "faq")
    if kind not in KINDS:
        problems.append(Problem("", number, "", "kind", f"种类 {kind} 不认识，只有 item、guide 和 faq"))
        return None
    entry = FileEntry(kind, {name: value for name, value in data.items() if name != "kind"}, "", number)
    entry.settle()
    return entry


def _refuse_twice(entries: list[FileEntry]) -> None:
    first: dict[str, int] = {}
    for entry in entries:
        if entry.content is None:
            continue
        if entry.id in first:
            entry.problem("", f"和第 {first[entry.id]} 条重复了")
        first.setdefault(entry.id, entry.row)
