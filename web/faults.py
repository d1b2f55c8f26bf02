"""One error shape everywhere: `{"error": {"code", "message"}}` with the right status (design §5)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

from conversations import (
    LedgerUnavailable,
    MessageRefused,
    SessionUnknown,
    TooBusy,
    TooManyMessages,
)
from qinwen.errors import QinwenError
from qinwen.log import logger

log = logger(__name__)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_STATUS: dict[type[QinwenError], int] = {
    MessageRefused: 422,
    SessionUnknown: 401,
    TooManyMessages: 429,
    LedgerUnavailable: 503,
    TooBusy: 503,
}
_WORDS = {
    400: ("bad_request", "请求的格式不对。"),
    403: ("forbidden", "没有权限。"),
    404: ("not_found", "没有这个地址。"),
    405: ("method_not_allowed", "这个地址不支持这种请求。"),
    413: ("too_large", "发来的内容太大了。"),
}


def error_response(status: int, code: str, message: str) -> web.Response:
    """Give an error in the one shape."""
    return web.json_response({"error": {"code": code, "message": message}}, status=status)


@web.middleware
async def translate_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Translate whatever goes wrong in a handler, once, at the edge."""
    try:
        return await handler(request)
    except QinwenError as error:
        status = next((s for kind, s in _STATUS.items() if isinstance(error, kind)), 500)
        response = error_response(status, error.code, error.message)
        if not error.permanent:
            response.headers["Retry-After"] = "5"
        return response
    except web.HTTPException as error:
        if error.status < 400:  # noqa: PLR2004
            raise
        code, words = _WORDS.get(error.status, ("http_error", "请求没有成功。"))
        response = error_response(error.status, code, words)
        if "Allow" in error.headers:
            response.headers["Allow"] = error.headers["Allow"]
        return response
    except Exception:
        log.exception("request_failed", path=request.path)
        return error_response(500, "internal", "系统出了点故障，请稍后再试。急事请打 12345。")
