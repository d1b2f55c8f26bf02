"""Encodes a question while the engine still works on it; the action then finds the vector in the encoder's memory.

The hub says which text is coming (`POST /prepare`, `conversations/preparing.py`); the request that runs the action waits for
the encoding that was started for its text, and does not begin a second one.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from language import Encoder, normalise

# Texts waiting to be encoded, with one thread at 20 ms each: what comes beyond would come too late to be of use.
_MOST = 64


class EncodingAhead:
    """Encodes texts in a thread of its own, one after another.

    Args:
        encoder: one that remembers what it encoded (`language.load_encoder` gives such); None encodes nothing.
    """

    def __init__(self, encoder: Encoder | None) -> None:
        self._encoder = encoder
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="encoding-ahead")
        self._started: dict[str, asyncio.Future[Any]] = {}

    def start(self, text: str) -> None:
        """Begin to encode a citizen's text."""
        plain = normalise(text)
        if self._encoder is None or plain in self._started or len(self._started) >= _MOST:
            return
        encode = partial(self._encoder.encode, [plain], "question")
        future = asyncio.get_running_loop().run_in_executor(self._thread, encode)
        self._started[plain] = future
        future.add_done_callback(partial(self._forget, plain))

    async def settle(self, text: str) -> None:
        """Wait until a text whose encoding was started is encoded; at once if it was not."""
        future = self._started.get(normalise(text))
        if future is not None:
            await asyncio.wait([future])

    def _forget(self, text: str, future: asyncio.Future[Any]) -> None:
        self._started.pop(text, None)
        if not future.cancelled():
            future.exception()  # looked at, so that asyncio doesn't complain: the action will meet it itself
