"""What a citizen's text must be before it is taken: the same on every channel."""

from __future__ import annotations

import unicodedata

from conversations.errors import MessageRefused
from language import neutralise_command

MAX_CHARACTERS = 500
MAX_MESSAGE_ID = 64
_BINARY_SHARE = 0.2


def accept_text(value: object) -> str:
    """Check a citizen's text and make it harmless for the engine (a leading "/" would be a command, `wechat.md` §4.6).

    Raises:
        MessageRefused: it is not text, empty, longer than 500 characters, or binary data.
    """
    if not isinstance(value, str):
        raise MessageRefused("我只看得懂文字，请把问题打成字发给我。")
    if len(value) > MAX_CHARACTERS * 8 or len(value.strip()) > MAX_CHARACTERS:
        raise MessageRefused(f"这段话超过 {MAX_CHARACTERS} 个字了。请挑最要紧的一件事，用一两句话问我。")
    controls = sum(unicodedata.category(c) in {"Cc", "Cs", "Cn", "Co"} and c not in "\n\r\t" for c in value)
    if controls > max(1, len(value) * _BINARY_SHARE):
        raise MessageRefused("收到的内容不是文字，我看不懂。请把问题打成字发给我。")
    # PostgreSQL stores no NUL, and nothing stores half a surrogate pair.
    storable = "".join(c for c in value if unicodedata.category(c) not in {"Cc", "Cs"} or c in "\n\r\t")
    text = neutralise_command(storable).strip()
    if not text:
        raise MessageRefused("您好像还没写字。想问什么，直接打出来就行，比如：身份证丢了怎么办。")
    return text


def accept_message_id(value: object) -> str:
    """Check a message id: 1 to 64 printable ASCII characters.

    Raises:
        MessageRefused: it is something else.
    """
    if not isinstance(value, str) or not 1 <= len(value) <= MAX_MESSAGE_ID or not value.isascii():
        raise MessageRefused(f"message_id 应当是 1 到 {MAX_MESSAGE_ID} 个 ASCII 字符。")
    if not value.isprintable() or value != value.strip():
        raise MessageRefused("message_id 里有不能用的字符。")
    return value
