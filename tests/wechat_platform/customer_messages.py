"""The kinds of customer-service message and the rules of each, as custom/send checks them."""

from __future__ import annotations

from typing import Any

from .errors import ApiRefused
from .replies import LONGEST_TEXT, describe_news

KINDS = frozenset({
    "text", "image", "voice", "video", "music", "news", "mpnews", "mpnewsarticle", "msgmenu", "wxcard", "miniprogrampage",
})  # fmt: skip
Read = tuple[str, str, dict[str, Any], list[str]]


def read_message(shape: dict[str, Any], known_media: frozenset[str]) -> Read:
    """Give the kind, how it reads on the phone, the content, and remarks on what the platform accepts but won't do well.

    Raises:
        ApiRefused: a rule is broken; the code says which.
    """
    kind = shape.get("msgtype")
    if kind not in KINDS:
        raise ApiRefused(40008)
    content = shape.get(kind)
    if not isinstance(content, dict):
        raise ApiRefused(44004 if kind == "text" else 47001)
    remarks: list[str] = []
    if kind == "text":
        text = _text(content)
    elif kind == "news":
        text = _news(content)
    elif kind == "msgmenu":
        text = _menu(content, remarks)
    elif kind in ("image", "voice", "video"):
        if content.get("media_id") not in known_media:
            raise ApiRefused(40007)
        text = {"image": "[图片]", "voice": "[语音]", "video": "[视频]"}[kind]
    else:
        text = f"[{kind}] {content.get('title', '')}".rstrip()
    return kind, text, content, remarks


def _text(content: dict[str, Any]) -> str:
    text = content.get("content")
    if not isinstance(text, str) or not text.strip():
        raise ApiRefused(44004)
    _limit(text)
    return text


def _news(content: dict[str, Any]) -> str:
    articles = content.get("articles")
    if not isinstance(articles, list) or not articles or not all(isinstance(one, dict) for one in articles):
        raise ApiRefused(47001)
    if len(articles) > 1:
        raise ApiRefused(45008)
    return describe_news(articles)


def _menu(content: dict[str, Any], remarks: list[str]) -> str:
    items = content.get("list")
    if not isinstance(items, list) or not items or not all(isinstance(one, dict) and one.get("content") for one in items):
        raise ApiRefused(47001)
    # Other ids are accepted, but a tap on them comes back with the id 0.
    odd = [one.get("id") for one in items if not (isinstance(one.get("id"), str) and one["id"].isdecimal())]
    remarks.extend(f"msgmenu 的 id 不是数字字符串：{each!r}" for each in odd)
    parts = [content.get("head_content"), *(one["content"] for one in items), content.get("tail_content")]
    text = "\n".join(str(part) for part in parts if part)
    _limit(text)
    return text


def _limit(text: str) -> None:
    if len(text.encode()) > LONGEST_TEXT:
        raise ApiRefused(45002)
