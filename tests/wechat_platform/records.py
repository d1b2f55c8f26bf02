"""What the simulator writes down: what a citizen sent, what reached the phone, and what went wrong in between."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

BANNER = "该公众号提供的服务出现故障，请稍后再试"


@dataclass(frozen=True)
class Sent:
    """Something the citizen did: a message, or a tap, a scan, a follow."""

    at: float
    kind: str
    text: str
    id: str


@dataclass(frozen=True)
class Bubble:
    """Something of the account's that stands on the phone.

    `way` is `passive` (the answer to push `to`, given at attempt `attempt`), `customer` (custom/send) or `notice`
    (a template or subscription message). `content` is what the developer's server sent, as it sent it.
    """

    at: float
    kind: str
    text: str
    way: str
    attempt: int | None = None
    to: str | None = None
    content: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Fault:
    """A push that was not answered as it must be. `shown`: the citizen sees the platform's banner."""

    at: float
    reason: str
    detail: str
    to: str
    shown: bool


@dataclass(frozen=True)
class Attempt:
    """One of the requests that carry a push. `result` is `reply`, `nothing`, or the reason of a failure; times in unix seconds."""

    number: int
    gateway: str
    started: float
    ended: float
    result: str
    detail: str = ""


@dataclass(frozen=True)
class Call:
    """A call of the server API, with the code it was answered with (None: not answered)."""

    at: float
    name: str
    openid: str | None
    code: int | None


@dataclass
class Push:
    """A message or an event on its way to the developer's server, with all that came of it."""

    number: int
    openid: str
    fields: dict[str, Any]
    timestamp: str
    nonce: str
    attempts: list[Attempt] = field(default_factory=list)
    reply: Bubble | None = None
    fault: Fault | None = None
    repeats: list[Bubble] = field(default_factory=list)

    @property
    def is_message(self) -> bool:
        """Tell a message from an event."""
        return "MsgId" in self.fields

    @property
    def id(self) -> str:
        """Give the MsgId, or for an event what stands for it."""
        return str(self.fields.get("MsgId") or f"{self.fields.get('Event')}-{self.number}")

    @property
    def answered(self) -> bool:
        """Tell whether the developer's server took it: with a reply, or with nothing to show."""
        return any(attempt.result in ("reply", "nothing") for attempt in self.attempts)


def wall() -> float:
    """Give the time that records carry."""
    return time.time()
