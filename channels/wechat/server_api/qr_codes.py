"""QR codes with a scene: whoever scans one follows us (or comes back) and brings its scene along (wechat.md §2.2)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote

from channels.wechat.server_api.calls import ServerApi
from channels.wechat.server_api.errors import ContentRefused

_PICTURES = "https://mp.weixin.qq.com/cgi-bin/showqrcode?ticket="
_SCENE = re.compile(r"[0-9A-Za-z_-]{1,64}", re.ASCII)
_LONGEST = 2_592_000


@dataclass(frozen=True)
class QrCode:
    """A code: where its picture is, and what it says (for drawing it ourselves); `seconds` is 0 for one that stays."""

    picture: str
    content: str
    seconds: int


async def create_qr_code(api: ServerApi, scene: str, seconds: int = 0) -> QrCode:
    """Make a code for a scene of `data/keys.yml`.

    Args:
        api: the server API.
        scene: 1 to 64 letters, digits, underscores, hyphens.
        seconds: how long it works, 30 days at most; 0 for good (an account has 100,000 of those).

    Raises:
        ContentRefused: the scene or the time is bad.
        CallFailed: WeChat refused, or can't be reached.
    """
    if not _SCENE.fullmatch(scene):
        raise ContentRefused("场景值只能是 1 到 64 位字母、数字、下划线和连字符。")
    if not 0 <= seconds <= _LONGEST:
        raise ContentRefused("二维码最长 30 天（2592000 秒）；0 为永久。")
    lasting = {"expire_seconds": seconds, "action_name": "QR_STR_SCENE"} if seconds else {"action_name": "QR_LIMIT_STR_SCENE"}
    shape = await api.call("qr_code", {**lasting, "action_info": {"scene": {"scene_str": scene}}}, tries=3)
    picture = _PICTURES + quote(str(shape.get("ticket", "")), safe="")
    return QrCode(picture, str(shape.get("url", "")), int(shape.get("expire_seconds", 0)))
