"""Settings of the desks: department, region, hours, limits, items, overflow; and who works at them."""

from __future__ import annotations

from typing import Any

from aiohttp import web
from sqlalchemy.orm import Session

from desk import (
    Desk,
    DeskRefused,
    DeskUnknown,
    Staffing,
    find_staffing,
    hours_from_json,
    known_departments,
    list_desks,
    read_desk,
    save_desk,
    staff_desk,
    unstaff_desk,
)
from knowledge_base import all_item_titles
from language import RegionLevel, all_regions
from qinwen.clock import today
from qinwen.working_days import last_known_day
from staff import MemberFilter, Permission, Role, list_members, read_members, record
from web.console.access import member_of
from web.console.forms import page_of, text_of
from web.console.pages import change, redirect, render, transact
from web.console.supervision.desk_form import TIMES, WEEKDAYS, fields_of, read_fields, to_desk
from web.console.supervision.scope import is_supervised, people, supervised_desk, supervised_desks

_USUAL = Desk("", "", "610000", hours_from_json({"week": [["09:00-12:00", "13:00-17:30"]] * 5 + [[], []]}))
_MOST_AGENTS = 500
_SIZE, _LONGEST_WORDS = 30, 40


async def show_desks(request: web.Request) -> web.Response:
    """List a supervisor's desks: `GET /supervise/desks?q=&page=`."""
    words, number = text_of(request.query, "q")[:_LONGEST_WORDS], page_of(request)

    def read(session: Session) -> dict[str, Any]:
        every = supervised_desks(session, member_of(request))
        fitting = [desk for desk in every if words in f"{desk.name} {desk.code} {desk.department or '综合'}"]
        mine = fitting[(number - 1) * _SIZE : number * _SIZE]
        counts: dict[str, int] = {}
        titles = {desk.code: desk.name for desk in list_desks(session)}
        for one in find_staffing(session, [desk.code for desk in mine]):
            counts[one.desk] = counts.get(one.desk, 0) + 1
        return {
            "desks": mine,
            "counts": counts,
            "total": len(fitting),
            "titles": titles,
        }

    found = await transact(request, read)
    known = last_known_day()
    late = (known - today()).days < 0 or (known.year == today().year and today().month >= 12)  # noqa: PLR2004
    pages = max(1, -(-found["total"] // _SIZE))
    return render(
        request, "supervision/desks.html", title="服务台设置", known=known, late=late, words=words, number=number, pages=pages,
        **found,
    )  # fmt: skip


async def show_new(request: web.Request) -> web.Response:
    """Show the form for a new desk."""
    return await _form_page(request, None, fields_of(_USUAL))


async def take_new(request: web.Request) -> web.Response:
    """Make a desk."""
    return await _save(request, None)


async def show_desk(request: web.Request) -> web.Response:
    """Show a desk's settings and who works there."""
    code, member = request.match_info["desk"], member_of(request)
    desk = await transact(request, lambda session: supervised_desk(session, member, code))
    return await _form_page(request, code, fields_of(desk))


async def take_desk(request: web.Request) -> web.Response:
    """Change a desk's settings."""
    return await _save(request, request.match_info["desk"])


async def _save(request: web.Request, code: str | None) -> web.Response:
    form, member = await request.post(), member_of(request)
    fields = read_fields(form, code)

    def write(session: Session) -> Desk:
        before = supervised_desk(session, member, code) if code else None
        desk = to_desk(fields, all_item_titles(session))
        if code is None and any(one.code == desk.code for one in list_desks(session)):
            raise DeskRefused(f"代码 {desk.code} 已经有服务台用了。")
        if not is_supervised(member, desk):
            raise DeskRefused("部门和地区要在您的管辖范围里。")
        if desk.parent and desk.parent != (before.parent if before else None):
            read_desk(session, desk.parent)
        save_desk(session, desk)
        changed = [name for name, value in vars(desk).items() if before is None or getattr(before, name) != value]
        record(session, member.login, "desk_changed" if code else "desk_added", f"desk:{desk.code}", {"fields": changed})
        return desk

    try:
        desk = await change(request, write)
    except (DeskRefused, DeskUnknown) as error:
        if code is not None and isinstance(error, DeskUnknown) and error.message == "没有这个服务台。":
            raise
        return await _form_page(request, code, fields, error)
    return redirect(request, f"/supervise/desks/{desk.code}", "已保存，马上生效。")


async def _form_page(
    request: web.Request, code: str | None, fields: dict[str, Any], error: DeskRefused | DeskUnknown | None = None
) -> web.Response:
    member = member_of(request)

    def read(session: Session) -> dict[str, Any]:
        staffing = find_staffing(session, [code]) if code else []
        placed = {one.agent for one in staffing}
        agents = list_members(session, MemberFilter(role=Role.AGENT, active=True), size=_MOST_AGENTS).members
        return {
            "staffing": staffing,
            "names": people(session, placed),
            "free": [one.member for one in agents if one.member.id not in placed],
            "parents": [desk for desk in list_desks(session) if desk.code != code],
            "items": all_item_titles(session),
        }

    found = await transact(request, read)
    regions = all_regions()
    departments = {
        name: title for name, title in known_departments().items() if not member.departments or name in member.departments
    }
    return render(
        request,
        "supervision/desk.html",
        status=422 if error else 200,
        title=fields["name"] or "新服务台",
        code=code,
        fields=fields,
        error=error,
        weekdays=WEEKDAYS,
        times=TIMES,
        departments=departments,
        every_department=not member.departments,
        cities=[(one, [r for r in regions if r.parent == one.code]) for one in regions if one.level is not RegionLevel.COUNTY],
        **found,
    )  # fmt: skip


async def put_agent(request: web.Request) -> web.Response:
    """Put an agent at a desk, or change how many they take at once there: `POST` `agent=&capacity=`."""
    form, member, code = await request.post(), member_of(request), request.match_info["desk"]
    agent, text = text_of(form, "agent"), text_of(form, "capacity")

    def put(session: Session) -> None:
        supervised_desk(session, member, code)
        login = _require_agent(session, agent, find_staffing(session, [code], agent))
        if text and not (text.isascii() and text.isdigit()):
            raise DeskRefused("同时接待的人数要写数字，不写就按服务台的。")
        staff_desk(session, code, agent, int(text[:6]) if text else None)
        record(session, member.login, "desk_agent_added", f"desk:{code}", {"agent": login, "capacity": text})

    await change(request, put)
    return redirect(request, f"/supervise/desks/{code}#agents", "已保存。")


async def take_agent_away(request: web.Request) -> web.Response:
    """Take an agent from a desk; what they hold stays theirs."""
    member, code, agent = member_of(request), request.match_info["desk"], request.match_info["agent"]

    def take(session: Session) -> None:
        supervised_desk(session, member, code)
        unstaff_desk(session, code, agent)
        record(session, member.login, "desk_agent_removed", f"desk:{code}", {"agent": agent})

    await change(request, take)
    return redirect(request, f"/supervise/desks/{code}#agents", "已移出。手上的会话还在这位坐席那里。")


def _require_agent(session: Session, agent: str, already: list[Staffing]) -> str:
    """Give the login of who is to work at a desk: an active account with the role, or one that is there already."""
    found = read_members(session, [agent])
    if not found or not (already or (found[0].active and Permission.DESK_SERVE in found[0].permissions)):
        raise DeskRefused("请选一个在用的、有「坐席」角色的账号。")
    return found[0].login
