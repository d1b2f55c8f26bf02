"""The H5 page opened from WeChat: `/wechat/oauth/start` sends the citizen to WeChat, `/wechat/oauth/callback` takes them
back, and the page's session belongs to the citizen who writes to our account (wechat.md §2.10).

The session's token goes to the page in a cookie that lives a minute and that the page takes and deletes
(`static/chat/arrival.js`): it stands in no address, so nobody shares it with a link.
"""

from __future__ import annotations

import re
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable

from aiohttp import web

from channels.webchat import CHANNEL as WEBCHAT
from channels.webchat import hash_token, new_token
from channels.wechat import CHANNEL, CodeExchange, authorize_url
from conversations import Hub
from qinwen.errors import QinwenError
from qinwen.log import logger
from qinwen.settings import Settings
from web.wechat_metrics import LOGINS

log = logger(__name__)
ARRIVAL = "qinwen_arrival"
ANONYMOUS = "anonymous"
_STATE = "__Secure-qinwen_state"
_STATE_PLAIN = "qinwen_state"
_STATE_SECONDS = 600
_ARRIVAL_SECONDS = 60
_MOST_STATES = 10_000
_CODE = re.compile(r"[0-9A-Za-z_-]{1,256}", re.ASCII)
_WRONG_STATE = "没能打开：这个链接已经用过，或者不是从这里开始的。请回到公众号，重新点一次菜单。"


class Login:
    """Opens the page for whom WeChat says it is.

    Args:
        settings: the account and our public address.
        hub: keeps citizens and their addresses.
        exchange: exchanges the code; without it, or without a public address, the page opens for nobody in particular.
        clock: seconds, for the life of a state.
    """

    def __init__(
        self,
        settings: Settings,
        hub: Hub,
        exchange: CodeExchange | None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._app_id = settings.wechat_app_id
        self._site = settings.public_url.rstrip("/")
        self._secure = self._site.startswith("https://")
        self._hub, self._exchange = hub, exchange
        self._used = UsedStates(clock)

    async def start(self, request: web.Request) -> web.Response:
        """Send the citizen to WeChat: `GET /wechat/oauth/start` → 302."""
        del request
        if self._exchange is None or not self._site or not self._app_id:
            return _open_page(ANONYMOUS, secure=self._secure)
        state = secrets.token_hex(16)
        response = _redirect(authorize_url(self._app_id, f"{self._site}/wechat/oauth/callback", state))
        response.set_cookie(
            self._state_cookie, state, max_age=_STATE_SECONDS, path="/wechat/oauth", secure=self._secure,
            httponly=True, samesite="Lax",
        )  # fmt: skip
        return response

    async def finish(self, request: web.Request) -> web.Response:
        """Take the citizen back: `GET /wechat/oauth/callback?code=…&state=…` → 302 to the page."""
        given, kept = request.query.getall("state", []), request.cookies.get(self._state_cookie, "")
        # Whoever did not start here, in this browser, would be let into somebody else's conversation.
        if len(given) != 1 or not kept or not secrets.compare_digest(given[0].encode(), kept.encode()):
            return self._refuse("state")
        if not self._used.take(kept):
            return self._refuse("state_used")
        response = _open_page(await self._sign_in(request.query.getall("code", [])), secure=self._secure)
        response.del_cookie(self._state_cookie, path="/wechat/oauth", secure=self._secure, httponly=True, samesite="Lax")
        return response

    async def _sign_in(self, codes: list[str]) -> str:
        """Give the token of a session of the citizen, or ANONYMOUS where WeChat does not say who it is."""
        if len(codes) != 1 or not _CODE.fullmatch(codes[0]) or self._exchange is None:
            return _failed("code")
        try:
            found = await self._exchange.exchange_oauth_code(codes[0])
            if found.snapshot:
                # The platform shows the page to somebody it made up; their conversation is nobody's.
                return _failed("snapshot")
            token = new_token()
            citizen = await self._hub.open_citizen(CHANNEL, found.openid)
            await self._hub.alias_citizen(citizen, WEBCHAT, hash_token(token))
        except QinwenError as error:
            return _failed(error.code)
        LOGINS.labels(result="ok").inc()
        return token

    @property
    def _state_cookie(self) -> str:
        return _STATE if self._secure else _STATE_PLAIN

    def _refuse(self, reason: str) -> web.Response:
        _failed(reason)
        response = web.Response(status=403, text=_WRONG_STATE, content_type="text/plain", charset="utf-8")
        response.headers["Cache-Control"] = "no-store"
        return response


class UsedStates:
    """Remembers the states that were used, so that each works once; older ones than their cookie's life are forgotten."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._used: OrderedDict[str, float] = OrderedDict()

    def take(self, state: str) -> bool:
        """Use a state; False when it was used before."""
        moment = self._clock()
        while self._used and (next(iter(self._used.values())) < moment - _STATE_SECONDS or len(self._used) > _MOST_STATES):
            self._used.popitem(last=False)
        if state in self._used:
            return False
        self._used[state] = moment
        return True


def _failed(reason: str) -> str:
    LOGINS.labels(result=reason).inc()
    log.warning("wechat_login_failed", reason=reason)
    return ANONYMOUS


def _open_page(arrival: str, *, secure: bool) -> web.Response:
    response = _redirect("/")
    response.set_cookie(ARRIVAL, arrival, max_age=_ARRIVAL_SECONDS, path="/", secure=secure, samesite="Lax")
    return response


def _redirect(address: str) -> web.Response:
    return web.Response(status=302, headers={"Location": address, "Cache-Control": "no-store"})
