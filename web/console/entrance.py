"""Signing in and out: name and password, the code of the second factor, the way back to where somebody wanted to go."""

from __future__ import annotations

import asyncio
from urllib.parse import quote

from aiohttp import web
from sqlalchemy.orm import Session

from qinwen.clock import now
from staff import SecretBox, SignInRefused, TooManyAttempts, end_session, give_code, record, sign_in
from web.console.access import DATABASE, FORM_COOKIE, SESSION_COOKIE, VISIT, limits, origin, set_cookie
from web.console.forms import local_path, secret_of, text_of
from web.console.modules import KNOWN, OPEN, Module, Route
from web.console.pages import change, redirect, render

BOX = web.AppKey("box", SecretBox)
# A hash takes 64 megabytes and a core for a moment: a flood of tries must not take them all.
HASHING = web.AppKey("hashing", asyncio.Semaphore)


async def show_sign_in(request: web.Request) -> web.Response:
    """Show the sign-in form; who is signed in goes on."""
    back = local_path(request.query.get("next", "/"))
    if VISIT in request:
        return redirect(request, back)
    return _sign_in_page(request, back, expired="expired" in request.query)


async def take_password(request: web.Request) -> web.Response:
    """Take name and password: `POST /login` `login=…&password=…&next=/…`."""
    form = await request.post()
    login, back = text_of(form, "login"), local_path(text_of(form, "next"))
    database, settings = request.app[DATABASE], limits(request.app)
    try:
        async with request.app[HASHING]:
            signed = await asyncio.to_thread(
                sign_in, database, login, secret_of(form, "password"), origin(request), settings, now()
            )
    except (SignInRefused, TooManyAttempts) as error:
        return _sign_in_page(request, back, login=login, error=error)
    response = redirect(request, f"/login/code?next={quote(back, safe='')}" if signed.waits_for_code else back)
    set_cookie(response, request.app, SESSION_COOKIE, signed.token)
    response.del_cookie(FORM_COOKIE, path="/")
    return response


async def show_code(request: web.Request) -> web.Response:
    """Ask for the code of the second factor."""
    back = local_path(request.query.get("next", "/"))
    if not request[VISIT].waits_for_code:
        return redirect(request, back)
    return render(request, "login_code.html", title="两步验证", back=back, error=None)


async def take_code(request: web.Request) -> web.Response:
    """Take the code: `POST /login/code` `code=123456&next=/…`, a recovery code as well."""
    form = await request.post()
    visit, back = request[VISIT], local_path(text_of(form, "next"))
    if not visit.waits_for_code:
        return redirect(request, back)
    try:
        token = await asyncio.to_thread(give_code, request.app[DATABASE], visit, text_of(form, "code"), request.app[BOX], now())
    except (SignInRefused, TooManyAttempts) as error:
        status = 429 if isinstance(error, TooManyAttempts) else 422
        return render(request, "login_code.html", status=status, title="两步验证", back=back, error=error)
    response = redirect(request, back)
    set_cookie(response, request.app, SESSION_COOKIE, token)
    return response


async def sign_out(request: web.Request) -> web.Response:
    """End this session."""
    visit = request[VISIT]

    def end(session: Session) -> None:
        end_session(session, visit.member.id, visit.session)
        record(session, visit.member.login, "signed_out", f"staff:{visit.member.login}")

    await change(request, end)
    response = redirect(request, "/login", "您已退出。")
    response.del_cookie(SESSION_COOKIE, path="/")
    return response


def _sign_in_page(
    request: web.Request,
    back: str,
    *,
    login: str = "",
    expired: bool = False,
    error: SignInRefused | TooManyAttempts | None = None,
) -> web.Response:
    status = 429 if isinstance(error, TooManyAttempts) else 422 if error else 200
    response = render(request, "login.html", status=status, title="登录", back=back, login=login, expired=expired, error=error)
    if isinstance(error, TooManyAttempts):
        response.headers["Retry-After"] = str(error.wait)
    return response


MODULE = Module(
    routes=(
        Route("GET", "/login", show_sign_in, OPEN),
        Route("POST", "/login", take_password, OPEN),
        Route("GET", "/login/code", show_code, KNOWN),
        Route("POST", "/login/code", take_code, KNOWN),
        Route("POST", "/logout", sign_out, KNOWN),
    ),
    actions={
        "signed_in": "登录",
        "signed_out": "退出",
        "sign_in_failed": "登录失败",
        "code_refused": "验证码不对",
    },
    statuses={TooManyAttempts: 429},
)
