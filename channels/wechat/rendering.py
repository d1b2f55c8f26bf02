"""Turns a response into the platform's messages: plain texts with numbered choices, or menu messages where the account may.

A part is `{"kind": "text", "text"}`, `{"kind": "menu", "text", "head", "items": [{"id", "content"}]}`,
`{"kind": "image", "text", "media_id"}`, `{"kind": "news", "text", "title", "description", "url", "picture"}` or
`{"kind": "transfer", "text"}`; `text` is always what a citizen reads, so every part can also be sent as a text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from channels.wechat.splitting import MAX_BYTES, size, split_text
from channels.wechat.xml import clean
from conversations import Merged, Part, Response
from qinwen.replies import Choice, Reply

MAX_PARTS = 3
_MAX_MENU_HEAD = 900
_MAX_MENU_ITEMS = 10
_REST = "\n（后面还有，这里放不下了。可以只问其中一点，比如“要带什么材料”“多少钱”。）"
_ASK = "回复数字就行，比如 1。"
_MENU_HEAD = "请点一项，也可以回复数字："
_NO_WORDS = "实在抱歉，这句话我没答上来。请换个说法再发一次，或者打 12345 问。"
_ANCHOR = re.compile(r"<(?=\s*/?\s*a\b)", re.IGNORECASE)
_PART_TITLE = re.compile(r"\n+(?=【[^】\n]{1,30}】(?:\n|$))")


def make_parts(response: Response, *, menus: bool = False) -> tuple[Part, ...]:
    """Turn a response into at most three messages; never none, none empty.

    Args:
        response: what a responder made.
        menus: whether choices may be menu messages.
    """
    blocks: list[str] = []
    parts: list[Part] = []
    number = 1
    for reply in response.replies:
        text = _words(reply)
        if reply.choices and menus and len(reply.choices) <= _MAX_MENU_ITEMS:
            blocks, parts, menu = _make_menu(blocks, parts, text, reply.choices, number)
            parts.append(menu)
        else:
            blocks.append("\n".join(line for line in (text, _numbered(reply.choices, number)) if line))
        number += len(reply.choices)
    parts += _pack(blocks)
    return _at_most(parts) or (_text(_NO_WORDS),)


def merge(parts: Sequence[Part]) -> Merged:
    """Put as many of the first parts together as fit into one message; what is not text stays alone."""
    if parts[0]["kind"] not in ("text", "menu"):
        return Merged(parts[0], 1)
    words, count = str(parts[0]["text"]), 1
    for part in parts[1:]:
        longer = f"{words}\n\n{part['text']}"
        if part["kind"] not in ("text", "menu") or size(longer) > MAX_BYTES:
            break
        words, count = longer, count + 1
    return Merged(parts[0] if count == 1 else _text(words), count)


def _words(reply: Reply) -> str:
    # A reply is plain text; on this platform an anchor in it would become a link of somebody's making.
    text = _ANCHOR.sub("＜", clean(reply.text)).strip()
    if reply.type == "card":
        text = _PART_TITLE.sub("\n\n", text)
    sources = "\n".join(f"来源：{clean(source.title)}" for source in reply.sources if source.title.strip())
    return f"{text}\n\n{sources}".strip() if sources else text


def _numbered(choices: Sequence[Choice], first: int) -> str:
    if not choices:
        return ""
    return "\n".join([*(f"{number}. {_title(choice)}" for number, choice in enumerate(choices, first)), _ASK])


def _title(choice: Choice) -> str:
    return _ANCHOR.sub("＜", " ".join(clean(choice.title).split()))


def _make_menu(
    blocks: list[str], parts: list[Part], text: str, choices: Sequence[Choice], first: int
) -> tuple[list[str], list[Part], Part]:
    printed = _numbered(choices, first)
    if size(text) > _MAX_MENU_HEAD or not text:
        blocks, text = [*blocks, *([text] if text else [])], _MENU_HEAD
    # The platform gives back ids of digits only; what they mean is looked up in the ledger, never taken from the click.
    items = [{"id": str(number), "content": _title(choice)} for number, choice in enumerate(choices, first)]
    menu: dict[str, Any] = {"kind": "menu", "text": f"{text}\n{printed}", "head": text, "items": items}
    return [], [*parts, *_pack(blocks)], menu


def _pack(blocks: Sequence[str]) -> list[Part]:
    """Put neighbouring texts into one message where they fit, and split what is too long."""
    packed: list[str] = []
    for block in blocks:
        for piece in split_text(block):
            if packed and size(f"{packed[-1]}\n\n{piece}") <= MAX_BYTES:
                packed[-1] = f"{packed[-1]}\n\n{piece}"
            else:
                packed.append(piece)
    return [_text(words) for words in packed]


def _at_most(parts: Sequence[Part]) -> tuple[Part, ...]:
    """Keep the first messages, and say so in the last one kept where some are left out."""
    if len(parts) <= MAX_PARTS:
        return tuple(parts)
    kept, last = list(parts[: MAX_PARTS - 1]), parts[MAX_PARTS - 1]
    room = split_text(str(last["text"]), MAX_BYTES - size(_REST))
    return (*kept, _text(room[0] + _REST))


def _text(words: str) -> Part:
    return {"kind": "text", "text": words}
