"""Subscription notices and template messages: what may be written to a citizen outside every window."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiohttp import web

from tests.wechat_platform import messages
from tests.wechat_platform.errors import ApiRefused
from tests.wechat_platform.records import Bubble, wall

from .doors import PLATFORM, answer, read_shape

if TYPE_CHECKING:
    from tests.wechat_platform.phone import Phone
    from tests.wechat_platform.platform import Platform

_REMEMBERED = 600  # seconds a client_msg_id guards against sending twice
SENT: web.AppKey[dict[tuple[str, str], tuple[float, int]]] = web.AppKey("sent")


async def send_notice(request: web.Request) -> web.Response:
    """Send a notice the citizen agreed to: `{"touser":"o…","template_id":"…","page":"…","data":{"thing1":{"value":"…"}}}`."""
    platform = request.app[PLATFORM]
    phone, template, data = _read(platform, await read_shape(request))
    if phone.consents.get(template, 0) < 1:
        raise ApiRefused(43101)
    phone.consents[template] -= 1
    _show(phone, template, data)
    number = str(_number(platform))
    _push(platform, phone, messages.notice_result(template, number, 0, "success"))
    return answer()


async def send_template(request: web.Request) -> web.Response:
    """Send a template message: `{"touser":"o…","template_id":"…","url":"…","data":{…},"client_msg_id":"…"}`."""
    platform = request.app[PLATFORM]
    shape = await read_shape(request)
    phone, template, data = _read(platform, shape)
    if not phone.follower:
        raise ApiRefused(43004)
    seen = request.app[SENT]
    key, now = (phone.openid, str(shape.get("client_msg_id") or "")), platform.clock.now()
    if key[1] and key in seen and seen[key][0] > now:
        return answer({"errcode": 0, "errmsg": "ok", "msgid": seen[key][1]})
    number = _number(platform)
    seen[key] = (now + _REMEMBERED, number)
    status = "failed:user block" if phone.refuses else "success"
    if not phone.refuses:
        _show(phone, template, data)
    _push(platform, phone, messages.event("TEMPLATESENDJOBFINISH", MsgID=number, Status=status))
    return answer({"errcode": 0, "errmsg": "ok", "msgid": number})


def _read(platform: Platform, shape: dict[str, Any]) -> tuple[Phone, str, dict[str, str]]:
    """Raises ApiRefused: 48001, 40003, 40037, 47003."""
    if platform.account.kind == "unverified":
        raise ApiRefused(48001)
    phone = platform.phones.get(str(shape.get("touser")))
    if phone is None:
        raise ApiRefused(40003)
    template = str(shape.get("template_id"))
    if template not in platform.templates:
        raise ApiRefused(40037)
    given = shape.get("data")
    data: dict[str, Any] = given if isinstance(given, dict) else {}
    for name in platform.templates[template]:
        value = data.get(name)
        if not isinstance(value, dict) or not str(value.get("value") or ""):
            raise ApiRefused(47003, f"data.{name}.value is empty")
        if name.startswith("thing") and len(str(value["value"])) > 20:
            raise ApiRefused(47003, f"data.{name}.value invalid")
    return phone, template, {name: str(data[name]["value"]) for name in platform.templates[template]}


def _show(phone: Phone, template: str, data: dict[str, str]) -> None:
    words = "\n".join(f"{name}：{value}" for name, value in data.items())
    phone.note(Bubble(wall(), "notice", words, "notice", content={"template_id": template, "data": data}))


def _push(platform: Platform, phone: Phone, fields: messages.Fields) -> None:
    push = platform.prepare(phone.openid, fields)
    phone.pushes.append(push)
    platform.in_background(platform.deliver(push))


def _number(platform: Platform) -> int:
    return int(platform.serials.draw_id(), 16) >> 1
