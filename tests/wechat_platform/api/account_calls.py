"""Tokens, the platform's own addresses, and QR scenes."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from tests.wechat_platform.errors import ApiRefused

from .doors import PLATFORM, answer, read_shape

LONGEST_SCENE = 64
LONGEST_QR_LIFE = 2_592_000


async def classic_token(request: web.Request) -> web.Response:
    """Issue a token that ends the one before: `?grant_type=client_credential&appid=…&secret=…`."""
    _check_owner(request, dict(request.query))
    token, seconds = request.app[PLATFORM].tokens.classic()
    return answer({"access_token": token, "expires_in": seconds})


async def stable_token(request: web.Request) -> web.Response:
    """Give the stable token: `{"grant_type":"client_credential","appid":…,"secret":…,"force_refresh":false}`."""
    shape = await read_shape(request)
    _check_owner(request, shape)
    token, seconds = request.app[PLATFORM].tokens.stable(force=shape.get("force_refresh") is True)
    return answer({"access_token": token, "expires_in": seconds})


async def callback_addresses(request: web.Request) -> web.Response:
    """List where pushes come from: here, this machine."""
    return answer({"ip_list": ["127.0.0.1", "127.0.0.0/30"]})


async def create_scene(request: web.Request) -> web.Response:
    """Make a QR code: `{"action_name":"QR_STR_SCENE","expire_seconds":600,"action_info":{"scene":{"scene_str":"desk-1"}}}`."""
    shape = await read_shape(request)
    action = shape.get("action_name")
    scene = (shape.get("action_info") or {}).get("scene") or {}
    value = scene.get("scene_str" if action in ("QR_STR_SCENE", "QR_LIMIT_STR_SCENE") else "scene_id")
    if action in ("QR_STR_SCENE", "QR_LIMIT_STR_SCENE"):
        good = isinstance(value, str) and 1 <= len(value) <= LONGEST_SCENE
    else:
        most = 100_000 if action == "QR_LIMIT_SCENE" else 2**32 - 1
        good = action in ("QR_SCENE", "QR_LIMIT_SCENE") and isinstance(value, int) and 1 <= value <= most
    if not good:
        raise ApiRefused(40053)
    ticket = request.app[PLATFORM].serials.ticket_of(str(value))
    made: dict[str, str | int] = {"ticket": ticket, "url": f"http://weixin.qq.com/q/{ticket[:24]}"}
    if not str(action).startswith("QR_LIMIT"):
        made["expire_seconds"] = min(int(shape.get("expire_seconds") or 60), LONGEST_QR_LIFE)
    return answer(made)


def _check_owner(request: web.Request, given: dict[str, Any]) -> None:
    """Raises ApiRefused: 40002, 40013, 40125, or 40164 for a caller who is not on the list."""
    platform = request.app[PLATFORM]
    if given.get("grant_type") != "client_credential":
        raise ApiRefused(40002)
    if given.get("appid") != platform.account.app_id:
        raise ApiRefused(40013)
    if given.get("secret") != platform.account.secret:
        raise ApiRefused(40125)
    if platform.allowed_ips is not None and request.remote not in platform.allowed_ips:
        raise ApiRefused(40164, request.remote or "")
