"""What everybody does with their own account: password, second factor, sessions."""

from __future__ import annotations

import asyncio
import io
from typing import Any

import segno
from aiohttp import web
from sqlalchemy.orm import Session

from qinwen.clock import now
from staff import (
    PasswordRefused,
    SignInRefused,
    TooManyAttempts,
    change_password,
    check_own_password,
    end_session,
    end_sessions,
    new_recovery_codes,
    offer,
    record,
    recovery_codes_left,
    renew_token,
    sessions_of,
    turn_off,
    turn_on,
)
from web.console.access import DATABASE, SESSION_COOKIE, VISIT, form_token_of, limits, member_of, set_cookie
from web.console.entrance import BOX, HASHING
from web.console.forms import secret_of, text_of
from web.console.modules import CHANGING, SIGNED_IN, Module, Route
from web.console.pages import change, redirect, render, transact

_TITLE = "我的账号"
_FACTOR = "两步验证"


async def show_account(request: web.Request) -> web.Response:
    """Show the own account and its sessions."""
    return await _account_page(request)


async def show_password(request: web.Request) -> web.Response:
    """Show the form for a new password."""
    return render(request, "account_password.html", title="修改密码", error=None)


async def take_new_password(request: web.Request) -> web.Response:
    """Set a new password: `POST /account/password` `present=…&new=…&again=…`; other sessions end, this one gets a new token."""
    form, visit, at = await request.post(), request[VISIT], now()
    new = secret_of(form, "new")

    def renew(session: Session) -> str:
        change_password(session, visit.member.id, new, at, keep=visit.session)
        return renew_token(session, visit.session)

    try:
        _check_same(new, secret_of(form, "again"))
        await _check_password(request, secret_of(form, "present"))
        async with request.app[HASHING]:
            token = await transact(request, renew)
    except (PasswordRefused, SignInRefused, TooManyAttempts) as error:
        return render(request, "account_password.html", status=422, title="修改密码", error=error)
    response = redirect(request, "/", "密码已修改，其他地方的登录都已结束。")
    set_cookie(response, request.app, SESSION_COOKIE, token)
    return response


async def end_own_session(request: web.Request) -> web.Response:
    """End one of one's own sessions."""
    member, ended = member_of(request), request.match_info["session"]

    def end(session: Session) -> bool:
        there = end_session(session, member.id, ended)
        if there:
            record(session, member.login, "session_ended", f"staff:{member.login}")
        return there

    there = await change(request, end)
    return redirect(request, "/account", "那次登录已结束。" if there else "那次登录已经不在了。")


async def end_other_sessions(request: web.Request) -> web.Response:
    """End all of one's sessions but this."""
    member = member_of(request)

    def end(session: Session) -> int:
        ended = end_sessions(session, member.id, but=request[VISIT].session)
        record(session, member.login, "session_ended", f"staff:{member.login}", {"sessions_ended": ended})
        return ended

    return redirect(request, "/account", f"已结束其他 {await change(request, end)} 处登录。")


async def show_second_factor(request: web.Request) -> web.Response:
    """Show how to set the second factor up, or that it is on."""
    return await _factor_page(request)


async def draw_code(request: web.Request) -> web.Response:
    """Draw what the phone reads, as an image: the page's policy forbids inline ones."""
    member, box = member_of(request), request.app[BOX]
    if member.second_factor:
        raise web.HTTPNotFound
    address = await transact(request, lambda session: offer(session, member.id, box))
    image = io.BytesIO()
    segno.make(address, error="m").save(image, kind="svg", scale=4, border=4, light="#fff")
    return web.Response(body=image.getvalue(), content_type="image/svg+xml", headers={"Cache-Control": "no-store"})


async def turn_factor_on(request: web.Request) -> web.Response:
    """Turn the second factor on with the first code; shows the recovery codes once."""
    member, box = member_of(request), request.app[BOX]
    if member.second_factor:
        return redirect(request, "/account/second-factor")
    code = text_of(await request.post(), "code")
    try:
        codes = await transact(request, lambda session: turn_on(session, member.id, code, box, now()))
    except SignInRefused as error:
        return await _factor_page(request, status=422, error=error)
    return _codes_page(request, codes)


async def turn_factor_off(request: web.Request) -> web.Response:
    """Turn the second factor off, after the password was given once more."""
    member = member_of(request)
    try:
        await _check_password(request, secret_of(await request.post(), "present"))
    except (SignInRefused, TooManyAttempts) as error:
        return await _factor_page(request, status=422, error=error)
    await transact(request, lambda session: turn_off(session, member.id, member.login, now()))
    return redirect(request, "/account", "两步验证已关闭。")


async def renew_codes(request: web.Request) -> web.Response:
    """Make new recovery codes, after the password was given once more; the old ones stop working."""
    member = member_of(request)
    if not member.second_factor:
        return redirect(request, "/account/second-factor")
    try:
        await _check_password(request, secret_of(await request.post(), "present"))
    except (SignInRefused, TooManyAttempts) as error:
        return await _factor_page(request, status=422, error=error)

    def renew(session: Session) -> list[str]:
        record(session, member.login, "recovery_codes_renewed", f"staff:{member.login}")
        return new_recovery_codes(session, member.id)

    return _codes_page(request, await change(request, renew))


async def give_form_token(request: web.Request) -> web.Response:
    """Give the token for forms, to a page that was open while somebody signed in again in another window."""
    return web.Response(text=form_token_of(request), headers={"Cache-Control": "no-store"})


async def _check_password(request: web.Request, password: str) -> None:
    async with request.app[HASHING]:
        await asyncio.to_thread(check_own_password, request.app[DATABASE], member_of(request).id, password, now())


def _check_same(new: str, again: str) -> None:
    if new != again:
        raise PasswordRefused("两次输入的新密码不一样。")


async def _account_page(request: web.Request) -> web.Response:
    member, bounds = member_of(request), limits(request.app)
    sessions = await transact(request, lambda session: sessions_of(session, member.id, bounds, now()))
    return render(request, "account.html", title=_TITLE, sessions=sessions, present=request[VISIT].session)


async def _factor_page(request: web.Request, *, status: int = 200, error: Exception | None = None) -> web.Response:
    member, box = member_of(request), request.app[BOX]

    def read(session: Session) -> dict[str, Any]:
        if member.second_factor:
            return {"left": recovery_codes_left(session, member.id), "secret": ""}
        return {"left": 0, "secret": offer(session, member.id, box).split("secret=")[1].split("&")[0]}

    shown = await transact(request, read)
    return render(request, "account_second_factor.html", status=status, title=_FACTOR, error=error, **shown)


def _codes_page(request: web.Request, codes: list[str]) -> web.Response:
    return render(request, "account_recovery_codes.html", title="恢复码", codes=codes)


MODULE = Module(
    routes=(
        Route("GET", "/account", show_account, SIGNED_IN),
        Route("GET", "/account/password", show_password, CHANGING),
        Route("POST", "/account/password", take_new_password, CHANGING),
        Route("POST", "/account/sessions/end-others", end_other_sessions, SIGNED_IN),
        Route("POST", "/account/sessions/{session}/end", end_own_session, SIGNED_IN),
        Route("GET", "/account/second-factor", show_second_factor, SIGNED_IN),
        Route("POST", "/account/second-factor", turn_factor_on, SIGNED_IN),
        Route("GET", "/account/second-factor/code.svg", draw_code, SIGNED_IN),
        Route("POST", "/account/second-factor/off", turn_factor_off, SIGNED_IN),
        Route("POST", "/account/second-factor/codes", renew_codes, SIGNED_IN),
        Route("GET", "/account/form-token", give_form_token, SIGNED_IN),
    ),
    actions={
        "password_changed": "修改密码",
        "session_ended": "结束登录",
        "second_factor_turned_on": "开启两步验证",
        "second_factor_turned_off": "关闭两步验证",
        "recovery_codes_renewed": "重新生成恢复码",
    },
)
