"""Waiting for something no longer than so long, in every process.

Not `asyncio.wait_for`: before Python 3.12 it loses a cancellation that comes just as the work ends, and a task that loops
over it then runs for ever, so that its process does not stop.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable
from typing import TypeVar

from async_timeout import timeout

T = TypeVar("T")


async def at_most(seconds: float | None, work: Awaitable[T]) -> T:
    """Give what comes of the work; None: wait as long as it takes.

    Raises:
        asyncio.TimeoutError: it took longer; the work was cancelled.
    """
    async with timeout(seconds):
        return await work


def scattered(seconds: float) -> float:
    """Give a time of up to so many seconds, for what many do again and again, so that they do not stay in step."""
    return seconds * random.uniform(0.6, 1.0)  # noqa: S311  (nothing secret)
