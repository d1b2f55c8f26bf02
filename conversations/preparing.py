"""Tells the action server a text while the engine still works on it, so that its sentence vector is there when the action
asks for it (`actions/encoding.py`): encoding takes about half of a turn, and the second core is free meanwhile.

    POST {actions}/prepare        Authorization: Bearer <actions secret>
    {"text": "…"} → 204

The hub says it when a message comes in, before it is written down; the engine's client once more, if the text became another
on the way (a choice that was taken up). It is a favour, not a step of the turn: whatever goes wrong, the action encodes the
text itself.
"""

from __future__ import annotations

import asyncio
from collections import deque

import aiohttp

from qinwen.log import logger

log = logger(__name__)
_TIMEOUT = aiohttp.ClientTimeout(total=2)
_REMEMBERED = 64


class Preparer:
    """Sends texts ahead to the action server."""

    def __init__(self, session: aiohttp.ClientSession, url: str, secret: str) -> None:
        self._session = session
        self._url = f"{url}/prepare"
        self._headers = {"Authorization": f"Bearer {secret}"}
        self._sending: set[asyncio.Task[None]] = set()
        self._sent: deque[str] = deque(maxlen=_REMEMBERED)

    def prepare(self, text: str) -> None:
        """Send a text ahead, in the background, unless it was among the last ones; never raises."""
        if text in self._sent:
            return
        self._sent.append(text)
        task = asyncio.create_task(self._send(text))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    async def _send(self, text: str) -> None:
        try:
            async with self._session.post(self._url, json={"text": text}, headers=self._headers, timeout=_TIMEOUT):
                pass
        except (aiohttp.ClientError, asyncio.TimeoutError, RuntimeError) as error:
            # RuntimeError: the session was closed while the process stops.
            log.debug("text_not_prepared", reason=type(error).__name__)
