"""The door for files that people upload: what is not what it says, too big, or carries anything that runs, stays outside.

A workbook or a Word file is a ZIP of XML. Before any library opens it, each part is unpacked once, counted, and looked
through: no bombs, no encryption, no macros or embedded objects, no document types or entities, nothing fetched from outside.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from typing import Literal

from knowledge_base.errors import FileRefused

LARGEST_FILE = 20 * 1024 * 1024
_MOST_PARTS = 2000
_LARGEST_UNPACKED = 200 * 1024 * 1024
_LARGEST_RATIO = 400
_RATIO_COUNTS_FROM = 4 * 1024 * 1024
_PIECE = 64 * 1024
_OVERLAP = 512
_RUNS = re.compile(
    r"vbaProject|vbaData|macrosheets|/embeddings/|activeX|/ctrlProps/|oleObject|/connections\.xml|queryTable", re.IGNORECASE
)
_OUTSIDE = re.compile(rb'TargetMode\s*=\s*["\']External', re.IGNORECASE)
_LINK = re.compile(rb'relationships/hyperlink["\']', re.IGNORECASE)
_DTD = re.compile(rb"<!\s*(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_ENCODING = re.compile(rb"^\xef?\xbb?\xbf?\s*<\?xml[^>]*encoding\s*=\s*[\"']([^\"']+)", re.IGNORECASE)
Packed = Literal["xlsx", "docx"]


def open_packed(data: bytes, wanted: Packed) -> zipfile.ZipFile:
    """Look an uploaded workbook or Word file through; gives it open.

    Args:
        data: the file's bytes.
        wanted: what it must be.

    Raises:
        FileRefused: it is something else, too big, damaged or dangerous; the message says what.
    """
    if data[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        raise FileRefused(
            "这是旧格式的文件（.xls、.doc），或者加了密码。请在 Excel 或 Word 里另存为 .xlsx 或 .docx，去掉密码。"
        )
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError, OSError) as error:
        raise FileRefused("文件打不开：不是正常的 Excel 或 Word 文件，或者没有传完整。") from error
    parts = archive.infolist()
    names = [part.filename for part in parts]
    main = {"xlsx": "xl/workbook.xml", "docx": "word/document.xml"}[wanted]
    if main not in names or "[Content_Types].xml" not in names:
        raise FileRefused(f"这不是 .{wanted} 文件。")
    if len(parts) > _MOST_PARTS or len(set(names)) != len(names):
        raise FileRefused("文件的内部结构不正常，不能导入。")
    total = 0
    for part in parts:
        if part.flag_bits & 1:
            raise FileRefused("文件加了密码，请先去掉密码。")
        if _RUNS.search("/" + part.filename):
            raise FileRefused("文件里有宏、控件、嵌入的对象或外部数据连接，不能导入。请只留表格和文字，另存一份。")
        if "externalLinks/" in part.filename:
            raise FileRefused("文件引用了别的工作簿。请把引用改成值，再导入。")
        total += _look_through(archive, part, total)
    return archive


def _look_through(archive: zipfile.ZipFile, part: zipfile.ZipInfo, before: int) -> int:
    """Unpack a part piece by piece, refusing it as soon as it is too big or holds what it must not; gives its size."""
    size, tail = 0, b""
    is_xml = part.filename.lower().endswith((".xml", ".rels", ".vml"))
    try:
        with archive.open(part) as stream:
            while piece := stream.read(_PIECE):
                size += len(piece)
                packed = max(part.compress_size, 1)
                if before + size > _LARGEST_UNPACKED or (size > _RATIO_COUNTS_FROM and size / packed > _LARGEST_RATIO):
                    raise FileRefused("文件解开以后大得不正常，不能导入。")
                if is_xml:
                    if not tail:
                        _require_utf8(piece)
                    _refuse_markup(tail + piece, part.filename)
                    tail = piece[-_OVERLAP:]
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, RuntimeError) as error:
        raise FileRefused("文件坏了，解不开。请重新保存一份再传。") from error
    return size


def _require_utf8(start: bytes) -> None:
    declared = _ENCODING.match(start)
    if b"\0" in start[:200] or (declared and declared[1].lower() not in {b"utf-8", b"us-ascii", b"ascii"}):
        raise FileRefused("文件内部的编码不正常，不能导入。")


def _refuse_markup(piece: bytes, name: str) -> None:
    if _DTD.search(piece):
        raise FileRefused("文件里有不许用的 XML 声明（DTD），不能导入。")
    if name.endswith(".rels"):
        for relation in re.findall(rb"<[^<>]*Relationship\b[^<>]*>", piece):
            if _OUTSIDE.search(relation) and not _LINK.search(relation):
                raise FileRefused("文件引用了外面的内容（模板、图片或数据），不能导入。请去掉引用，另存一份。")
