"""Web authorisation: codes that a page's address brings back, each good once and for five minutes."""

from __future__ import annotations

import random
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from .clock import Clock
from .errors import ApiRefused

LIFE = 300
ORDER = ["appid", "redirect_uri", "response_type", "scope", "state"]
SCOPES = ("snsapi_base", "snsapi_userinfo")
LONGEST_STATE = 128


class PageRefused(Exception):
    """The authorisation page shows an error instead of leading on."""


@dataclass
class _Code:
    openid: str
    scope: str
    until: float
    used: bool = False


class Consents:
    """Issues codes and takes them back. `domain`: the authorised domain of the console; None allows any."""

    def __init__(self, clock: Clock, seed: int | str) -> None:
        self.domain: str | None = None
        self._clock = clock
        self._random = random.Random(f"{seed}/oauth")
        self._codes: dict[str, _Code] = {}

    def authorize(self, query: str, app_id: str, openid: str) -> str:
        """Give where the browser of a citizen is sent, with a code and the state.

        Arguments:
            query: the query of `/connect/oauth2/authorize`, undecoded: the order of its parameters counts.
        Raises:
            PageRefused: a parameter is wrong, or the domain is not authorised (10003).
        """
        pairs = parse_qsl(query, keep_blank_values=True)
        given = dict(pairs)
        names = [name for name, _ in pairs if name in ORDER]
        if names != [name for name in ORDER if name in given] or not set(ORDER[:-1]) <= set(given):
            raise PageRefused("链接参数错误：参数缺少或次序不对")
        if given["appid"] != app_id:
            raise PageRefused("appid 参数错误")
        if given["response_type"] != "code" or given["scope"] not in SCOPES:
            raise PageRefused("scope 或 response_type 参数错误")
        state = given.get("state", "")
        if len(state.encode()) > LONGEST_STATE or (state and not (state.isascii() and state.isalnum())):
            raise PageRefused("state 只能是 128 字节以内的字母和数字")
        target = urlsplit(given["redirect_uri"])
        if target.scheme not in ("http", "https") or (self.domain and target.hostname != self.domain):
            raise PageRefused("10003 redirect_uri 域名与后台配置不一致")
        code = f"{self._random.getrandbits(128):032x}"
        self._codes[code] = _Code(openid, given["scope"], self._clock.now() + LIFE)
        extra = f"code={code}&state={state}"
        return target._replace(query=f"{target.query}&{extra}" if target.query else extra).geturl()

    def exchange(self, code: str) -> tuple[str, str]:
        """Take a code; gives the openid and the scope.

        Raises:
            ApiRefused: 41008 missing, 40029 unknown or too old, 40163 used.
        """
        if not code:
            raise ApiRefused(41008)
        kept = self._codes.get(code)
        if kept is None or kept.until <= self._clock.now():
            raise ApiRefused(40029)
        if kept.used:
            raise ApiRefused(40163)
        kept.used = True
        return kept.openid, kept.scope
