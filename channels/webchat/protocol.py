"""Reading and writing the citizen API (design §5). No server, no database: `web/` and the hub have those."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from conversations import MessageRefused, SessionUnknown, accept_message_id, accept_text

CHANNEL = "webchat"


@dataclass(frozen=True)
class Sent:
    """What a citizen sent: `{"text": "身份证丢了咋办", "message_id": "5f0c…"}`."""

    text: str
    message_id: str


def read_sent(body: bytes) -> Sent:
    """Parse the body of `POST /api/chat/messages`.

    Raises:
        MessageRefused: it is not JSON of that shape, or the text can't be taken.
    """
    try:
        shape: Any = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise MessageRefused("请求不是正确的 JSON。") from error
    if not isinstance(shape, Mapping):
        raise MessageRefused("请求应当是一个 JSON 对象，含 text 和 message_id。")
    return Sent(text=accept_text(shape.get("text")), message_id=accept_message_id(shape.get("message_id")))


def new_token() -> str:
    """Make the bearer token of a new session."""
    return secrets.token_urlsafe(32)


def hash_token(token: str) -> str:
    """Give the stored form of a bearer token, the citizen's address on this channel; the token itself is never stored."""
    return hashlib.sha256(token.encode()).hexdigest()


def bearer_token(header: str | None) -> str:
    """Take the token out of an Authorization header.

    Raises:
        SessionUnknown: there is none.
    """
    kind, _, token = (header or "").partition(" ")
    if kind.lower() != "bearer" or not token.strip() or not token.isascii():
        raise SessionUnknown("请先打开会话：缺少 Authorization: Bearer 令牌。")
    return token.strip()


def event_stream_chunk(message: Mapping[str, Any]) -> bytes:
    """Give one server-sent event for a message; its id lets a reconnecting page go on from there."""
    data = json.dumps(message, ensure_ascii=False, separators=(",", ":"))
    return f"id: {message['id']}\nevent: message\ndata: {data}\n\n".encode()


def sign_chunk(name: str, about: Mapping[str, Any]) -> bytes:
    """Give a server-sent event of something that passes (typing, a place in the queue): it has no id, and is not kept."""
    data = json.dumps(about, ensure_ascii=False, separators=(",", ":"))
    return f"event: {name}\ndata: {data}\n\n".encode()
