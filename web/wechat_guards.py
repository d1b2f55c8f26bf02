"""What guards the WeChat webhook: the body's size and time, the timestamp's window, forgeries in plain mode, and order."""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Hashable
from contextlib import asynccontextmanager

from aiohttp import web

from channels.wechat import PushRefused, Query
from qinwen.patience import at_most
from web.wechat_metrics import CLOCK_SKEW

MAX_BODY = 64 * 1024
MAX_QUERY = 2048
BODY_SECONDS = 2.0
_REMEMBERED = 10_000


class BodyRefused(Exception):
    """The request is too large (413, 414), too slow (408) or broke off (400); `reason` is the code for the log."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status, self.reason = status, reason


async def read_body(request: web.Request, seconds: float = BODY_SECONDS) -> bytes:
    """Read the body, and stop as soon as it is too large or too slow, whatever its header says.

    Raises:
        BodyRefused: it is.
    """
    if (request.content_length or 0) > MAX_BODY:
        raise BodyRefused(413, "body_length")
    try:
        return await at_most(seconds, _read(request))
    except asyncio.TimeoutError as error:
        raise BodyRefused(408, "body_time") from error
    except (ConnectionError, web.RequestPayloadError, ValueError) as error:
        raise BodyRefused(400, "body_broken") from error


async def _read(request: web.Request) -> bytes:
    body = bytearray()
    async for chunk in request.content.iter_any():
        body += chunk
        if len(body) > MAX_BODY:
            raise BodyRefused(413, "body_length")
    return bytes(body)


class TimeWindow:
    """Refuses what was signed too long ago, or in the future.

    Args:
        seconds: how far a timestamp may be from our clock; 0 when it is not looked at.
        clock: our own time, seconds since 1970.
    """

    def __init__(self, seconds: float, clock: Callable[[], float]) -> None:
        self._seconds, self._clock = seconds, clock

    def check(self, query: Query) -> None:
        """Check the timestamp of a request whose signature is right.

        Raises:
            PushRefused: it is out of the window; or our own clock is wrong, which the gauge shows.
        """
        skew = self._clock() - int(query.timestamp)
        CLOCK_SKEW.set(skew)
        if self._seconds and abs(skew) > self._seconds:
            raise PushRefused("timestamp")


class ForgeryGuard:
    """In plain mode a signature does not cover the body: whoever saw one address could send any body with it.

    Remembers the body that came first with a signature; another body with the same one is forged. A retry of the platform
    carries the same body.
    """

    def __init__(self) -> None:
        self._seen: OrderedDict[tuple[str, str], bytes] = OrderedDict()

    def check(self, query: Query, body: bytes) -> None:
        """Check a body against the first that came with this timestamp and nonce.

        Raises:
            PushRefused: it is another one.
        """
        key, digest = (query.timestamp, query.nonce), hashlib.sha256(body).digest()
        first = self._seen.setdefault(key, digest)
        while len(self._seen) > _REMEMBERED:
            self._seen.popitem(last=False)
        if first != digest:
            raise PushRefused("forged")


class Orders:
    """Lets the messages of one citizen through one after another, in the order they came."""

    def __init__(self) -> None:
        self._locks: dict[str, tuple[asyncio.Lock, int]] = {}

    @asynccontextmanager
    async def hold(self, citizen: str) -> AsyncIterator[None]:
        """Wait for those who came before."""
        lock, waiting = self._locks.get(citizen, (asyncio.Lock(), 0))
        self._locks[citizen] = lock, waiting + 1
        try:
            async with lock:
                yield
        finally:
            lock, waiting = self._locks[citizen]
            if waiting == 1:
                del self._locks[citizen]
            else:
                self._locks[citizen] = lock, waiting - 1


class Recent:
    """The last keys that were added, at most so many."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._keys: OrderedDict[Hashable, None] = OrderedDict()

    def add(self, key: Hashable) -> None:
        """Remember a key."""
        self._keys[key] = None
        self._keys.move_to_end(key)
        if len(self._keys) > self._most:
            self._keys.popitem(last=False)

    def __contains__(self, key: Hashable) -> bool:
        return key in self._keys
