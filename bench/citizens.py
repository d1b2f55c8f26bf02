"""Citizens who ask over the HTTP API, with the time that each turn took."""

from __future__ import annotations

import itertools
import time
from dataclasses import dataclass, field

import aiohttp


class ApiFailed(Exception):
    """The stack answered something that makes measuring pointless; the message says what to do."""


@dataclass
class Tally:
    """The turns of a phase: how long each took, in seconds, and how many failed."""

    seconds: list[float] = field(default_factory=list)
    failed: int = 0


class Citizen:
    """One citizen in one conversation."""

    _numbers = itertools.count()

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session, self._url = session, url
        self._headers: dict[str, str] = {}

    async def arrive(self) -> Citizen:
        """Open the conversation.

        Raises:
            ApiFailed: it can't be opened.
        """
        async with self._session.post(f"{self._url}/api/chat/sessions") as answer:
            if answer.status == 429:
                raise ApiFailed("被限流了:请以 QINWEN_RATE_LIMITS=off 启动要测的这一套。")
            answer.raise_for_status()
            self._headers = {"Authorization": f"Bearer {(await answer.json())['token']}"}
        return self

    async def ask(self, text: str, tally: Tally | None = None) -> float:
        """Ask, and give the seconds until the whole answer was there.

        Raises:
            ApiFailed: rate limits are on.
        """
        body = {"text": text, "message_id": f"bench-{time.time_ns()}-{next(self._numbers)}"}
        started = time.perf_counter()
        async with self._session.post(f"{self._url}/api/chat/messages", json=body, headers=self._headers) as answer:
            shape = await answer.json()
            seconds = time.perf_counter() - started
            if answer.status == 429:
                raise ApiFailed("被限流了:请以 QINWEN_RATE_LIMITS=off 启动要测的这一套。")
            good = answer.status == 200 and shape.get("outcome") != "error"
        if tally is not None:
            tally.seconds.append(seconds)
            tally.failed += not good
        return seconds


class EngineCaller:
    """Calls the engine as the hub does, past the hub and its ledger."""

    def __init__(self, session: aiohttp.ClientSession, url: str, secret: str) -> None:
        self._session, self._url = session, f"{url}/webhooks/gateway/turn"
        self._headers = {"Authorization": f"Bearer {secret}"}

    async def ask(self, conversation: str, text: str) -> float:
        """Ask, and give the seconds it took."""
        body = {"conversation": conversation, "text": text, "message_id": f"e{time.time_ns()}", "metadata": {"region": None}}
        started = time.perf_counter()
        async with self._session.post(self._url, json=body, headers=self._headers) as answer:
            answer.raise_for_status()
            await answer.read()
            return time.perf_counter() - started
