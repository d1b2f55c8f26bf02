"""Reviewing a draft: what it changes, what the replay found, comments, sending back, approving."""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import web
from sqlalchemy.orm import Session

from knowledge_base import (
    ACT_TITLES,
    KIND_TITLES,
    Draft,
    EntryIncomplete,
    EntryInvalid,
    EntryNotFound,
    ImpactUnexplained,
    ListedEntry,
    approve,
    comment,
    content_of,
    draft_differences,
    events_of,
    latest_run,
    newly_missing,
    problems,
    read_draft,
    return_draft,
)
from qinwen.clock import now
from qinwen.errors import QinwenError
from staff import Permission, may, record
from web.console.access import member_of
from web.console.forms import text_of
from web.console.knowledge.editing import draft_of, revision_of
from web.console.knowledge.entries import KINDS, entry_path, readable, required, scoped
from web.console.knowledge.room import KnowledgeRoom
from web.console.pages import change, redirect, render, transact


class ReviewPages:
    """The handlers, with the room they work with."""

    def __init__(self, room: KnowledgeRoom) -> None:
        self._room = room

    async def show(self, request: web.Request) -> web.Response:
        """Show the review of a draft."""
        return await self._page(request)

    async def start_replay(self, request: web.Request) -> web.Response:
        """Start the replay of the draft."""
        entry, draft = await transact(request, lambda session: draft_of(session, request.match_info["entry"]))
        _require_part(request, entry)
        content_of(draft)
        await asyncio.to_thread(self._room.start_replay, draft)
        return redirect(request, entry_path(entry.id, "review") + "#impact")

    async def show_impact(self, request: web.Request) -> web.Response:
        """Show how far the replay is, or what it found: a fragment that asks again by itself."""
        entry_id = request.match_info["entry"]
        found = await transact(request, lambda session: self._impact(session, draft_of(session, entry_id)[1]))
        return render(request, "knowledge/impact.html", kind_titles=KIND_TITLES, entry_path=entry_path, **found)

    async def add_comment(self, request: web.Request) -> web.Response:
        """Write a comment."""
        form, entry_id, actor = await request.post(), request.match_info["entry"], member_of(request)

        def add(session: Session) -> None:
            entry = required(session, entry_id)
            _require_part(request, entry)
            comment(session, entry_id, actor.login, text_of(form, "words"), now())
            record(session, actor.login, "draft_commented", f"entry:{entry_id}")

        await change(request, add)
        return redirect(request, entry_path(entry_id, "review") + "#comments", "评论已写上。")

    async def send_back(self, request: web.Request) -> web.Response:
        """Send the draft back."""
        form, entry_id, actor = await request.post(), request.match_info["entry"], member_of(request)

        def send(session: Session) -> None:
            scoped(request, Permission.KNOWLEDGE_APPROVE, required(session, entry_id))
            return_draft(session, entry_id, revision_of(form), actor.login, text_of(form, "words"), now())
            record(session, actor.login, "draft_returned", f"entry:{entry_id}")

        try:
            await change(request, send)
        except EntryInvalid as error:
            return await self._page(request, error)
        return redirect(request, entry_path(entry_id, "review"), "已退回。")

    async def approve(self, request: web.Request) -> web.Response:
        """Approve and publish."""
        form, entry_id, actor = await request.post(), request.match_info["entry"], member_of(request)
        draft = await transact(request, lambda session: read_draft(session, entry_id))
        if draft is None:
            raise EntryNotFound("这一条没有草稿：可能已经发布或放弃了。")
        content = content_of(draft)
        publisher = await asyncio.to_thread(self._room.publisher_for, content)

        def publish(session: Session) -> int:
            scoped(request, Permission.KNOWLEDGE_APPROVE, required(session, entry_id))
            reasons = {"why_worse": text_of(form, "why_worse"), "why_incomplete": text_of(form, "why_incomplete")}
            number = approve(session, entry_id, revision_of(form), actor.login, publisher, **reasons)
            detail = {"version": number, "override": sorted(name for name, words in reasons.items() if words)}
            record(session, actor.login, "entry_published", f"entry:{entry_id}", detail)
            return number

        try:
            number = await change(request, publish)
        except (EntryIncomplete, ImpactUnexplained) as error:
            return await self._page(request, error)
        words = "审核通过，到生效时间自动上线。" if draft.plan.valid_from else "审核通过，下一个问题就用它回答。"
        return redirect(request, entry_path(entry_id), f"第 {number} 版{words}")

    async def _page(self, request: web.Request, error: QinwenError | None = None) -> web.Response:
        entry_id = request.match_info["entry"]

        def read(session: Session) -> dict[str, Any]:
            entry, draft = draft_of(session, entry_id)
            wrong, _ = problems(draft)
            return {
                "entry": entry,
                "differences": readable(entry.kind, draft_differences(session, draft)),
                "events": events_of(session, entry_id),
                "wrong": wrong,
                "lacking": [] if wrong else newly_missing(session, draft, content_of(draft)),
                **self._impact(session, draft),
            }

        found = await transact(request, read)
        draft: Draft = found["draft"]
        member, entry = member_of(request), found["entry"]
        department = entry.department or None
        return render(
            request,
            "knowledge/review.html",
            status=422 if error else 200,
            title=f"审核：{entry.title or entry.id}",
            error=error,
            kinds=KINDS,
            acts=ACT_TITLES,
            kind_titles=KIND_TITLES,
            entry_path=entry_path,
            own=member.login in draft.contributors,
            may_edit=may(member, Permission.KNOWLEDGE_EDIT, department=department, region=entry.region),
            may_approve=may(member, Permission.KNOWLEDGE_APPROVE, department=department, region=entry.region),
            **found,
        )

    def _impact(self, session: Session, draft: Draft) -> dict[str, Any]:
        return {"draft": draft, "impact": latest_run(session, draft), "run": self._room.run_of(draft)}


def _require_part(request: web.Request, entry: ListedEntry) -> None:
    """Let those in who may edit or approve the entry."""
    if not may(member_of(request), Permission.KNOWLEDGE_APPROVE, department=entry.department or None, region=entry.region):
        scoped(request, Permission.KNOWLEDGE_EDIT, entry)
