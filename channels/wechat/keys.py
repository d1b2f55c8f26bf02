"""The key of a push: what makes a repeated one the same (wechat.md §2.4). Unique together with the citizen, in the ledger.

A message's own id alone is not enough (the platform gave one to two messages), and events have none.
"""

from __future__ import annotations

import hashlib
import time

from channels.wechat.messages import Event, Push, TextMessage

_MAX_KEY = 64


def push_key(push: Push) -> str:
    """Give the key: 1 to 64 printable ASCII characters."""
    head = push.head
    # A missing time must not come from our clock where an id says enough: a retry would get another key.
    created = "-" if head.created is None else str(head.created)
    if isinstance(push, Event):
        # Hashed: the scene of a receipt's QR code is a one-time secret, and keys are kept.
        return _fit(f"e:{created}:{push.event}:{_digest(push.event_key)[:24] if push.event_key else ''}")
    if head.message_id:
        return _fit(f"m:{head.message_id}:{created}")
    if head.created is None:
        created = str(int(time.time()))
    content = push.content if isinstance(push, TextMessage) else repr(push)
    return _fit(f"t:{created}:{_digest(content)[:32]}")


def _fit(key: str) -> str:
    if len(key) <= _MAX_KEY and key.isascii() and key.isprintable() and " " not in key:
        return key
    return f"h:{_digest(key)[: _MAX_KEY - 2]}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
