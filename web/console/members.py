"""Administrators' pages: the list of staff, a new account, an account's particulars, and who may do what."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aiohttp import web
from sqlalchemy.orm import Session

from qinwen.clock import now
from staff import (
    MATRIX,
    Member,
    MemberFilter,
    MemberNotFound,
    MemberRefused,
    Particulars,
    Permission,
    Role,
    add_member,
    change_member,
    end_session,
    end_sessions,
    is_locked,
    known_departments,
    list_members,
    may,
    read_member,
    record,
    reset_password,
    sessions_of,
    turn_off,
    unlock,
)
from web.console.access import limits, member_of
from web.console.forms import page_of, text_of
from web.console.member_form import choices_for, read_particulars
from web.console.modules import Module, NavEntry, Route, Tile, needs
from web.console.pages import change, redirect, render, transact

_SIZE = 20
_STATES = {"active": True, "inactive": False}


async def show_list(request: web.Request) -> web.Response:
    """Show the accounts: `GET /staff?q=&role=&state=&page=`."""
    query = request.query
    wanted = MemberFilter(
        text_of(query, "q"),
        next((role for role in Role if role.value == query.get("role")), None),
        _STATES.get(query.get("state", "")),
    )
    page = await transact(request, lambda session: list_members(session, wanted, page=page_of(request), size=_SIZE))
    pages = max(1, -(-page.total // _SIZE))
    return render(request, "members.html", title="工作人员", page=page, number=page_of(request), pages=pages,
                  wanted=wanted, state=query.get("state", ""), roles=list(Role))  # fmt: skip


async def show_roles(request: web.Request) -> web.Response:
    """Show which role may do what."""
    return render(request, "roles.html", title="角色和权限", roles=list(Role), permissions=list(Permission), matrix=MATRIX)


async def show_new(request: web.Request) -> web.Response:
    """Show the form for a new account."""
    return await _new_page(request, "", Particulars("", frozenset()))


async def take_new(request: web.Request) -> web.Response:
    """Make an account; shows its first password once."""
    form = await request.post()
    login, wanted = text_of(form, "login"), read_particulars(form, active=True)

    def add(session: Session) -> str:
        return add_member(
            session, login, wanted.name, wanted.roles, wanted.departments, wanted.regions, actor=member_of(request).login
        )

    try:
        password = await transact(request, add)
    except MemberRefused as error:
        return await _new_page(request, login, wanted, error=error)
    return _password_page(request, login.lower(), password, "账号已建好")


async def show_member(request: web.Request) -> web.Response:
    """Show an account with what can be done to it."""
    return await _member_page(request)


async def take_particulars(request: web.Request) -> web.Response:
    """Change an account's particulars."""
    form, actor = await request.post(), member_of(request)
    own = actor.id == request.match_info["member"]
    wanted = read_particulars(form, active=own or text_of(form, "active") == "yes")
    if own:
        wanted = Particulars(wanted.name, actor.roles, wanted.departments, wanted.regions)
    try:
        await transact(request, lambda session: change_member(session, request.match_info["member"], wanted, actor))
    except MemberRefused as error:
        return await _member_page(request, wanted=wanted, error=error)
    return redirect(request, _place(request), "已保存。")


async def give_new_password(request: web.Request) -> web.Response:
    """Give an account a new first password; shows it once."""
    actor = member_of(request)
    member = await _member(request)
    if member.id == actor.id:
        raise MemberRefused("自己的密码请到“我的账号”里改。")
    password = await transact(request, lambda session: reset_password(session, member.login, actor.login))
    return _password_page(request, member.login, password, "密码已重置")


async def end_waiting(request: web.Request) -> web.Response:
    """Let somebody try again who typed a wrong password too often."""
    await _change(request, lambda session, member: unlock(session, member.id, member_of(request).login))
    return redirect(request, _place(request), "已解除锁定。")


async def take_factor_away(request: web.Request) -> web.Response:
    """Turn off the second factor of somebody who lost their phone."""
    actor = member_of(request)
    if actor.id == request.match_info["member"]:
        return redirect(request, "/account/second-factor")
    await _change(request, lambda session, member: turn_off(session, member.id, actor.login, now()))
    return redirect(request, _place(request), "两步验证已关闭，这个账号的登录都已结束。")


async def end_their_session(request: web.Request) -> web.Response:
    """End one session of somebody."""

    def end(session: Session, member: Member) -> None:
        if end_session(session, member.id, request.match_info["session"]):
            record(session, member_of(request).login, "session_ended", f"staff:{member.login}")

    await _change(request, end)
    return redirect(request, _place(request), "那次登录已结束。")


async def end_their_sessions(request: web.Request) -> web.Response:
    """Sign somebody out everywhere."""

    def end(session: Session, member: Member) -> None:
        ended = end_sessions(session, member.id)
        record(session, member_of(request).login, "session_ended", f"staff:{member.login}", {"sessions_ended": ended})

    await _change(request, end)
    return redirect(request, _place(request), "这个账号的登录都已结束。")


def count_members(session: Session, member: Member) -> list[Tile]:
    """Count the active accounts, for the start page of who manages them."""
    if not may(member, Permission.STAFF_MANAGE):
        return []
    total = list_members(session, MemberFilter(active=True), size=1).total
    return [Tile("在用账号", str(total), "能登录的工作人员账号", "/staff?state=active")]


async def _new_page(
    request: web.Request, login: str, wanted: Particulars, *, error: MemberRefused | None = None
) -> web.Response:
    departments = await transact(request, known_departments)
    return render(request, "member_new.html", status=422 if error else 200, title="新建账号", login=login, wanted=wanted,
                  error=error, **choices_for(departments, wanted))  # fmt: skip


async def _member_page(
    request: web.Request, *, wanted: Particulars | None = None, error: MemberRefused | None = None
) -> web.Response:
    number, at, bounds = request.match_info["member"], now(), limits(request.app)

    def read(session: Session) -> dict[str, Any]:
        shown = read_member(session, number)
        return {
            "shown": shown,
            "locked": is_locked(session, shown, at),
            "sessions": sessions_of(session, number, bounds, at),
            "departments": known_departments(session),
        }

    found = await transact(request, read)
    shown: Member = found["shown"]
    wanted = wanted or Particulars(shown.name, shown.roles, shown.departments, shown.regions, shown.active)
    choices = choices_for(found.pop("departments"), wanted)
    own = shown.id == member_of(request).id
    return render(request, "member.html", status=422 if error else 200, title=f"账号 {shown.login}", wanted=wanted,
                  error=error, own=own, **found, **choices)  # fmt: skip


def _password_page(request: web.Request, login: str, password: str, what: str) -> web.Response:
    return render(request, "member_password.html", title=what, login=login, password=password)


async def _member(request: web.Request) -> Member:
    return await transact(request, lambda session: read_member(session, request.match_info["member"]))


async def _change(request: web.Request, work: Callable[[Session, Member], object]) -> None:
    await change(request, lambda session: work(session, read_member(session, request.match_info["member"])))


def _place(request: web.Request) -> str:
    return f"/staff/{request.match_info['member']}"


_MANAGE = needs(Permission.STAFF_MANAGE)
MODULE = Module(
    routes=(
        Route("GET", "/staff", show_list, _MANAGE),
        Route("GET", "/staff/roles", show_roles, _MANAGE),
        Route("GET", "/staff/new", show_new, _MANAGE),
        Route("POST", "/staff/new", take_new, _MANAGE),
        Route("GET", "/staff/{member}", show_member, _MANAGE),
        Route("POST", "/staff/{member}", take_particulars, _MANAGE),
        Route("POST", "/staff/{member}/password", give_new_password, _MANAGE),
        Route("POST", "/staff/{member}/unlock", end_waiting, _MANAGE),
        Route("POST", "/staff/{member}/second-factor-off", take_factor_away, _MANAGE),
        Route("POST", "/staff/{member}/sessions/end", end_their_sessions, _MANAGE),
        Route("POST", "/staff/{member}/sessions/{session}/end", end_their_session, _MANAGE),
    ),
    nav=(
        NavEntry("工作人员", "/staff", Permission.STAFF_MANAGE, "管理"),
        NavEntry("角色和权限", "/staff/roles", Permission.STAFF_MANAGE, "管理"),
    ),
    actions={
        "member_added": "新建账号",
        "member_changed": "修改账号",
        "member_activated": "启用账号",
        "member_deactivated": "停用账号",
        "member_unlocked": "解除锁定",
        "password_reset": "重置密码",
    },
    statuses={MemberNotFound: 404},
    tiles=count_members,
)
