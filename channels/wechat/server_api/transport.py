"""One HTTP request to WeChat and its answer; the only place of this package that touches the network.

The token and the secret travel in addresses and bodies, and aiohttp's errors print whole addresses. So no error of aiohttp
leaves this module, not even as the cause of one of ours.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import aiohttp

CONNECT_SECONDS = 2.0
ANSWER_SECONDS = 5.0


@dataclass(frozen=True)
class Request:
    """What to ask. `largest` is how many bytes of the answer are read at most."""

    method: str
    path: str
    params: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | None = field(default=None, repr=False)
    largest: int = 1 << 20


@dataclass(frozen=True)
class Answer:
    """What came back; `complete` is false when there was more than the request allowed."""

    status: int
    content_type: str
    body: bytes = field(repr=False)
    complete: bool = True


class NotConnected(Exception):
    """No connection: nothing was sent."""


class NoAnswer(Exception):
    """The request was sent, wholly or in part, and no answer came."""


class Transport(Protocol):
    """Whoever can carry a request to WeChat."""

    async def send(self, request: Request) -> Answer:
        """Carry one request.

        Raises:
            NotConnected: nothing was sent.
            NoAnswer: it may have arrived.
        """

    async def close(self) -> None:
        """Give the connections back."""


class HttpTransport:
    """Carries requests with aiohttp, each on a connection of its own.

    A kept connection that the other side has just closed can't be told from one that broke after the message arrived, and
    a message that may have arrived is never sent again. A new connection costs some milliseconds and leaves no doubt.

    Args:
        url: where the server API is, such as https://api.weixin.qq.com.
        seconds: how long one request may take, connecting included.
    """

    def __init__(self, url: str, seconds: float = ANSWER_SECONDS) -> None:
        self._url = url.rstrip("/")
        self._timeout = aiohttp.ClientTimeout(total=seconds, connect=min(CONNECT_SECONDS, seconds / 2))
        self._session: aiohttp.ClientSession | None = None

    async def send(self, request: Request) -> Answer:
        """Carry one request.

        Raises:
            NotConnected: nothing was sent.
            NoAnswer: it may have arrived.
        """
        failure: NotConnected | NoAnswer
        try:
            return await self._send(request)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL) as error:
            failure = NotConnected(type(error).__name__)
        except (aiohttp.ClientError, asyncio.TimeoutError, OSError, ValueError) as error:
            failure = NoAnswer(type(error).__name__)
        # Raised out here and from nothing: aiohttp's error may show the address.
        raise failure from None

    async def close(self) -> None:
        """Give the connections back."""
        if self._session is not None:
            await self._session.close()

    async def _send(self, request: Request) -> Answer:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(force_close=True),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=self._timeout,
            )
        headers = {"Content-Type": "application/json; charset=utf-8"} if request.body is not None else None
        async with self._session.request(
            request.method,
            f"{self._url}{request.path}",
            params=dict(request.params),
            data=request.body,
            headers=headers,
            # A redirect would carry the token to who knows where.
            allow_redirects=False,
        ) as response:
            body = b""
            while len(body) <= request.largest:
                chunk = await response.content.read(request.largest + 1 - len(body))
                if not chunk:
                    break
                body += chunk
            complete = len(body) <= request.largest
            return Answer(response.status, response.content_type, body[: request.largest], complete)
