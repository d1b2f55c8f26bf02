r"""What a cell holds, there and back: text that no spreadsheet runs as a formula, lists, numbers, regions, facets.

Whatever is written can be read again exactly:

- A text that a spreadsheet might take for a formula gets an apostrophe in front, and so does one that begins with one.
- Characters that a workbook can't hold are written as `_x0008_`, as Excel itself does it.
- Lists have one thing a line; a line break within one is `\n`, a backslash `\\`, a thing without text `\e`.
- `（不填）` is a text that is empty on purpose where an empty cell would mean something else.
"""

from __future__ import annotations

import re
from typing import Any

from knowledge_base.sheets.layout import Column
from language import all_regions, name_of
from language import region as region_of
from qinwen.vocabulary import FACET_TITLES, Facet

LONGEST = 32_000
"""Characters in a cell; Excel itself ends at 32,767."""
MOST_LINES = 500
LEFT_EMPTY = "（不填）"
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
# A formula as somebody may have typed it into a CSV file: `=1+1`, `@SUM(A1)`, `+cmd|' /C calc'!A0`.
_FORMULA = re.compile(r"=|[+\-@＝＋－＠][^\n]*(?:[A-Za-z]\w*\(|\|)")
_UNHOLDABLE = re.compile(r"[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")
_HELD = re.compile(r"_x([0-9A-Fa-f]{4})_")
_FLAGS = {"是": True, "否": False, "true": True, "false": False, "1": True, "0": False, "有": True, "无": False}
_FACETS = {**{facet.value: facet for facet in Facet}, **{title: facet for facet, title in FACET_TITLES.items()}}
_ESCAPES = {"\\\\": "\\", "\\n": "\n", "\\r": "\r", "\\e": ""}


class CellWrong(ValueError):
    """A cell's text does not fit its column; the message says why, in words."""


def defuse(text: str) -> str:
    """Give a text that no spreadsheet runs as a formula; `undefuse` gives the text again."""
    return f"'{text}" if text.startswith((*_DANGEROUS, "'")) else text


def undefuse(text: str) -> str:
    """Give the text that `defuse` was given.

    Raises:
        CellWrong: it looks like a formula.
    """
    if text.startswith("'") and text[1:2] in {*_DANGEROUS, "'"}:
        return text[1:]
    if _FORMULA.match(text):
        raise CellWrong("像是公式。要写的真是这些字，请在最前面加一个英文单引号")
    return text


def write_cell(column: Column, value: Any) -> str:
    """Give a value of an entry's plain data as the text of a cell; None is what the field has when nothing is said."""
    if value is None:
        text = ""
    elif column.kind == "list":
        text = "\n".join(_escaped(str(one)) for one in value)
    elif column.kind == "flag":
        text = "是" if value else "否"
    elif column.kind == "facet":
        text = FACET_TITLES[Facet(value)]
    elif column.kind == "region":
        text = f"{value} {name_of(str(value)) or ''}".strip()
    else:
        text = str(value)
        if text == "" and column.default and column.kind == "text":
            return LEFT_EMPTY
    return defuse(_UNHOLDABLE.sub(lambda found: f"_x{ord(found[0]):04X}_", text))


def read_cell(column: Column, text: str, fault: str = "") -> Any:
    """Give what a cell's text says; None where it says nothing. `fault` is what is wrong with the cell itself.

    Raises:
        CellWrong: it does not fit.
    """
    if fault:
        raise CellWrong(fault)
    if len(text) > LONGEST:
        raise CellWrong(f"太长了，一格最多 {LONGEST} 个字")
    text = _HELD.sub(lambda found: chr(int(found[1], 16)), undefuse(text))
    bare = text.strip()
    if not bare:
        if column.required:
            raise CellWrong("必须填")
        return None
    if "\0" in text:
        raise CellWrong("有不能用的字符")
    if column.kind == "list":
        return _lines(text)
    if column.kind == "text":
        return "" if bare == LEFT_EMPTY else text
    return _READERS[column.kind](column, bare)


def _code(column: Column, text: str) -> str:
    del column
    if len(text) > 100 or re.search(r"[\s:/?#]", text):  # noqa: PLR2004  (fits the column with its kind)
        raise CellWrong("编号里不能有空格、冒号和斜线，最多 100 个字")
    return text


def _number(column: Column, text: str) -> int:
    del column
    if not re.fullmatch(r"\d{1,6}(?:\.0+)?", text):
        raise CellWrong(f"要填整数，不能是“{_short(text)}”")
    return int(text.partition(".")[0])


def _flag(column: Column, text: str) -> bool:
    del column
    if text.lower() not in _FLAGS:
        raise CellWrong(f"要填“是”或“否”，不能是“{_short(text)}”")
    return _FLAGS[text.lower()]


def _choice(column: Column, text: str) -> str:
    if text not in column.options:
        raise CellWrong(f"只能填{'、'.join(column.options)}，不能是“{_short(text)}”")
    return text


def _facet(column: Column, text: str) -> str:
    del column
    if text not in _FACETS:
        raise CellWrong(f"没有“{_short(text)}”这个要素，请从下拉列表里选")
    return _FACETS[text].value


def _region(column: Column, text: str) -> str:
    del column
    code = text.split(maxsplit=1)[0]
    if region_of(code) is not None:
        return code
    named = [one.code for one in all_regions() if one.name == text]
    if len(named) == 1:
        return named[0]
    raise CellWrong(f"行政区划“{_short(text)}”不认识，请填六位代码" if not named else f"有几个地方都叫“{text}”，请填六位代码")


_READERS = {"code": _code, "number": _number, "flag": _flag, "choice": _choice, "facet": _facet, "region": _region}


def _lines(text: str) -> list[str]:
    # An empty line is nothing; `\e` is a thing without text.
    lines = [re.sub(r"\\.", lambda f: _ESCAPES.get(f[0], f[0]), line) for line in re.split(r"\r?\n", text) if line.strip()]
    if len(lines) > MOST_LINES:
        raise CellWrong(f"有 {len(lines)} 行，最多 {MOST_LINES} 行")
    return lines


def _escaped(text: str) -> str:
    text = text.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")
    return text if text.strip() else f"{text}\\e"


def _short(text: str) -> str:
    return text if len(text) <= 20 else f"{text[:20]}…"  # noqa: PLR2004
