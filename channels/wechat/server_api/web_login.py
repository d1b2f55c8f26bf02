"""Exchanges the code of a web authorisation for the citizen's openid (wechat.md §2.10)."""

from __future__ import annotations

import re

from channels.wechat.oauth import OpenId
from channels.wechat.server_api.answers import failed
from channels.wechat.server_api.calls import ServerApi
from channels.wechat.server_api.errors import CallFailed, LoginRefused
from qinwen.log import logger

log = logger(__name__)
_CODE = re.compile(r"[0-9A-Za-z_-]{8,128}", re.ASCII)
_OPENID = re.compile(r"[0-9A-Za-z_-]{6,128}", re.ASCII)
_REFUSED = {"40029", "40163", "41008"}


async def exchange_code(api: ServerApi, code: str) -> OpenId:
    """Exchange a code, which works once and for minutes.

    Raises:
        LoginRefused: the code is wrong, too old, or was used before (a doubled redirect does that).
        CallFailed: WeChat refused for another reason, or can't be reached.
    """
    if not _CODE.fullmatch(code):
        raise LoginRefused("登录凭证不对，请回到公众号，从菜单重新打开。")
    reason = ""
    try:
        shape = await api.call_with_secret("web_login", {"code": code, "grant_type": "authorization_code"})
    except CallFailed as failure:
        if failure.reason not in _REFUSED:
            raise
        reason = failure.reason
    if reason:
        log.info("wechat_login_refused", reason=reason)
        raise LoginRefused("登录凭证已经用过或者过期了，请回到公众号，从菜单重新打开。")
    openid = shape.get("openid")
    if not isinstance(openid, str) or not _OPENID.fullmatch(openid):
        log.warning("wechat_login_unreadable")
        raise failed("slow_answer")
    return OpenId(openid, snapshot=str(shape.get("is_snapshotuser", 0)) == "1")
