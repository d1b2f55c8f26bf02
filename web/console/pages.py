"""Renders the console's pages: templates that escape everything, the frame with its navigation, and notices after a change."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote, unquote

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sqlalchemy.orm import Session

from language import name_of
from qinwen.clock import SHAANXI
from qinwen.vocabulary import FACET_TITLES, Facet
from staff import hold_log, may
from web.console.access import DATABASE, FORM_COOKIE, FORM_KEY, SETTINGS, VISIT, form_token_of, set_cookie
from web.console.modules import MODULES, NAV_GROUPS, NavEntry

T = TypeVar("T")
_NOTICE_COOKIE = "qinwen_staff_notice"
_LONGEST_NOTICE = 200
_TEMPLATES = Path(__file__).parents[1] / "templates" / "staff"


def _moment(at: datetime | None) -> str:
    return at.astimezone(SHAANXI).strftime("%Y-%m-%d %H:%M") if at else "—"


def _second(at: datetime) -> str:
    return at.astimezone(SHAANXI).strftime("%Y-%m-%d %H:%M:%S")


def _written(text: str) -> str:
    """Show the ledger's own way to write a moment."""
    return _second(datetime.fromisoformat(text))


def _clock(at: datetime | str) -> str:
    moment = datetime.fromisoformat(at) if isinstance(at, str) else at
    return moment.astimezone(SHAANXI).strftime("%H:%M")


def make_environment() -> Environment:
    """Set the templates up: everything is escaped, an unknown name is an error and not a gap."""
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters.update(
        moment=_moment,
        second=_second,
        iso_second=_written,
        clock=_clock,
        region_name=lambda code: name_of(code) or code,
        facet_title=lambda code: FACET_TITLES[Facet(code)],
    )
    return environment


_environment = make_environment()


async def transact(request: web.Request, work: Callable[[Session], T]) -> T:
    """Run some work in a transaction of its own, off the event loop; commits at the end, rolls back on an exception."""

    def run() -> T:
        with request.app[DATABASE].session() as session:
            return work(session)

    return await asyncio.to_thread(run)


async def change(request: web.Request, work: Callable[[Session], T]) -> T:
    """Run a change that is audited: like `transact`, with the log held from the start, so that no two changes block."""

    def held(session: Session) -> T:
        hold_log(session)
        return work(session)

    return await transact(request, held)


def render(request: web.Request, template: str, *, status: int = 200, **context: Any) -> web.Response:
    """Render a template of `web/templates/staff` into a page.

    Templates see `member`, `can(permission)`, `nav`, `path`, `csrf_token` and `notice` besides what they are given.
    """
    visit = request.get(VISIT)
    ready = visit is not None and not visit.waits_for_code and not visit.member.must_change_password
    member = visit.member if visit else None
    shown = _environment.get_template(template).render(
        **{
            "member": member,
            "ready": ready,
            "can": lambda permission, **scope: member is not None and may(member, permission, **scope),
            "nav": navigation(request) if ready else [],
            "path": request.path,
            "csrf_token": form_token_of(request),
            "notice": unquote(request.cookies.get(_NOTICE_COOKIE, "")),
            **context,
        }
    )
    response = web.Response(text=shown, content_type="text/html", status=status, headers={"Cache-Control": "no-store"})
    if visit is None and request.cookies.get(FORM_COOKIE) != request[FORM_KEY]:
        set_cookie(response, request.app, FORM_COOKIE, request[FORM_KEY])
    if _NOTICE_COOKIE in request.cookies:
        secure = request.app[SETTINGS].staff_https
        response.del_cookie(_NOTICE_COOKIE, path="/", httponly=True, samesite="Strict", secure=secure)
    return response


def redirect(request: web.Request, location: str, notice: str = "") -> web.Response:
    """Send the browser to a page after a change, where the notice is shown once."""
    response = web.Response(status=303, headers={"Location": location, "Cache-Control": "no-store"})
    if notice:
        set_cookie(response, request.app, _NOTICE_COOKIE, quote(notice[:_LONGEST_NOTICE]))
    return response


def navigation(request: web.Request) -> list[tuple[str, list[tuple[NavEntry, bool]]]]:
    """Give the groups of the navigation with the entries that the member may use, and whether each is where they are."""
    member = request[VISIT].member
    entries = [
        entry
        for module in request.app[MODULES]
        for entry in module.nav
        if entry.permission is None or may(member, entry.permission)
    ]
    here = max((e.path for e in entries if _is_under(request.path, e.path)), key=len, default="")
    groups = [(group, [(e, e.path == here) for e in entries if e.group == group]) for group in NAV_GROUPS]
    return [(group, shown) for group, shown in groups if shown]


def _is_under(path: str, place: str) -> bool:
    return path == place or (place != "/" and path.startswith(f"{place}/"))
