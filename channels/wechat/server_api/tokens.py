"""The access token, with one owner across all processes (wechat.md §2.7).

Whoever wins the lease fetches a token from `stable_token` in its normal mode, which hands out the same token until it is
about to run out; the others wait and read. It is fetched ahead of its end, while the old one still works. A forced refresh,
which would cut off every other user of the account, is never asked for.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from channels.wechat.server_api.answers import failed
from channels.wechat.server_api.errors import CallFailed
from channels.wechat.server_api.token_store import StoredToken, TokenStore
from qinwen.clock import now
from qinwen.log import logger

log = logger(__name__)
_LEASE = timedelta(seconds=12)
_AHEAD = timedelta(minutes=5)
_SHARE_AHEAD = 0.1
_COOL_DOWN = timedelta(seconds=5)
_WAIT = 6.0
_STEP = 0.1


@dataclass(frozen=True)
class FetchedToken:
    """What WeChat hands out: a token, and how long it still lives."""

    value: str = field(repr=False)
    lifetime: timedelta


@dataclass(frozen=True)
class Token:
    """A token to use; `version` tells whether another has come since."""

    version: int
    value: str = field(repr=False)


class TokenKeeper:
    """Gives the token to use.

    Args:
        store: where all processes find it.
        fetch: asks WeChat for one.
        clock: the time.
    """

    def __init__(
        self, store: TokenStore, fetch: Callable[[], Awaitable[FetchedToken]], clock: Callable[[], datetime] = now
    ) -> None:
        self._store = store
        self._fetch = fetch
        self._clock = clock
        self._known: StoredToken | None = None
        self._one = asyncio.Lock()

    async def token(self) -> Token:
        """Give a token that works as far as we know.

        Raises:
            CallFailed: none can be had now.
        """
        known = self._known
        moment = self._clock()
        if known and (moment < known.refresh_at or (self._one.locked() and moment < known.expires_at)):
            return Token(known.version, known.token)
        async with self._one:
            try:
                return await self._newer_than(-1)
            except CallFailed as failure:
                known = self._known
                if known is None or self._clock() >= known.expires_at:
                    raise
                log.warning("wechat_token_not_renewed", reason=failure.reason)
                return Token(known.version, known.token)

    async def replace(self, refused: Token) -> Token:
        """Give another token than one that WeChat refused: one that was fetched since, or a new one.

        Raises:
            CallFailed: none can be had now.
        """
        async with self._one:
            return await self._newer_than(refused.version)

    async def _newer_than(self, version: int) -> Token:
        wait_until = asyncio.get_running_loop().time() + _WAIT
        while True:
            moment = self._clock()
            stored = await self._store.read(moment)
            held = moment < stored.lease_until
            if stored.version > version and moment < stored.expires_at:
                self._known = stored
                if held or moment < stored.refresh_at:
                    return Token(stored.version, stored.token)
            if stored.failure and held:
                raise failed(stored.failure, delay=(stored.lease_until - moment).total_seconds())
            owner = secrets.token_hex(8)
            if await self._store.take_lease(stored.version, owner, moment, moment + _LEASE):
                return await self._renew(stored.version + 1, owner)
            if asyncio.get_running_loop().time() > wait_until:
                raise failed("token_busy")
            await asyncio.sleep(_STEP)

    async def _renew(self, version: int, owner: str) -> Token:
        try:
            fetched = await self._fetch()
        except CallFailed as failure:
            pause = max(_COOL_DOWN, timedelta(seconds=min(failure.fault.pause, 60)))
            await self._store.fail(owner, failure.reason, self._clock() + pause)
            raise
        moment = self._clock()
        ahead = min(_AHEAD, fetched.lifetime * _SHARE_AHEAD)
        ends = moment + fetched.lifetime
        stored = StoredToken(version, fetched.value, ends - ahead, ends, owner, moment, None)
        self._known = stored
        if not await self._store.write(stored):
            log.warning("wechat_token_lease_lost")
        log.info("wechat_token_renewed", version=version, seconds=int(fetched.lifetime.total_seconds()))
        return Token(version, fetched.value)
