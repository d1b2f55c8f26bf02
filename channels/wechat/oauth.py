"""Web authorisation (wechat.md §2.10): how the H5 page, opened from WeChat, learns who opens it. Silent (`snsapi_base`).

`web/wechat_login.py` has the two addresses; exchanging the code is `server_api`'s.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlencode

AUTHORIZE_URL = "https://open.weixin.qq.com/connect/oauth2/authorize"


@dataclass(frozen=True)
class OpenId:
    """Who opened the page: the same openid as their messages have."""

    openid: str
    snapshot: bool = False


class CodeExchange(Protocol):
    """Exchanges the code of a callback for an openid: `channels.wechat.server_api`."""

    async def exchange_oauth_code(self, code: str) -> OpenId:
        """Exchange a code, which works once and for minutes.

        Raises:
            QinwenError: the platform refused it or did not answer.
        """


def authorize_url(app_id: str, redirect_uri: str, state: str, page: str = AUTHORIZE_URL) -> str:
    """Give the address that asks WeChat who somebody is; the order of its parameters matters to the platform.

    Args:
        app_id: our account.
        redirect_uri: where WeChat sends them back; its host is registered in the console.
        state: letters and digits, at most 128, for this one time.
        page: the platform's page.
    """
    query = [
        ("appid", app_id),
        ("redirect_uri", redirect_uri),
        ("response_type", "code"),
        ("scope", "snsapi_base"),
        ("state", state),
    ]
    return f"{page}?{urlencode(query)}#wechat_redirect"
