"""Customer-service messages and the typing sign."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiohttp import web

from tests.wechat_platform.customer_messages import read_message
from tests.wechat_platform.errors import ApiRefused
from tests.wechat_platform.records import Bubble, wall

from .doors import PLATFORM, answer, read_shape

if TYPE_CHECKING:
    from tests.wechat_platform.phone import Phone
    from tests.wechat_platform.platform import Platform

INTERACTION = 30  # seconds since the citizen's last act in which the typing sign may be shown


async def send_message(request: web.Request) -> web.Response:
    """Send a message to a citizen: `{"touser":"o…","msgtype":"text","text":{"content":"您好"}}`."""
    platform = request.app[PLATFORM]
    shape = await read_shape(request)
    phone = _citizen(platform, shape)
    kind, text, content, remarks = read_message(shape, platform.media.known())
    _check_rights(platform, kind)
    if not phone.follower:
        raise ApiRefused(45015)
    platform.quotas.spend(phone.openid)
    platform.remarks.extend(remarks)
    phone.note(Bubble(wall(), kind, text, "customer", content=content))
    return answer()


async def send_typing(request: web.Request) -> web.Response:
    """Show or end the typing sign: `{"touser":"o…","command":"Typing"}`."""
    platform = request.app[PLATFORM]
    shape = await read_shape(request)
    phone = _citizen(platform, shape)
    _check_rights(platform, "typing")
    command = shape.get("command")
    if command not in ("Typing", "CancelTyping"):
        raise ApiRefused(45072)
    if platform.clock.now() - phone.last_act > INTERACTION:
        raise ApiRefused(45080)
    if command == "Typing" and phone.is_typing:
        raise ApiRefused(45081)
    phone.note_typing(command)
    return answer()


def _citizen(platform: Platform, shape: dict[str, Any]) -> Phone:
    phone = platform.phones.get(str(shape.get("touser")))
    if phone is None:
        raise ApiRefused(40003)
    return phone


def _check_rights(platform: Platform, kind: str) -> None:
    if platform.account.kind == "unverified":
        raise ApiRefused(48001)
    if platform.account.kind == "sandbox" and kind in ("msgmenu", "typing"):
        raise ApiRefused(40200)
