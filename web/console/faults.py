"""What goes wrong on the staff port, once, at the edge: a page for people, a fragment for htmx, JSON for scripts."""

from __future__ import annotations

from aiohttp import web
from sqlalchemy.exc import OperationalError

from qinwen.errors import QinwenError
from qinwen.log import logger
from web.console.access import FormExpired, wants_json
from web.console.modules import STATUSES
from web.console.pages import render
from web.faults import Handler, error_response

log = logger(__name__)
_WORDS = {
    401: ("not_signed_in", "登录已过期", "登录已过期。请在新窗口重新登录，再回到这里继续，页面上填的内容还在。"),
    403: ("forbidden", "没有权限", "您的角色或管辖范围不包括这一项。需要的话，请联系管理员。"),
    404: ("not_found", "没有这一页", "地址可能写错了，或者这一项已经不在了。"),
    405: ("method_not_allowed", "不支持的请求", "这个地址不支持这种请求。"),
    413: ("too_large", "内容太大", "发来的内容太大了，请分几次提交。"),
    500: ("internal", "系统出了故障", "这一步没有做成，已经记入日志。请稍后再试，还不行请联系管理员。"),
    503: ("unavailable", "数据库暂时用不了", "这一步没有做成。请过几秒再试，还不行请联系管理员。"),
}
_FORM_EXPIRED = (
    "form_expired",
    "页面过期了",
    "这一页打开以后，登录换过了，或者浏览器没有收下 Cookie。请重新打开页面再提交一次。",
)


@web.middleware
async def show_faults(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Translate whatever goes wrong in a handler."""
    try:
        return await handler(request)
    except QinwenError as error:
        status = next((s for kind, s in request.app[STATUSES].items() if isinstance(error, kind)), None)
        status = status or (422 if error.permanent else 503)
        return fault(request, status, error.code, "没有做成", error.message)
    except FormExpired:
        return fault(request, 403, *_FORM_EXPIRED)
    except web.HTTPException as error:
        if error.status < 400:  # noqa: PLR2004
            raise
        response = fault(request, error.status, *_WORDS.get(error.status, ("http_error", "请求没有成功", "请求没有成功。")))
        if "Allow" in error.headers:
            response.headers["Allow"] = error.headers["Allow"]
        return response
    except OperationalError:
        log.exception("database_unavailable", path=request.path)
        return fault(request, 503, *_WORDS[503])
    except Exception:
        log.exception("request_failed", path=request.path)
        return fault(request, 500, *_WORDS[500])


def fault(request: web.Request, status: int, code: str, title: str, words: str) -> web.Response:
    """Give a fault in the form that who asks can read."""
    if wants_json(request) or request.path in {"/healthz", "/readyz", "/metrics"}:
        return error_response(status, code, words)
    template = "fault_fragment.html" if "HX-Request" in request.headers else "fault.html"
    return render(request, template, status=status, title=title, words=words)
