"""Web authorisation: the page that sends a browser on, and the exchange of its code."""

from __future__ import annotations

from aiohttp import web

from tests.wechat_platform.errors import ApiRefused
from tests.wechat_platform.oauth import PageRefused

from .doors import PLATFORM, answer

COOKIE = "simulator_openid"
VISITOR = "oSimulatedVisitor00000000001"


async def authorize(request: web.Request) -> web.Response:
    """Send the browser back with a code. Whose browser it is, the cookie `simulator_openid` says; a visitor's without it."""
    platform = request.app[PLATFORM]
    openid = request.cookies.get(COOKIE) or VISITOR
    try:
        address = platform.consents.authorize(request.rel_url.raw_query_string, platform.account.app_id, openid)
    except PageRefused as refused:
        return web.Response(text=str(refused))
    return web.Response(status=302, headers={"Location": address})


async def exchange_code(request: web.Request) -> web.Response:
    """Exchange a code: `?appid=…&secret=…&code=…&grant_type=authorization_code`."""
    platform, given = request.app[PLATFORM], request.query
    if given.get("appid") != platform.account.app_id:
        raise ApiRefused(40013)
    if given.get("secret") != platform.account.secret:
        raise ApiRefused(40125)
    if given.get("grant_type") != "authorization_code":
        raise ApiRefused(40002)
    openid, scope = platform.consents.exchange(given.get("code", ""))
    return answer({
        "access_token": f"web_{platform.serials.draw_id()}", "expires_in": 7200, "refresh_token": f"renew_{platform.serials.draw_id()}",
        "openid": openid, "scope": scope,
    })  # fmt: skip
