"""A guide written in Word as the facets of a draft, as far as its headings say which is which; nothing is dropped silently.

A heading (by its style, its number or its brackets) that names a facet begins it; what follows is its text. A table of
materials becomes the list of materials; other tables become lines of text. What belongs to no known heading is given back as
left over, for the editor to place by hand.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from docx import Document
from docx.document import Document as Opened
from docx.table import Table
from docx.text.paragraph import Paragraph

from knowledge_base.errors import FileRefused
from knowledge_base.sheets.cells import LONGEST
from knowledge_base.sheets.guard import LARGEST_FILE, open_packed
from qinwen.vocabulary import FACET_TITLES, Facet

_WORDS: tuple[tuple[Facet, str], ...] = (
    (Facet.MATERIALS, "申请材料|所需材料|办理材料|申报材料|提交材料|材料清单|材料"),
    (Facet.ELIGIBILITY, "受理条件|申请条件|办理条件|申办条件|条件|服务对象|适用对象|适用范围"),
    (Facet.PROCESS, "办理流程|办理程序|办理步骤|流程|步骤|程序"),
    (Facet.PLACE, "办理地点|受理地点|办理地址|办公地址|地点|地址"),
    (Facet.HOURS, "办公时间|受理时间|办理时间|工作时间|窗口时间"),
    (Facet.ONLINE, "网上办理|网办|在线办理|线上办理"),
    (Facet.DURATION, "办理时限|法定时限|承诺时限|办结时限|时限|期限"),
    (Facet.FEE, "收费标准|收费情况|收费依据|是否收费|收费|费用"),
    (Facet.PROXY, "代办|委托办理"),
    (Facet.DEFERRAL, "容缺|告知承诺|缺材料"),
    (Facet.RESULT, "办理结果|审批结果|结果送达|结果名称|办理结果样本|结果"),
    (Facet.BASIS, "设定依据|法律依据|办理依据|政策依据|依据"),
    (Facet.CONTACT, "咨询方式|咨询电话|联系方式|联系电话|监督投诉|投诉|咨询"),
    (Facet.OVERVIEW, "事项简介|办理概述|概述|简介|总体"),
)
_NUMBERED = re.compile(
    r"^(?:第?[一二三四五六七八九十]+[、.．章节]|[（(][一二三四五六七八九十\d]+[）)]|\d{1,2}[、.．](?!\d)|【)\s*"
)
_LONGEST_HEADING = 24


@dataclass
class WordGuide:
    """What a Word file says: the facets as plain data, and what was not understood."""

    facets: dict[str, dict[str, Any]] = field(default_factory=dict)
    left_over: list[str] = field(default_factory=list)


def read_word(data: bytes) -> WordGuide:  # noqa: C901, PLR0912  (one rule after the other)
    """Read a guide from a .docx file.

    Raises:
        FileRefused: it is too big, dangerous, or no Word file.
    """
    if len(data) > LARGEST_FILE:
        raise FileRefused(f"文件太大了，最多 {LARGEST_FILE // 1024 // 1024} MB。")
    archive = open_packed(data, "docx")
    try:
        document = Document(io.BytesIO(data))
        blocks = list(_blocks(document))
    except Exception as error:  # whatever a damaged file makes the library stumble over
        raise FileRefused("文件读不出来：可能坏了。请用 Word 或 WPS 另存为 .docx 再试。") from error
    found = WordGuide()
    lines: dict[Facet, list[str]] = {}
    facet: Facet | None = None
    for block in blocks:
        if isinstance(block, Table):
            _take_table(block, facet, lines, found)
            continue
        text = block.text.strip()
        if not text:
            continue
        heading = _heading(block, text)
        if heading is None:
            (lines.setdefault(facet, []) if facet else found.left_over).append(text)
            continue
        facet = _facet_of(heading)
        rest = re.split(r"[：:】]", text, maxsplit=1)[1].strip() if re.search(r"[：:】]", text) else ""
        if facet is None:
            found.left_over.append(text)
        elif rest:
            lines.setdefault(facet, []).append(rest)
    for one in Facet:
        text = "\n".join(lines.get(one, []))
        if len(text) > LONGEST:
            raise FileRefused(f"“{FACET_TITLES[one]}”太长了，一个要素最多 {LONGEST} 个字。")
        if text or one.value in found.facets:
            found.facets[one.value] = {"text": text or "见下面的清单。", **found.facets.get(one.value, {})}
    pictures = sum(name.startswith("word/media/") for name in archive.namelist())
    if pictures:
        found.left_over.append(f"（有 {pictures} 张图片，没有导入）")
    if any(re.search(r"word/(?:footnotes|endnotes|comments)\.xml", name) for name in archive.namelist()):
        found.left_over.append("（可能有脚注、尾注或批注，没有导入）")
    return found


def _blocks(document: Opened) -> Iterator[Paragraph | Table]:
    yield from document.iter_inner_content()


def _heading(paragraph: Paragraph, text: str) -> str | None:
    """Give the words of a heading, or None for ordinary text."""
    style = (paragraph.style.name or "") if paragraph.style is not None else ""
    bare = _NUMBERED.sub("", text)
    head = re.split(r"[：:】]", bare, maxsplit=1)[0].strip()
    if style.lower().startswith(("heading", "标题", "title")):
        return head if len(head) <= _LONGEST_HEADING else bare
    marked = bool(_NUMBERED.match(text)) or (bool(paragraph.runs) and all(r.bold for r in paragraph.runs if r.text.strip()))
    if marked and len(head) <= _LONGEST_HEADING and not head.endswith(("。", "；", "，")) and _facet_of(head, exact=True):
        return head
    return head if _facet_of(head, exact=True) and (head != bare or len(bare) <= _LONGEST_HEADING) else None


def _facet_of(heading: str, *, exact: bool = False) -> Facet | None:
    for facet, words in _WORDS:
        if re.fullmatch(f"(?:{words})", heading):
            return facet
    if exact:
        return None
    return next((facet for facet, words in _WORDS if re.search(words, heading)), None)


def _take_table(table: Table, facet: Facet | None, lines: dict[Facet, list[str]], found: WordGuide) -> None:
    rows = [[cell.text.strip() for cell in row.cells] for row in table.rows]
    rows = [row for row in rows if any(row)]
    if not rows:
        return
    head = rows[0]
    named = next((n for n, title in enumerate(head) if re.fullmatch(r"(?:申请|所需|提交)?材料(?:名称)?|名称", title)), None)
    if named is not None and facet in {Facet.MATERIALS, None}:
        things = []
        for row in rows[1:]:
            note = "；".join(
                f"{head[n]}：{value}" for n, value in enumerate(row) if n != named and value and head[n] not in {"序号", ""}
            )
            if row[named]:
                things.append({"name": row[named], **({"note": note} if note else {})})
            elif note:
                found.left_over.append(note)
        found.facets.setdefault("materials", {}).setdefault("list", []).extend(things)
        return
    text = [" | ".join(dict.fromkeys(value for value in row if value)) for row in rows]
    (lines.setdefault(facet, []) if facet else found.left_over).extend(text)
