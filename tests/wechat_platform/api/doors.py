"""What every call passes: the token, the day's limit, the troubles a test ordered; and the way answers are written."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from aiohttp import web

from tests.wechat_platform.errors import ApiRefused, describe_error
from tests.wechat_platform.records import Call
from tests.wechat_platform.troubles import AFTER, Trouble

if TYPE_CHECKING:
    from tests.wechat_platform.platform import Platform

PLATFORM: web.AppKey[Platform] = web.AppKey("platform")
LONGEST_HANG = 60.0
_FREE = frozenset({"token", "stable_token", "oauth2/access_token"})
_ESCAPE = re.compile(rb"(?<!\\)(?:\\\\)*\\u[0-9a-fA-F]{4}")
_PAGE = "<html><head><title>{0} Bad Gateway</title></head><body><h1>{0}</h1></body></html>"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Check a call before it is carried out, spoil it where that was ordered, and write it down."""
    platform, call = request.app[PLATFORM], _name(request.path)
    if call is None:
        return await handler(request)
    openid = await _citizen_of(request)
    trouble = platform.troubles.strike(call, openid)
    if trouble and trouble.kind not in AFTER:
        code = trouble.code if trouble.kind == "errcode" else None
        platform.calls.append(Call(platform.clock.now(), call, openid, code))
        return await _spoil(request, trouble)
    try:
        if call not in _FREE:
            platform.tokens.check(request.query.get("access_token", ""))
        platform.quotas.count_call(call)
        response, code = await handler(request), 0
    except ApiRefused as refused:
        response, code = answer(describe_error(refused.code, refused.detail, platform.serials.draw_id())), refused.code
    answered = trouble is None or trouble.kind == "text_plain"
    platform.calls.append(Call(platform.clock.now(), call, openid, code if answered else None))
    if trouble and trouble.kind == "text_plain":
        response.content_type = "text/plain"
    elif trouble:
        return await _spoil(request, trouble)
    return response


def answer(shape: dict[str, Any] | None = None) -> web.Response:
    """Write an answer as the platform does; without a shape, the plain ok."""
    body = json.dumps(shape if shape is not None else {"errcode": 0, "errmsg": "ok"}, ensure_ascii=False)
    return web.Response(body=body.encode(), headers={"Content-Type": "application/json; encoding=utf-8"})


async def read_shape(request: web.Request) -> dict[str, Any]:
    r"""Give the JSON object of a call.

    Raises:
        ApiRefused: 44002 empty, 40033 with \uXXXX escapes, 47001 for no JSON object in UTF-8.
    """
    body = await request.read()
    if not body:
        raise ApiRefused(44002)
    if _ESCAPE.search(body):
        raise ApiRefused(40033)
    with suppress(ValueError):
        shape = json.loads(body.decode())
        if isinstance(shape, dict):
            return shape
    raise ApiRefused(47001)


async def _spoil(request: web.Request, trouble: Trouble) -> web.StreamResponse:
    platform = request.app[PLATFORM]
    if trouble.kind == "errcode":
        return answer(describe_error(trouble.code, request.remote or "", platform.serials.draw_id()))
    if trouble.kind == "http":
        return web.Response(status=trouble.code or 502, text=_PAGE.format(trouble.code or 502), content_type="text/html")
    if trouble.kind == "html":
        return web.Response(text=_PAGE.format(200), content_type="text/html")
    if trouble.kind == "broken_json":
        return web.Response(text='{"errcode":0,"errm', content_type="application/json")
    if trouble.kind.startswith("hang"):
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(platform.stopping.wait(), LONGEST_HANG)
    if request.transport:
        request.transport.abort()
    return web.Response(status=500)


async def _citizen_of(request: web.Request) -> str | None:
    if not request.content_type.startswith("multipart/"):
        with suppress(ValueError, KeyError, TypeError):
            return str(json.loads(await request.read())["touser"])
    return None


def _name(path: str) -> str | None:
    for root in ("/cgi-bin/", "/sns/"):
        if path.startswith(root):
            return path.removeprefix(root)
    return None
