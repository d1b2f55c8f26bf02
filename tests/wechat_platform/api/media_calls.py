"""Download of what citizens sent, upload of what is sent to them."""

from __future__ import annotations

from aiohttp import BodyPartReader, web

from tests.wechat_platform.errors import ApiRefused
from tests.wechat_platform.media import LARGEST

from .doors import PLATFORM, answer

_ENDINGS = {"image/png": "png", "image/jpeg": "jpg", "image/gif": "gif", "audio/amr": "amr", "audio/mp3": "mp3"}


async def get_media(request: web.Request) -> web.Response:
    """Give a file by `?media_id=…`; a film comes as the address it can be had from."""
    platform = request.app[PLATFORM]
    media_id = request.query.get("media_id", "")
    medium = platform.media.find(media_id)
    if medium.type == "video":
        return answer({"video_url": f"{platform.api_url}/cgi-bin/media/get?film={media_id}"})
    name = f"{media_id}.{_ENDINGS.get(medium.content_type, 'bin')}"
    headers = {"Content-Type": medium.content_type, "Content-Disposition": f'attachment; filename="{name}"'}
    return web.Response(body=medium.content, headers=headers)


async def upload_media(request: web.Request) -> web.Response:
    """Take a file for three days: `?type=image`, multipart with the part `media`."""
    platform = request.app[PLATFORM]
    kind = request.query.get("type", "")
    if kind not in LARGEST:
        raise ApiRefused(40004)
    if not request.content_type.startswith("multipart/"):
        raise ApiRefused(41005)
    reader = await request.multipart()
    while (part := await reader.next()) is not None:
        if isinstance(part, BodyPartReader) and part.name == "media":
            content = bytes(await part.read())
            if not 0 < len(content) <= LARGEST[kind]:
                raise ApiRefused(40006)
            media_id = platform.media.keep(kind, content)
            return answer({"type": kind, "media_id": media_id, "created_at": int(platform.clock.now())})
    raise ApiRefused(41005)
