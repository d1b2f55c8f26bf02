"""The control interface: scripts in any language, the terminal and a person with curl act as citizens through it.

`POST /simulator/<act>` with `{"openid":"o…", …}` answers when the platform is done with the push; `GET /simulator/phone/<openid>`
shows a phone, `?after=n` what is new. It is for the loopback address: whoever reaches it reads every conversation.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any

from aiohttp import web

from .api.doors import PLATFORM
from .phone import Phone
from .records import Bubble, Push, Sent
from .troubles import Trouble

Shape = dict[str, Any]


def _picture(shape: Shape) -> bytes | None:
    return base64.b64decode(shape["content"]) if shape.get("content") else None


ACTS: dict[str, Callable[[Phone, Shape], Awaitable[Push]]] = {
    "say": lambda phone, shape: phone.says(str(shape["text"])),
    "voice": lambda phone, shape: phone.sends_voice(shape.get("text")),
    "image": lambda phone, shape: phone.sends_image(_picture(shape)),
    "location": lambda phone, shape: phone.sends_location(
        float(shape["lat"]), float(shape["lon"]), str(shape.get("label", ""))
    ),
    "sticker": lambda phone, shape: phone.sends_sticker(),
    "link": lambda phone, shape: phone.sends_link(str(shape["title"]), str(shape["url"])),
    "tap": lambda phone, shape: phone.taps(str(shape["menu"])),
    "choose": lambda phone, shape: phone.chooses(int(shape["number"])),
    "follow": lambda phone, shape: phone.follows(shape.get("scene")),
    "unfollow": lambda phone, shape: phone.unfollows(),
    "scan": lambda phone, shape: phone.scans(str(shape["scene"])),
    "again": lambda phone, shape: phone.says_again_same_id(),
    "consent": lambda phone, shape: phone.consents_to(str(shape["template_id"]), float(shape.get("times", 1))),
}


async def act(request: web.Request) -> web.Response:
    """Do something as a citizen."""
    do = ACTS.get(request.match_info["act"])
    if do is None:
        return _refuse(f"不认识的动作，可用的有：{'、'.join(ACTS)}。", 404)
    try:
        shape = json.loads(await request.read())
        push = await do(request.app[PLATFORM].phone(str(shape["openid"])), shape)
    except (ValueError, KeyError, TypeError, LookupError) as error:
        return _refuse(f"请求不对：{type(error).__name__} {error}")
    fault = asdict(push.fault) if push.fault else None
    reply = show(push.reply) if push.reply else None
    return _answer({"id": push.id, "attempts": [asdict(one) for one in push.attempts], "reply": reply, "fault": fault})


async def see_phone(request: web.Request) -> web.Response:
    """Show what stands on a phone."""
    platform = request.app[PLATFORM]
    phone = platform.phone(request.match_info["openid"])
    after = request.query.get("after", "0")
    start = int(after) if after.isdecimal() else 0
    return _answer({
        "openid": phone.openid, "follower": phone.follower, "typing": phone.is_typing,
        "quota": platform.quotas.describe(phone.openid), "next": len(phone.timeline),
        "timeline": [show(one) for one in phone.timeline[start:]],
    })  # fmt: skip


async def see_menu(request: web.Request) -> web.Response:
    """List the menu's buttons."""
    return _answer({"buttons": [button["name"] for button in request.app[PLATFORM].menu.taps()]})


async def order_trouble(request: web.Request) -> web.Response:
    """Let calls fail: `{"call":"message/custom/send","kind":"errcode","code":45015,"times":1}`, perhaps with `openid`."""
    troubles = request.app[PLATFORM].troubles
    try:
        shape = json.loads(await request.read())
        trouble = Trouble(str(shape["kind"]), int(shape.get("code", 0)))
        call, times = str(shape.get("call", "message/custom/send")), int(shape.get("times", 1))
    except (ValueError, KeyError, TypeError) as error:
        return _refuse(f"请求不对：{type(error).__name__} {error}")
    if shape.get("openid"):
        troubles.for_citizen(str(shape["openid"]), trouble, call, times)
    else:
        troubles.next(call, trouble, times)
    return _answer({"ok": True})


async def expire_tokens(request: web.Request) -> web.Response:
    """Let every access token expire now."""
    request.app[PLATFORM].tokens.expire_all()
    return _answer({"ok": True})


async def see_calls(request: web.Request) -> web.Response:
    """List the calls of the server API with their codes."""
    return _answer({"calls": [asdict(call) for call in request.app[PLATFORM].calls]})


def show(one: Any) -> Shape:
    """Give a record of the timeline as JSON, with its `type`: sent, bubble or fault."""
    kind = "sent" if isinstance(one, Sent) else "bubble" if isinstance(one, Bubble) else "fault"
    return {"type": kind, **asdict(one)}


def _answer(shape: Shape, status: int = 200) -> web.Response:
    body = json.dumps(shape, ensure_ascii=False).encode()
    return web.Response(body=body, status=status, content_type="application/json", charset="utf-8")


def _refuse(sentence: str, status: int = 400) -> web.Response:
    return _answer({"error": sentence}, status)


ROUTES = [
    web.get("/simulator/phone/{openid}", see_phone),
    web.get("/simulator/menu", see_menu),
    web.get("/simulator/calls", see_calls),
    web.post("/simulator/trouble", order_trouble),
    web.post("/simulator/tokens/expire", expire_tokens),
    web.post("/simulator/{act}", act),
]
