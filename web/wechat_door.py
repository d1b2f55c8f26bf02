"""The door of the WeChat webhook: lets in what is proven to be the platform's and for our account, seals what goes out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web

from channels.wechat import Envelope, Opened, Push, PushRefused, Query, passive_reply, read_push, read_query
from conversations import Part
from qinwen.settings import Settings
from web.wechat_guards import MAX_QUERY, BodyRefused, ForgeryGuard, TimeWindow, read_body

_MAX_ECHO = 128


@dataclass(frozen=True)
class Letter:
    """A push that was let in, with what its answer needs."""

    push: Push
    query: Query
    opened: Opened


class Door:
    """Reads the platform's requests.

    Args:
        settings: the account and its mode.
        clock: our own time, seconds since 1970.
    """

    def __init__(self, settings: Settings, clock: Callable[[], float]) -> None:
        keys = (settings.wechat_aes_key, settings.wechat_previous_aes_key)
        self._envelope = Envelope(settings.wechat_mode, settings.wechat_token, settings.wechat_app_id, keys)
        self._account = settings.wechat_original_id
        self._clock = clock
        self._window = TimeWindow(settings.wechat_window, clock)
        self._forgeries = ForgeryGuard()

    def check_address(self, request: web.Request) -> str:
        """Give what to echo to a signed check of our address; in every mode it comes in the clear.

        Raises:
            PushRefused: it is not the platform's.
            BodyRefused: its query is too long.
        """
        query = self._read_query(request)
        self._envelope.check_signature(query)
        self._window.check(query)
        if not 0 < len(query.echostr) <= _MAX_ECHO:
            raise PushRefused("query")
        return query.echostr

    async def let_in(self, request: web.Request) -> Letter:
        """Read, prove and open a push.

        Raises:
            PushRefused: it is not proven to be the platform's, or not for our account.
            PushIgnored: it is, but can't be read.
            BodyRefused: it is too large or too slow.
        """
        query = self._read_query(request)
        self._envelope.check_kind(query)
        if not self._envelope.encrypted:
            self._window.check(query)
        body = await read_body(request)
        opened = self._envelope.open(query, body)
        if self._envelope.encrypted:
            # Only now is the timestamp proven.
            self._window.check(query)
        else:
            self._forgeries.check(query, body)
        push = read_push(opened.root)
        if push.head.account != self._account:
            raise PushRefused("account")
        if query.openid and query.openid != push.head.openid:
            raise PushRefused("openid")
        return Letter(push, query, opened)

    def seal(self, letter: Letter, part: Part) -> str:
        """Write a part as the reply to a push, in the push's own form."""
        now = int(self._clock())
        return self._envelope.seal(passive_reply(part, letter.push.head, now), letter.opened, now, letter.query.nonce)

    def _read_query(self, request: web.Request) -> Query:
        if len(request.query_string) > MAX_QUERY:
            raise BodyRefused(414, "query_length")
        return read_query(request.query.items())
