"""The pages of gaps (问题缺口): the list, a gap with its wordings and its nearest entry, and the two clicks to a draft."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from aiohttp import web
from sqlalchemy.orm import Session

from knowledge_base import EntryInvalid, known_departments, read_entry
from knowledge_base.gaps import (
    GAP_STATES,
    REASON_TITLES,
    GapFilter,
    GapNotFound,
    GapState,
    ListedGap,
    count_open_gaps,
    draft_faq,
    draft_wordings,
    ignore_gap,
    last_run,
    list_gaps,
    read_gap,
    reopen_gap,
)
from qinwen.clock import now
from qinwen.vocabulary import FACET_TITLES, Facet
from staff import Member, Permission, may, record
from web.console.access import allow, member_of
from web.console.forms import page_of, text_of
from web.console.knowledge.entries import entry_path, required, scoped
from web.console.modules import Module, NavEntry, Route, Tile, needs
from web.console.pages import change, redirect, render, transact
from web.gap_job import GapKeeper

_READ, _HANDLE = needs(Permission.GAPS_READ), needs(Permission.GAPS_HANDLE)
_ALL = "all"


class GapPages:
    """The handlers, with the job that collects."""

    def __init__(self, keeper: GapKeeper) -> None:
        self._keeper = keeper

    async def show_list(self, request: web.Request) -> web.Response:
        """Show the gaps: `GET /gaps?q=&state=&reason=&department=&page=`."""
        query, member, page = request.query, member_of(request), page_of(request)
        chosen = query.get("state", GapState.OPEN.value)
        wanted = GapFilter(
            words=text_of(query, "q"),
            state=None if chosen == _ALL else next((s for s in GapState if s.value == chosen), GapState.OPEN),
            reason=next((reason for reason in REASON_TITLES if reason == query.get("reason")), None),
            department=text_of(query, "department"),
            departments=member.departments,
            regions=member.regions,
        )

        def read(session: Session) -> dict[str, Any]:
            return {
                "page": list_gaps(session, wanted, page),
                "run": last_run(session, now()),
                "departments": known_departments(session),
            }

        found = await transact(request, read)
        kept = {name: query[name] for name in ("q", "state", "reason", "department") if query.get(name)}
        return render(
            request,
            "gaps/list.html",
            title="没答好的问题",
            wanted=wanted,
            number=page,
            address=f"/gaps?{urlencode(kept)}&" if kept else "/gaps?",
            filtered=bool(kept),
            states=GAP_STATES,
            reasons=REASON_TITLES,
            entry_path=entry_path,
            **found,
        )

    async def show(self, request: web.Request) -> web.Response:
        """Show one gap."""
        return await self._page(request)

    async def begin_faq(self, request: web.Request) -> web.Response:
        """Begin a new FAQ with the gap's wordings, and open it."""
        number, actor = number_of(request), member_of(request)

        def begin(session: Session) -> str:
            gap = _scoped(request, session, number)
            allow(request, Permission.KNOWLEDGE_EDIT, department=gap.department or None, region=gap.region or None)
            entry = draft_faq(session, number, actor.login, now())
            record(session, actor.login, "gap_drafted", f"gap:{number}", {"entry": entry})
            return entry

        entry = await change(request, begin)
        return redirect(request, entry_path(entry, "edit"), "已用市民的问法起草一条问答，写上答案再提交审核。")

    async def add_wordings(self, request: web.Request) -> web.Response:
        """Put the chosen wordings into an entry's draft, and open it."""
        form, number, actor = await request.post(), number_of(request), member_of(request)
        entry_id, chosen = text_of(form, "entry"), [str(one) for one in form.getall("wording", ())]
        facet = _facet(form)

        def add(session: Session) -> None:
            _scoped(request, session, number)
            scoped(request, Permission.KNOWLEDGE_EDIT, required(session, entry_id))
            draft_wordings(session, number, entry_id, facet, chosen, actor.login, now())
            record(session, actor.login, "gap_drafted", f"gap:{number}", {"entry": entry_id})

        try:
            await change(request, add)
        except EntryInvalid as error:
            return await self._page(request, error)
        return redirect(request, entry_path(entry_id, "edit"), "问法已写进草稿，提交审核后生效。")

    async def put_aside(self, request: web.Request) -> web.Response:
        """Put the gap aside."""
        number, actor = number_of(request), member_of(request)

        def put(session: Session) -> None:
            _scoped(request, session, number)
            ignore_gap(session, number, actor.login, now())
            record(session, actor.login, "gap_ignored", f"gap:{number}")

        await change(request, put)
        return redirect(request, "/gaps", "已标为不处理。")

    async def take_up(self, request: web.Request) -> web.Response:
        """Take the gap up again."""
        number, actor = number_of(request), member_of(request)

        def take(session: Session) -> None:
            _scoped(request, session, number)
            reopen_gap(session, number, actor.login, now())
            record(session, actor.login, "gap_reopened", f"gap:{number}")

        await change(request, take)
        return redirect(request, f"/gaps/{number}", "已重新打开。")

    async def ask_again(self, request: web.Request) -> web.Response:
        """Ask the gap's wordings again."""
        number, actor = number_of(request), member_of(request)

        def note(session: Session) -> None:
            _scoped(request, session, number)
            record(session, actor.login, "gap_rechecked", f"gap:{number}")

        await change(request, note)
        await asyncio.to_thread(self._keeper.recheck_one, number, now())
        return redirect(request, f"/gaps/{number}", "已再问一遍，结果在下面。")

    async def collect(self, request: web.Request) -> web.Response:
        """Collect gaps now."""
        actor = member_of(request)
        await change(request, lambda session: record(session, actor.login, "gaps_collected", "gaps"))
        self._keeper.start()
        return redirect(request, "/gaps", "正在整理，一般要一两分钟，刷新本页看结果。")

    async def _page(self, request: web.Request, error: EntryInvalid | None = None) -> web.Response:
        number = number_of(request)

        def read(session: Session) -> dict[str, Any]:
            gap = read_gap(session, number)
            entries = {name: read_entry(session, name, now()) for name in (gap.nearest, gap.entry) if name}
            return {"gap": gap, "entries": entries}

        found = await transact(request, read)
        gap: ListedGap = found["gap"]
        place = {"department": gap.department or None, "region": gap.region or None}
        allow(request, Permission.GAPS_READ, **place)
        member = member_of(request)
        return render(
            request,
            "gaps/gap.html",
            status=422 if error else 200,
            title=f"没答好的问题：{gap.title}",
            error=error,
            states=GAP_STATES,
            reasons=REASON_TITLES,
            facets=FACET_TITLES,
            entry_path=entry_path,
            may_handle=may(member, Permission.GAPS_HANDLE, **place),
            may_edit=may(member, Permission.KNOWLEDGE_EDIT, **place),
            **found,
        )


def make_gap_module(keeper: GapKeeper) -> Module:
    """Give the pages of gaps, for `make_staff_app`."""
    pages = GapPages(keeper)
    return Module(
        routes=(
            Route("GET", "/gaps", pages.show_list, _READ),
            Route("POST", "/gaps/collect", pages.collect, _HANDLE),
            Route("GET", r"/gaps/{gap:\d{1,9}}", pages.show, _READ),
            Route("POST", r"/gaps/{gap:\d{1,9}}/faq", pages.begin_faq, _HANDLE),
            Route("POST", r"/gaps/{gap:\d{1,9}}/wordings", pages.add_wordings, _HANDLE),
            Route("POST", r"/gaps/{gap:\d{1,9}}/ignore", pages.put_aside, _HANDLE),
            Route("POST", r"/gaps/{gap:\d{1,9}}/reopen", pages.take_up, _HANDLE),
            Route("POST", r"/gaps/{gap:\d{1,9}}/recheck", pages.ask_again, _HANDLE),
        ),
        nav=(NavEntry("没答好的问题", "/gaps", Permission.GAPS_READ, "知识"),),
        actions={
            "gap_drafted": "为没答好的问题起草",
            "gap_ignored": "没答好的问题不处理",
            "gap_reopened": "重新打开没答好的问题",
            "gap_rechecked": "没答好的问题再问一遍",
            "gaps_collected": "整理没答好的问题",
        },
        statuses={GapNotFound: 404},
        tiles=count_waiting_gaps,
    )


def count_waiting_gaps(session: Session, member: Member) -> list[Tile]:
    """Give the figure for the start page."""
    if not may(member, Permission.GAPS_READ):
        return []
    count = count_open_gaps(session, member.departments, member.regions)
    return [Tile("没答好的问题", str(count), "等人处理的，问的人多的在前面", "/gaps")]


def number_of(request: web.Request) -> int:
    """Give the gap's number in the address."""
    return int(request.match_info["gap"])


def _scoped(request: web.Request, session: Session, number: int) -> ListedGap:
    gap = read_gap(session, number)
    allow(request, Permission.GAPS_HANDLE, department=gap.department or None, region=gap.region or None)
    return gap


def _facet(form: Mapping[str, Any]) -> Facet | None:
    """Read the facet; what is none counts as not chosen."""
    return next((facet for facet in Facet if facet.value == text_of(form, "facet")), None)
