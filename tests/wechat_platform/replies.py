"""The kinds of passive reply and the rules of each."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable
from typing import Any

from .bad_answers import BadAnswer, Question, require

LONGEST_TEXT = 2048  # bytes of UTF-8
MOST_ARTICLES = {True: 1, False: 8}  # in answer to a message; in answer to an event
Read = tuple[str, str, dict[str, Any]]


def read_reply(root: ET.Element, question: Question) -> Read:
    """Give the kind, the words and the elements of a clear reply.

    Raises:
        BadAnswer: the kind is unknown or its rules are broken.
    """
    kind = root.findtext("MsgType") or ""
    if kind not in _READERS:
        raise BadAnswer("bad_type", kind)
    return _READERS[kind](root, question)


def _text(root: ET.Element, question: Question) -> Read:
    content = root.findtext("Content") or ""
    if not content.strip():
        raise BadAnswer("empty_text")
    if len(content.encode()) > LONGEST_TEXT:
        raise BadAnswer("long_text", f"{len(content.encode())} 字节")
    return "text", content, {"content": content}


def _media(root: ET.Element, question: Question) -> Read:
    kind = root.findtext("MsgType") or ""
    media_id = _known(root, f"{kind.capitalize()}/MediaId", question)
    title = root.findtext(f"{kind.capitalize()}/Title") or ""
    names = {"image": "图片", "voice": "语音", "video": "视频"}
    return kind, f"[{names[kind]}] {title}".rstrip(), {"media_id": media_id, "title": title}


def _music(root: ET.Element, question: Question) -> Read:
    thumb = _known(root, "Music/ThumbMediaId", question)
    title = root.findtext("Music/Title") or ""
    return "music", f"[音乐] {title}".rstrip(), {"title": title, "thumb_media_id": thumb}


def _news(root: ET.Element, question: Question) -> Read:
    items = root.findall("Articles/item")
    count = require(root, "ArticleCount")
    if count != str(len(items)) or not 1 <= len(items) <= MOST_ARTICLES[question.is_message]:
        raise BadAnswer("bad_count", f"ArticleCount {count}，实有 {len(items)} 条")
    articles = [{child.tag.lower(): child.text or "" for child in item} for item in items]
    if not all(article.get("title") and article.get("url") for article in articles):
        raise BadAnswer("missing", "Title 或 Url")
    return "news", describe_news(articles), {"articles": articles}


def _transfer(root: ET.Element, question: Question) -> Read:
    if not question.is_message:
        raise BadAnswer("transfer_to_event")
    account = root.findtext("TransInfo/KfAccount") or ""
    return "transfer", "[转接人工客服]", {"kf_account": account}


def describe_news(articles: list[dict[str, str]]) -> str:
    """Give how articles read on the phone."""
    lines = [
        f"[图文] {article.get('title', '')}\n{article.get('description', '')}\n{article.get('url', '')}" for article in articles
    ]
    return "\n".join(line.replace("\n\n", "\n") for line in lines)


def _known(root: ET.Element, path: str, question: Question) -> str:
    media_id = require(root, path)
    if media_id not in question.known_media:
        raise BadAnswer("unknown_media", path)
    return media_id


_READERS: dict[str, Callable[[ET.Element, Question], Read]] = {
    "text": _text, "image": _media, "voice": _media, "video": _media, "music": _music, "news": _news,
    "transfer_customer_service": _transfer,
}  # fmt: skip
