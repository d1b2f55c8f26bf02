"""The ways an answer can be wrong, and the parsing that finds the first of them."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import dataclass

REASONS = {
    "timeout": "5 秒内没有回答",
    "refused": "连不上服务器",
    "broken": "连接中断",
    "http_status": "HTTP 状态不是 200",
    "not_xml": "回答不是 XML",
    "json": "回答是 JSON",
    "wrong_root": "XML 的根元素不是 xml",
    "dtd": "XML 里有 DOCTYPE",
    "repeated_element": "有重复的元素",
    "clear_in_secure": "安全模式下回了明文",
    "sealed_in_plaintext": "明文模式下回了密文",
    "bad_envelope": "密文外壳缺少元素",
    "bad_signature": "MsgSignature 不对",
    "bad_cipher": "密文解不开",
    "wrong_to": "ToUserName 不是这位市民",
    "wrong_from": "FromUserName 不是本账号",
    "bad_time": "CreateTime 不是整数",
    "bad_type": "MsgType 不认识",
    "missing": "缺少必需的元素",
    "empty_text": "文本为空",
    "long_text": "文本超过 2048 字节",
    "bad_count": "图文条数不对",
    "unknown_media": "MediaId 不存在",
    "transfer_to_event": "事件不能转客服",
}
# The platform tries again after these; a malformed answer is final at once.
RETRIED = frozenset({"timeout", "refused", "broken", "http_status"})
# An answer encrypted in plaintext mode vanishes without a banner.
SILENT = frozenset({"sealed_in_plaintext"})


class BadAnswer(Exception):
    """The answer breaks a rule; `reason` is a key of `REASONS`."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{REASONS[reason]}{f'（{detail}）' if detail else ''}")
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True)
class Question:
    """What an answer is judged against: who sent what, and which media exist."""

    openid: str
    is_message: bool
    known_media: frozenset[str]


def parse(body: bytes) -> ET.Element:
    """Parse an answer's XML.

    Raises:
        BadAnswer: it isn't XML, has a DOCTYPE, another root, or an element twice.
    """
    if body.lstrip()[:1] in (b"{", b"["):
        raise BadAnswer("json")
    if b"<!DOCTYPE" in body:
        raise BadAnswer("dtd")
    try:
        root = ET.fromstring(body.decode())
    except (ET.ParseError, ValueError) as error:
        raise BadAnswer("not_xml", type(error).__name__) from None
    if root.tag != "xml":
        raise BadAnswer("wrong_root", root.tag)
    names = [child.tag for child in root]
    if len(set(names)) < len(names):
        raise BadAnswer("repeated_element")
    return root


def require(root: ET.Element, path: str) -> str:
    """Give the text of an element that must be there and must not be empty.

    Raises:
        BadAnswer: it is missing or empty.
    """
    text = root.findtext(path)
    if not text:
        raise BadAnswer("missing", path)
    return text
