"""The line to the developer's server: one connection a request, hung up after a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import aiohttp

from .bad_answers import BadAnswer
from .envelopes import Envelope

HEADERS = {"User-Agent": "Mozilla/4.0", "Content-Type": "text/xml", "Accept": "*/*", "Pragma": "no-cache"}


class Line:
    """Sends requests and closes the connection when `seconds` are over, whatever the server is doing."""

    def __init__(self, seconds: float) -> None:
        self._timeout = aiohttp.ClientTimeout(total=seconds)
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Close what is open."""
        if self._session:
            await self._session.close()

    async def get(self, address: str, query: Mapping[str, str]) -> tuple[int, bytes]:
        """Ask for an address; gives the status and the body.

        Raises:
            BadAnswer: `timeout`, `refused` or `broken`.
        """
        async with _named(address), self._client().get(address, params=query, allow_redirects=False) as answer:
            return answer.status, await answer.read()

    async def post(self, address: str, envelope: Envelope) -> tuple[int, bytes]:
        """Post an envelope; gives the status and the body.

        Raises:
            BadAnswer: `timeout`, `refused` or `broken`.
        """
        given = {"params": envelope.query, "data": envelope.body, "headers": HEADERS}
        async with _named(address), self._client().post(address, allow_redirects=False, **given) as answer:
            return answer.status, await answer.read()

    def _client(self) -> aiohttp.ClientSession:
        if self._session is None:
            # No limit on connections: the platform waits for nobody.
            connector = aiohttp.TCPConnector(limit=0, force_close=True)
            self._session = aiohttp.ClientSession(connector=connector, timeout=self._timeout)
        return self._session


@asynccontextmanager
async def _named(address: str) -> AsyncIterator[None]:
    """Give network errors the reasons of `bad_answers.REASONS`."""
    if not address:
        raise BadAnswer("refused", "没有配置服务器地址")
    try:
        yield
    except asyncio.TimeoutError:
        raise BadAnswer("timeout") from None
    except aiohttp.ClientConnectorError:
        raise BadAnswer("refused") from None
    except (aiohttp.ClientError, OSError) as error:
        raise BadAnswer("broken", type(error).__name__) from None
