"""Calls to the server API: limits, circuits, the token with one replay, reading the answer. Every feature goes through here.

A call ends well, or with `CallFailed` that says what to do. Whatever WeChat or the network does, nothing else comes out.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, TypeAlias, TypeVar

from channels.wechat.server_api.answers import failed, read_bytes, read_object
from channels.wechat.server_api.apis import Api, read_apis
from channels.wechat.server_api.call_limits import CallLimits
from channels.wechat.server_api.circuits import ACCOUNT, Circuits
from channels.wechat.server_api.error_codes import error_table
from channels.wechat.server_api.errors import CallFailed
from channels.wechat.server_api.token_store import TokenStore
from channels.wechat.server_api.tokens import FetchedToken, TokenKeeper
from channels.wechat.server_api.transport import Answer, NoAnswer, NotConnected, Request, Transport
from qinwen.clock import now
from qinwen.log import logger

log = logger(__name__)
T = TypeVar("T")
Read: TypeAlias = Callable[[str, Api, Answer], T]
# No request begins later than this after its call did: so a call is over before whoever gave it out thinks it lost.
_LAST_START = 8.0
_SHORTEST_LIFE, _LONGEST_LIFE = 1, 7200
_LONGEST_TOKEN = 1024
_BACK_OFF = 0.5
_CONTROL = re.compile(r"(?<!\\)((?:\\\\)*)\\u00[01][0-9a-f]")


class ServerApi:
    """WeChat's server API for one account.

    Args:
        transport: carries the requests.
        tokens: where the token lives.
        app_id: the account's AppID.
        app_secret: its secret.
        limits: how often we may call.
        clock: the time.
        sleep: how to wait between tries.
    """

    def __init__(
        self,
        transport: Transport,
        tokens: TokenStore,
        app_id: str,
        app_secret: str,
        *,
        limits: CallLimits | None = None,
        clock: Callable[[], datetime] = now,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._transport = transport
        self._identity = {"appid": app_id, "secret": app_secret}
        self._limits = limits or CallLimits()
        self._sleep = sleep
        self._tokens = TokenKeeper(tokens, self._fetch_token, clock)
        self.circuits = Circuits(clock)

    async def call(
        self,
        name: str,
        body: Mapping[str, Any] | None = None,
        params: Mapping[str, str] | None = None,
        *,
        variant: str = "",
        tries: int = 1,
    ) -> Mapping[str, Any]:
        """Call one API with the access token.

        Args:
            name: its name in `apis.yml`.
            body: sent as JSON.
            params: for the address, besides the token.
            variant: the kind of message, where only that may be refused (a menu message).
            tries: how often to try while nothing was sent.

        Raises:
            CallFailed: it did not work; the failure says what to do.
        """
        api = read_apis().apis[name]
        request = Request(api.method, api.path, params or {}, None if body is None else encode(body))
        return await self._try(name, variant, tries, lambda: self._with_token(name, request, read_object))

    async def download(self, name: str, params: Mapping[str, str], largest: int) -> Answer:
        """Fetch bytes; no more than `largest` are read, and then the answer is not complete.

        Raises:
            CallFailed: it did not work; the failure says what to do.
        """
        api = read_apis().apis[name]
        request = Request(api.method, api.path, params, largest=largest)
        return await self._try(name, "", 3, lambda: self._with_token(name, request, read_bytes))

    async def call_with_secret(self, name: str, params: Mapping[str, str]) -> Mapping[str, Any]:
        """Call an API that takes the account's id and secret instead of the token.

        Raises:
            CallFailed: it did not work; the failure says what to do.
        """
        api = read_apis().apis[name]
        request = Request(api.method, api.path, {**self._identity, **params})
        return await self._try(name, "", 1, lambda: self._ask(name, request, read_object))

    async def get_token(self) -> None:
        """Make sure that there is a token; for `qinwen wechat check`.

        Raises:
            CallFailed: none can be had; the failure says why.
        """
        await self._try("stable_token", "", 2, self._tokens.token)

    async def close(self) -> None:
        """Give the connections back."""
        await self._transport.close()

    async def _try(self, name: str, variant: str, tries: int, work: Callable[[], Awaitable[T]]) -> T:
        circuits = {"account": ACCOUNT, "api": name, "variant": f"{name}:{variant}" if variant else name}
        while True:
            self.circuits.check(circuits.values())
            try:
                result = await work()
            except CallFailed as failure:
                tries -= 1
                if failure.fault.pause:
                    self.circuits.open(circuits[failure.fault.scope], failure)
                if failure.fault.action != "retry" or not tries:
                    raise
                await self._sleep(failure.delay + random.uniform(0, _BACK_OFF))  # noqa: S311  (spreads load)
            else:
                self.circuits.close(circuits.values())
                return result

    async def _with_token(self, name: str, request: Request, read: Read[T]) -> T:
        began = time.monotonic()
        token = await self._tokens.token()
        for last in (False, True):
            if time.monotonic() - began > _LAST_START:
                raise failed("token_busy")
            asked = replace(request, params={"access_token": token.value, **request.params})
            try:
                return await self._ask(name, asked, read)
            except CallFailed as failure:
                if failure.fault.action != "refresh" or last:
                    raise
            token = await self._tokens.replace(token)
        raise AssertionError("unreachable")

    async def _ask(self, name: str, request: Request, read: Read[T]) -> T:
        api = read_apis().apis[name]
        self._limits.take(name, api)
        reason = ""
        try:
            answer = await self._transport.send(request)
        except NotConnected as error:
            reason, cause = "not_connected", str(error)
        except NoAnswer as error:
            reason, cause = ("slow_answer" if api.repeatable else "no_answer"), str(error)
        if reason:
            log.warning("wechat_unreachable", api=name, reason=reason, cause=cause)
            raise failed(reason)
        return read(name, api, answer)

    async def _fetch_token(self) -> FetchedToken:
        api = read_apis().apis["stable_token"]
        body = {"grant_type": "client_credential", **self._identity, "force_refresh": False}
        try:
            shape = await self._ask("stable_token", Request(api.method, api.path, body=encode(body)), read_object)
        except CallFailed as failure:
            if failure.fault.action != "refresh":
                raise
        else:
            value, seconds = shape.get("access_token"), shape.get("expires_in")
            if isinstance(value, str) and 0 < len(value) <= _LONGEST_TOKEN and isinstance(seconds, int):
                return FetchedToken(value, timedelta(seconds=min(max(seconds, _SHORTEST_LIFE), _LONGEST_LIFE)))
            log.warning("wechat_token_unreadable")
            raise failed("slow_answer")
        # Where the token itself is asked for, 40001 means that the secret is wrong, and asking again would not help.
        raise CallFailed("40125", error_table().codes[40125])


def encode(body: Mapping[str, Any]) -> bytes:
    r"""Write JSON in raw UTF-8: WeChat shows \u escapes as they are, or refuses them (40033).

    Control characters, which JSON can't hold otherwise, are left out.
    """
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return _CONTROL.sub(r"\1", text).encode("utf-8", errors="replace")
