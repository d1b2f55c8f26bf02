"""Who comes, and whether they may: the session, the decision of the route, and the form token. Nothing is open by default.

`identify` finds out who it is, `guard` applies the route's decision, `check_form` refuses a change whose form did not come
from a page of ours. `allow` is for handlers: it asks for a permission within the scope of the object they have loaded.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
from datetime import timedelta
from urllib.parse import quote

from aiohttp import web

from qinwen.clock import now
from qinwen.database import Database
from qinwen.settings import Settings
from staff import Member, Origin, Permission, SessionLimits, Visit, find_visit, may
from web.address import address_behind
from web.console.modules import OPEN, Stage, route_of
from web.faults import Handler

DATABASE = web.AppKey("database", Database)
SETTINGS = web.AppKey("staff_settings", Settings)
VISIT = web.RequestKey("visit", Visit)
FORM_KEY = web.RequestKey("form_key", str)
SESSION_COOKIE = "qinwen_staff"
FORM_COOKIE = "qinwen_staff_form"
FORM_FIELD, FORM_HEADER = "csrf_token", "X-CSRF-Token"
_SAFE = {"GET", "HEAD"}
_BROWSERS = {"Edg": "Edge", "Firefox": "Firefox", "OPR": "Opera", "Chrome": "Chrome", "Safari": "Safari"}
_SYSTEMS = {"Windows": "Windows", "Android": "Android", "iPhone": "iPhone", "Mac OS": "macOS", "Linux": "Linux"}


def limits(app: web.Application) -> SessionLimits:
    """Give how long sessions last."""
    settings = app[SETTINGS]
    return SessionLimits(timedelta(seconds=settings.staff_session_idle), timedelta(seconds=settings.staff_session_life))


def origin(request: web.Request) -> Origin:
    """Give where somebody comes from, in words that they recognise in a list."""
    agent = request.headers.get("User-Agent", "")
    browser = next((name for mark, name in _BROWSERS.items() if mark in agent), "其他浏览器")
    system = next((name for mark, name in _SYSTEMS.items() if mark in agent), "其他系统")
    return Origin(address_behind(request, request.app[SETTINGS].staff_proxies), f"{browser}（{system}）")


def member_of(request: web.Request) -> Member:
    """Give who is signed in; only for handlers of routes that need it."""
    return request[VISIT].member


def allow(request: web.Request, permission: Permission, *, department: str | None = None, region: str | None = None) -> None:
    """Ask for a permission on an object of a department and region.

    Raises:
        web.HTTPForbidden: the member has it not, or not there.
    """
    if not may(member_of(request), permission, department=department, region=region):
        raise web.HTTPForbidden


@web.middleware
async def identify(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Find out who comes with the session's cookie."""
    token = request.cookies.get(SESSION_COOKIE, "")
    route = route_of(request)
    if token and not (route and route.access is OPEN and request.method in _SAFE and request.path != "/login"):

        def find() -> Visit | None:
            with request.app[DATABASE].session() as session:
                return find_visit(session, token, limits(request.app), now())

        visit = await asyncio.to_thread(find)
        if visit is not None:
            request[VISIT] = visit
            request[FORM_KEY] = token
    return await handler(request)


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Apply the route's decision; a route without one is refused."""
    route = route_of(request)
    if "\0" in request.path or any("\0" in value for value in request.match_info.values()):
        raise web.HTTPNotFound
    if route is None:
        if request.match_info.http_exception is not None:
            return await handler(request)  # which says what is wrong with the address
        raise web.HTTPForbidden
    visit = request.get(VISIT)
    if route.access.stage is Stage.OPEN:
        return await handler(request)
    if visit is None:
        raise not_signed_in(request)
    if route.access.stage is Stage.KNOWN:
        return await handler(request)
    if visit.waits_for_code:
        raise web.HTTPSeeOther("/login/code")
    if route.access.stage is not Stage.CHANGING and visit.member.must_change_password:
        raise web.HTTPSeeOther("/account/password")
    if route.access.permission is not None and not may(visit.member, route.access.permission):
        raise web.HTTPForbidden
    return await handler(request)


def not_signed_in(request: web.Request) -> web.HTTPException:
    """Send a page to the sign-in and back; tell a script that the session is over, so that it keeps what was typed."""
    if "HX-Request" in request.headers or wants_json(request):
        return web.HTTPUnauthorized()
    expired = "&expired=1" if SESSION_COOKIE in request.cookies else ""
    back = request.path_qs if request.method in _SAFE else request.path if request.path == "/" else "/"
    return web.HTTPSeeOther(f"/login?next={quote(back, safe='')}{expired}")


def wants_json(request: web.Request) -> bool:
    """Tell whether a script asks that reads JSON."""
    return request.headers.get("Accept", "").startswith("application/json")


@web.middleware
async def check_form(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse a change without the token of the session's pages, as a field or (htmx, scripts) a header."""
    route = route_of(request)
    if request.method in _SAFE or route is None:  # without a route there is no handler that could change anything
        return await handler(request)
    request = request.clone(client_max_size=route.max_body)
    given = request.headers.get(FORM_HEADER) or str((await request.post()).get(FORM_FIELD, ""))
    keys = [request[FORM_KEY]] if FORM_KEY in request else []
    if route.access is OPEN and request.cookies.get(FORM_COOKIE):
        keys.append(request.cookies[FORM_COOKIE])
    if not any(hmac.compare_digest(given.encode(), form_token(key).encode()) for key in keys):
        raise FormExpired
    return await handler(request)


class FormExpired(web.HTTPForbidden):
    """The form did not come from a page of ours, or from one of an earlier session."""


def form_token(key: str) -> str:
    """Make the token of a session's forms: who does not have the cookie can't make it."""
    return hmac.new(key.encode(), b"form", hashlib.sha256).hexdigest()


def form_token_of(request: web.Request) -> str:
    """Give the token for the forms of a page; a stranger gets a cookie of their own for it when the page is rendered."""
    if FORM_KEY not in request:
        request[FORM_KEY] = request.cookies.get(FORM_COOKIE) or secrets.token_urlsafe(32)
    return form_token(request[FORM_KEY])


def set_cookie(response: web.StreamResponse, app: web.Application, name: str, value: str) -> None:
    """Set a cookie of ours: for this site's own pages alone, out of reach of scripts."""
    response.set_cookie(name, value, httponly=True, samesite="Strict", secure=app[SETTINGS].staff_https, path="/")
