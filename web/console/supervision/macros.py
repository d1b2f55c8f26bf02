"""Ready-made texts of the desks, with variables."""

from __future__ import annotations

from typing import Any

from aiohttp import web
from sqlalchemy.orm import Session

from desk import VARIABLES, DeskRefused, Macro, delete_macro, fill_in, list_macros, save_macro
from qinwen.clock import now
from staff import record
from web.console.access import member_of
from web.console.forms import page_of, text_of
from web.console.pages import change, redirect, render, transact
from web.console.supervision.scope import supervised_desk, supervised_desks

_SIZE = 20
_EXAMPLE = {"服务台": "西安市公安服务台", "事项": "居民身份证补领", "地区": "雁塔区", "坐席": "小秦", "下次上班": "明天 9:00"}


async def show_macros(request: web.Request) -> web.Response:
    """List the macros of all desks and of a supervisor's: `GET /supervise/macros?q=&desk=&page=&edit=`."""
    return await _page(request)


async def _page(request: web.Request, error: DeskRefused | None = None, typed: dict[str, str] | None = None) -> web.Response:
    query, member = request.query, member_of(request)
    words, chosen, number = text_of(query, "q")[:40], text_of(query, "desk"), page_of(request)

    def read(session: Session) -> tuple[list[Any], list[Macro]]:
        mine = supervised_desks(session, member)
        return mine, list_macros(session, [desk.code for desk in mine])

    mine, macros = await transact(request, read)
    fitting = [
        one
        for one in macros
        if words in one.title + one.text and (not chosen or one.desk == (None if chosen == "all" else chosen))
    ]
    edited = next((one for one in macros if str(one.id) == query.get("edit")), None)
    fields = typed or {
        "id": str(edited.id) if edited else "",
        "desk": (edited.desk or "") if edited else "",
        "title": edited.title if edited else "",
        "text": edited.text if edited else "",
    }
    return render(
        request, "supervision/macros.html", status=422 if error else 200, title="常用语", error=error, fields=fields,
        macros=fitting[(number - 1) * _SIZE : number * _SIZE], number=number, pages=max(1, -(-len(fitting) // _SIZE)),
        total=len(fitting), desks=mine, titles={desk.code: desk.name for desk in mine}, words=words, chosen=chosen,
        variables=VARIABLES, filled=lambda text: fill_in(text, _EXAMPLE), for_all=not (member.departments or member.regions),
    )  # fmt: skip


async def take_macro(request: web.Request) -> web.Response:
    """Write a macro, new or changed: `POST` `id=&desk=&title=&text=`."""
    form, member = await request.post(), member_of(request)
    fields = {name: text_of(form, name) for name in ("id", "desk", "title", "text")}

    def write(session: Session) -> None:
        number = int(fields["id"]) if fields["id"].isdigit() and len(fields["id"]) < 16 else None  # noqa: PLR2004
        if number is not None:
            _require_own(session, request, number)
        if fields["desk"]:
            supervised_desk(session, member, fields["desk"])
        elif member.departments or member.regions:
            raise DeskRefused("各服务台通用的常用语，由不限部门和地区的班长写。请选一个服务台。")
        saved = save_macro(
            session, fields["title"], fields["text"], member.login, now(), desk=fields["desk"] or None, number=number
        )
        record(session, member.login, "desk_macro_saved", f"macro:{saved.id}", {"desk": fields["desk"]})

    try:
        await change(request, write)
    except DeskRefused as error:
        return await _page(request, error, fields)
    return redirect(request, "/supervise/macros", "已保存。")


async def drop_macro(request: web.Request) -> web.Response:
    """Delete a macro."""
    text = request.match_info["macro"]
    if not (text.isascii() and text.isdigit() and len(text) < 16):  # noqa: PLR2004
        raise web.HTTPNotFound

    def drop(session: Session) -> None:
        _require_own(session, request, int(text))
        delete_macro(session, int(text))
        record(session, member_of(request).login, "desk_macro_deleted", f"macro:{int(text)}")

    await change(request, drop)
    return redirect(request, "/supervise/macros", "已删除。")


def _require_own(session: Session, request: web.Request, number: int) -> None:
    member = member_of(request)
    mine = list_macros(session, [desk.code for desk in supervised_desks(session, member)])
    found = next((one for one in mine if one.id == number), None)
    if found is None or (found.desk is None and (member.departments or member.regions)):
        raise DeskRefused("没有这条常用语，或者它不归您管。")
