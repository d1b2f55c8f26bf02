"""The freshness radar's pages: what was found, who sees to it until when, closing with a reason, a run on demand."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from aiohttp import web
from sqlalchemy.orm import Session

from knowledge_base import EntryInvalid, read_entry
from knowledge_base.radar import (
    FINDING_ACTS,
    FINDING_STATES,
    KIND_TITLES,
    FindingFilter,
    ListedFinding,
    assign,
    begin_run,
    close_finding,
    count_findings,
    events_of_finding,
    latest_runs,
    list_findings,
    read_finding,
    reopen,
    run_radar,
)
from qinwen.clock import now, today
from qinwen.log import logger
from staff import Member, MemberFilter, Permission, hold_log, list_members, may, record
from web.console.access import allow, member_of
from web.console.forms import page_of, text_of
from web.console.knowledge.audit import radar_done
from web.console.knowledge.entries import entry_path
from web.console.knowledge.room import KnowledgeRoom
from web.console.modules import Tile
from web.console.pages import change, redirect, render, transact

log = logger(__name__)
_SIZE = 50


class RadarPages:
    """The handlers, with the room they work with."""

    def __init__(self, room: KnowledgeRoom) -> None:
        self._room = room
        self._runs: set[asyncio.Task[None]] = set()

    async def show(self, request: web.Request) -> web.Response:
        """Show findings, the most urgent first: `GET /knowledge/radar?state=&kind=&owner=&q=&over=&page=`."""
        query, member, page = request.query, member_of(request), page_of(request)
        state = query.get("state", "open")
        wanted = FindingFilter(
            state=state if state in {*FINDING_STATES, ""} else "open",
            kind=query.get("kind", "") if query.get("kind") in KIND_TITLES else "",
            owner={"me": member.login, "nobody": "-"}.get(query.get("owner", ""), ""),
            words=text_of(query, "q"),
            over_on=today() if query.get("over") == "yes" else None,
            departments=member.departments,
            regions=member.regions,
        )

        def read(session: Session) -> dict[str, Any]:
            return {
                "findings": list_findings(session, wanted, page=page, size=_SIZE),
                "total": count_findings(session, wanted),
                "runs": latest_runs(session, 1),
            }

        found = await transact(request, read)
        pages = max(1, -(-found["total"] // _SIZE))
        shown = {"query": query, "wanted": wanted, "kinds": KIND_TITLES, "states": FINDING_STATES, "page": page, "pages": pages}
        return render(request, "knowledge/radar.html", title="保鲜雷达", today=today(), entry_path=entry_path,
                      finding_path=finding_path, **shown, **found)  # fmt: skip

    async def start(self, request: web.Request) -> web.Response:
        """Look through everything now; the page goes on by itself."""
        actor, at = member_of(request).login, now()
        name = f"hand {at.isoformat(timespec='microseconds')}"

        def begin(session: Session) -> None:
            begin_run(session, name, actor, at)
            record(session, actor, "radar_started", "radar:knowledge")

        await change(request, begin)
        task = asyncio.create_task(self._run(name, actor))
        self._runs.add(task)
        task.add_done_callback(self._runs.discard)
        return redirect(request, "/knowledge/radar", "正在检查，几秒到几分钟后这里会有结果。")

    async def _run(self, name: str, actor: str) -> None:
        try:
            await asyncio.to_thread(run_radar, self._room.database, name, hold=hold_log, after=radar_done(actor))
        except Exception:
            log.exception("radar_run_failed", run=name)


async def show_run(request: web.Request) -> web.Response:
    """Show how the last run stands; when it has ended, htmx loads the page again."""
    runs = await transact(request, lambda session: latest_runs(session, 1))
    response = render(request, "knowledge/radar_run.html", runs=runs)
    if runs and runs[0].finished_at is not None:
        response.headers["HX-Refresh"] = "true"
    return response


async def show_finding(request: web.Request) -> web.Response:
    """Show one finding with its history: `GET /knowledge/radar/finding?key=`."""
    key = text_of(request.query, "key")

    def read(session: Session) -> dict[str, Any]:
        finding = read_finding(session, key)
        other = read_entry(session, finding.other, now()) if finding.other else None
        people = [one.member for one in list_members(session, MemberFilter(active=True)).members]
        return {"finding": finding, "events": events_of_finding(session, key), "other": other, "people": people}

    found = await transact(request, read)
    finding = found["finding"]
    editors = [one for one in found["people"] if _may(one, finding)]
    shown: dict[str, Any] = {
        "kinds": KIND_TITLES,
        "states": FINDING_STATES,
        "acts": FINDING_ACTS,
        "editors": editors,
        "today": today(),
    }
    return render(request, "knowledge/finding.html", title="雷达发现", entry_path=entry_path, finding_path=finding_path,
                  may_edit=_may(member_of(request), finding), **shown, **found)  # fmt: skip


async def close(request: web.Request) -> web.Response:
    """Close a finding with a reason."""

    def end(session: Session, key: str, actor: str, form: Any, at: datetime) -> None:
        close_finding(session, key, actor, text_of(form, "why"), at)

    return await _change(request, "finding_closed", "已关闭。", end)


async def open_again(request: web.Request) -> web.Response:
    """Open a finding again that was closed."""

    def begin(session: Session, key: str, actor: str, form: Any, at: datetime) -> None:
        del form
        reopen(session, key, actor, at)

    return await _change(request, "finding_reopened", "已重新打开。", begin)


async def give_owner(request: web.Request) -> web.Response:
    """Give a finding an owner."""

    def give(session: Session, key: str, actor: str, form: Any, at: datetime) -> None:
        owner, finding = text_of(form, "owner"), read_finding(session, key)
        known = [one.member for one in list_members(session, MemberFilter(active=True)).members]
        if owner and not any(one.login == owner and _may(one, finding) for one in known):
            raise EntryInvalid("这位同事不能处理这一条，请另选。")
        assign(session, key, actor, owner, at)

    return await _change(request, "finding_assigned", "已指定负责人。", give)


async def _change(request: web.Request, action: str, words: str, work: Any) -> web.Response:
    form, actor = await request.post(), member_of(request).login
    key = text_of(form, "key")

    def do(session: Session) -> None:
        finding = read_finding(session, key)
        allow(request, Permission.KNOWLEDGE_EDIT, department=finding.department or None, region=finding.region)
        work(session, key, actor, form, now())
        record(session, actor, action, f"entry:{finding.entry}", {"kind": finding.kind})

    await change(request, do)
    return redirect(request, finding_path(key), words)


def count_open(session: Session, member: Member) -> list[Tile]:
    """Count what is open, for the start page of who edits."""
    if not may(member, Permission.KNOWLEDGE_EDIT):
        return []
    wanted = FindingFilter(departments=member.departments, regions=member.regions)
    over = FindingFilter(over_on=today(), departments=member.departments, regions=member.regions)
    about = f"其中 {count_findings(session, over)} 条过了期限"
    return [Tile("雷达待处理", str(count_findings(session, wanted)), about, "/knowledge/radar")]


def finding_path(key: str) -> str:
    """Give the address of a finding's page; keys hold entries' ids."""
    return f"/knowledge/radar/finding?{urlencode({'key': key})}"


def _may(member: Member, finding: ListedFinding) -> bool:
    return may(member, Permission.KNOWLEDGE_EDIT, department=finding.department or None, region=finding.region)
